"""What a run says when it ends."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import cast

import pytest
from rich.console import Console

from gotcha.cli.summary import exit_code, show_summary
from gotcha.config import parse_config
from gotcha.models import Models
from gotcha.run_summary import CameraSummary, RunSummary
from gotcha.runtime import Runtime
from jobs.outbox import Outbox
from tests import reports as samples


def shown(*, dead: int, restarts: int) -> str:
    camera = CameraSummary(
        name="gate",
        frames=100,
        detected=40,
        damaged=1,
        dropped=2,
        reports=3,
        restarts=restarts,
        failure=None,
        trouble=None,
    )
    summary = RunSummary(cameras=(camera,), waiting=0, dead=dead)
    assert exit_code(summary) == 0
    text = io.StringIO()
    show_summary(summary, Console(file=text, width=160))
    return text.getvalue()


def test_restarts_of_a_camera_are_shown() -> None:
    head, row = shown(dead=0, restarts=7).splitlines()
    assert head.split() == [
        *("camera", "frames", "detector", "runs", "dropped", "damaged", "reports", "restarts", "remark")
    ]
    assert row.split() == ["gate", "100", "40", "2", "1", "3", "7"]


@pytest.mark.parametrize(("dead", "said"), [(1, "1 report or event was"), (4, "4 reports and events were")])
def test_what_was_refused_for_good_is_not_passed_over(dead: int, said: str) -> None:
    """The summary counted what waits only, so that refused reports were lost without a word."""
    assert f"{said} refused" in shown(dead=dead, restarts=0)


def test_a_run_counts_what_lies_refused_in_its_outbox(tmp_path: Path) -> None:
    config = parse_config(f"state_dir: {tmp_path}", environment={})
    outbox = Outbox(tmp_path / "outbox.db")
    for name in ("a", "b"):
        outbox.offer(samples.camera_event(name))
        outbox.mark_dead((samples.hex_id(name), 1), "refused by a test")
    outbox.close()
    # Without cameras nothing is looked at: no model is needed.
    summary = Runtime(config, models=cast(Models, object())).run(threading.Event())
    assert summary == RunSummary(cameras=(), waiting=0, dead=2)
