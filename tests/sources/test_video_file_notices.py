"""What a video file says of itself."""

from __future__ import annotations

import threading
from pathlib import Path

from pipeline.frame import SourceNotice
from sources.video_file import FileOptions, FileSource
from tests.sources.media import write_video


def test_it_says_what_it_holds_before_its_first_frame(tmp_path: Path) -> None:
    path = write_video(tmp_path / "street.mp4", frames=30, fps=10, keyframe_every=10)
    notices: list[SourceNotice] = []
    source = FileSource("street", FileOptions(path=path), sink=notices.append)
    next(iter(source.frames(threading.Event())))
    assert (notices[0].kind, notices[0].text) == ("connected", "street.mp4 holds h264 160x120 at 10 fps")
