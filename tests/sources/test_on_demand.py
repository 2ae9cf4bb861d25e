"""Keyframes that are decoded when somebody looks at them."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import PictureError
from pipeline.geometry import Size
from sources.decode_mode import DecodeOptions
from sources.packet_decoder import OnDemandPicture
from sources.video_file import FileOptions, FileSource
from sources.video_picture import VideoPicture
from tests.sources.media import write_video


def test_keyframes_on_demand_wait_as_packets_until_somebody_looks(tmp_path: Path) -> None:
    path = write_video(tmp_path / "street.mp4", frames=40, fps=10, keyframe_every=10)
    plain, lazy = (
        FileSource(
            "street",
            FileOptions(
                path=path,
                decode=DecodeOptions(mode="keyframes", analysis_fps=None, on_demand=on_demand),
            ),
        )
        for on_demand in (False, True)
    )
    stop = threading.Event()
    pairs = list(zip(plain.frames(stop), lazy.frames(stop), strict=True))
    assert len(pairs) == 4
    # Looked at from behind: each keyframe decodes by itself, in whatever order.
    for eager, waiting in reversed(pairs):
        assert waiting.at_s == eager.at_s
        assert waiting.picture.size == eager.picture.size
        assert np.array_equal(waiting.picture.bgr(), eager.picture.bgr())
    assert not isinstance(pairs[0][1].picture, OnDemandPicture)
    assert all(isinstance(waiting.picture, OnDemandPicture) for _, waiting in pairs[1:])


def test_a_damaged_keyframe_on_demand_is_told_once_where_it_is_looked_at() -> None:
    tried: list[int] = []

    def opened() -> VideoPicture:
        tried.append(1)
        raise PictureError("a damaged h264 keyframe at 3.0 s")

    picture = OnDemandPicture(opened)
    for _ in range(2):
        with pytest.raises(PictureError, match="damaged"):
            picture.gray(Size(width=32, height=18))
    assert tried == [1]
