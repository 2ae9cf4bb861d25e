"""Clips of a camera that sends JPEGs."""

from __future__ import annotations

import pytest

from pipeline.picture import Image
from sources import jpeg_ring
from sources.clip_ring import ClipOptions
from sources.jpeg_ring import JpegRing
from sources.remux import encoded_mp4
from tests.sources.media import bar_image
from vision.encode import encode_jpeg


def test_vehicles_that_violate_together_share_one_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven parked cars violated in the first frame after the start: seven encodings of the same seconds."""
    encoded = []

    def counted(pictures: list[tuple[float, Image]]) -> bytes | None:
        encoded.append(1)
        return encoded_mp4(pictures)

    monkeypatch.setattr(jpeg_ring, "encoded_mp4", counted)
    ring = JpegRing(ClipOptions(keep_s=60.0))
    for index in range(40):
        ring.append(index * 0.2, encode_jpeg(bar_image(index)))
    clips = [ring.clip(1.0, 5.0) for _ in range(7)]
    assert len(encoded) == 1
    assert clips[0]
    assert set(clips) == {clips[0]}
    assert ring.clip(1.0, 6.0) not in clips
    assert len(encoded) == 2
