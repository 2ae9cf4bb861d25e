"""The look at a stranger's video in a process of its own says the same, and survives what breaks it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import UploadRefusedError, UploadTooLargeError, UploadUnavailableError
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


def test_a_long_video_has_the_time_that_a_slow_disk_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four gigabytes that were no longer in memory were refused, as they were not read within a minute."""
    path = write_video(tmp_path / "street.mp4", frames=30)
    facts = probed(path, LIMITS)
    monkeypatch.setattr("sources.video_probe._WITHIN_S", 0.0)
    with pytest.raises(UploadRefusedError, match="could not be read within 0 s"):
        probed(path, LIMITS)
    monkeypatch.setattr("sources.video_probe._LEAST_BYTES_PER_S", path.stat().st_size / 60.0)
    assert probed(path, LIMITS) == facts


def test_a_machine_that_can_start_no_process_refuses_no_video(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_video(tmp_path / "street.mp4", frames=5)
    monkeypatch.setattr("sys.executable", str(tmp_path / "nothing"))
    with pytest.raises(UploadUnavailableError, match="cannot be looked at now"):
        probed(path, LIMITS)
