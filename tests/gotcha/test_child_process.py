"""A process that is started again when it dies."""

from __future__ import annotations

import logging
import os
import threading

import pytest

from gotcha.child_process import HEALTHY_S, ChildProcess


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def died(child: ChildProcess, records: list[logging.LogRecord]) -> str:
    """What is logged once `child` is found dead."""
    before = len(records)
    for _ in range(600):
        child.keep_alive()
        if len(records) > before:
            return records[-1].getMessage()
        threading.Event().wait(0.05)
    pytest.fail("the process did not end")


def test_waits_grow_from_death_to_death_and_begin_anew_after_a_healthy_life(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The wait only ever grew: a worker that was killed once a week came back after a minute in the end."""
    clock = Clock()
    child = ChildProcess("the thing", os._exit, (3,), clock=clock)
    with caplog.at_level(logging.WARNING, logger="gotcha.child_process"):
        child.start()
        assert "status 3; starting it again in 1 s" in died(child, caplog.records)
        clock.now_s += 1.0
        child.keep_alive()
        assert "in 2 s" in died(child, caplog.records)
        clock.now_s += 2.0
        child.keep_alive()
        clock.now_s += HEALTHY_S
        assert "in 1 s" in died(child, caplog.records)
    child.stop()
