"""The thread that tells people, beside a worker."""

from __future__ import annotations

from pathlib import Path

import pytest

from gotcha.notifying import notifying
from tests.gotcha.kept import kept
from tests.jobs.conftest import wait_for


def test_a_disk_that_is_full_at_the_start_is_not_the_end_of_notifications(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The thread ended with the outbox that it could not open, and nobody was told of anything again."""
    home = kept(tmp_path)
    outbox = home.config.state_dir / "outbox.db"
    outbox.mkdir(parents=True)
    with notifying(home.config, home.engine, "redis://127.0.0.1:1/0", every_s=0.05):
        wait_for(lambda: "cannot be opened" in caplog.text, what="the outbox being refused")
        outbox.rmdir()
        wait_for(outbox.is_file, what="the outbox being opened")
    home.engine.dispose()
