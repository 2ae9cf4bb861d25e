"""The look at a stranger's video in a process of its own says the same, and survives what breaks it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import UploadRefusedError, UploadTooLargeError
from sources.video_facts import VideoLimits, video_facts
from sources.video_probe import probed
from tests.sources.media import write_video

LIMITS = VideoLimits(length_s=60.0)


def test_it_says_what_the_look_in_this_process_says(tmp_path: Path) -> None:
    path = write_video(tmp_path / "street.mp4", frames=30)
    assert probed(path, LIMITS) == video_facts(path, LIMITS)
    with pytest.raises(UploadTooLargeError, match="at most 1 s are taken"):
        probed(path, VideoLimits(length_s=1.0))
    path.write_text("no video")
    with pytest.raises(UploadRefusedError, match="cannot be read as a video"):
        probed(path, LIMITS)


def test_a_reader_that_breaks_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is killed in the middle, as one that takes too much memory is."""
    breaking = tmp_path / "breaking"
    breaking.write_text("#!/bin/sh\nkill -SEGV $$\n")
    breaking.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(breaking))
    with pytest.raises(UploadRefusedError, match="it breaks its reader"):
        probed(write_video(tmp_path / "street.mp4", frames=5), LIMITS)
