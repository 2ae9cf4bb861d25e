"""What a video file says of itself."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import av
import pytest

from pipeline.frame import SourceNotice
from sources.video_file import FileOptions, FileSource
from tests.sources.media import write_video


def test_it_says_what_it_holds_before_its_first_frame(tmp_path: Path) -> None:
    path = write_video(tmp_path / "street.mp4", frames=30, fps=10, keyframe_every=10)
    notices: list[SourceNotice] = []
    source = FileSource("street", FileOptions(path=path), sink=notices.append)
    next(iter(source.frames(threading.Event())))
    assert (notices[0].kind, notices[0].text) == ("connected", "street.mp4 holds h264 160x120 at 10 fps")


@pytest.mark.parametrize(
    ("said", "begins"),
    [
        ("2026-05-01T00:00:00Z", datetime(2026, 5, 1, tzinfo=UTC)),
        # No clock: the recorder began to count when it got power.
        ("2000-01-01T00:03:10Z", None),
        ("1970-01-01T00:00:00Z", None),
        ("2099-05-01T00:00:00Z", None),
    ],
)
def test_it_says_by_whose_word_it_begins(tmp_path: Path, said: str, begins: datetime | None) -> None:
    plain = write_video(tmp_path / "plain.mkv", frames=30, fps=10, keyframe_every=10)
    path = tmp_path / "street.mkv"
    with av.open(str(plain)) as source, av.open(str(path), "w") as output:
        output.metadata["creation_time"] = said
        copy = output.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = copy
                output.mux(packet)
    os.utime(path, (1_777_000_000, 1_777_000_000))
    notices: list[SourceNotice] = []
    first = next(
        iter(FileSource("street", FileOptions(path=path), sink=notices.append).frames(threading.Event()))
    )
    assert first.taken_at == (begins or datetime.fromtimestamp(1_777_000_000, UTC))
    (text,) = (one.text for one in notices if "begins at" in one.text)
    assert ("own creation time" in text) is (begins is not None)
