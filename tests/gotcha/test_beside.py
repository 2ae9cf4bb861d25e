"""Threads beside a program's own work: they outlast what goes wrong in a round, and end with their block."""

from __future__ import annotations

import logging
import threading

import pytest
import redis

from gotcha.beside import beside, outlasting
from pipeline.errors import StorageError
from tests.jobs.conftest import wait_for


def test_a_round_that_fails_is_told_of_and_the_next_one_comes(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("tests.beside")
    errors = [StorageError("the database is away"), redis.RedisError("no queue"), ValueError("a bug")]
    left = list(errors)
    ended = threading.Event()

    def work(stop: threading.Event) -> None:
        while not stop.wait(0.001):
            with outlasting(log, "the work waits: %s", "the work failed", level=logging.ERROR):
                if left:
                    raise left.pop(0)
        ended.set()

    with beside("test-work", work, patience_s=None):
        wait_for(lambda: not left and len(caplog.records) == 3, what="three rounds")
        assert "test-work" in {thread.name for thread in threading.enumerate()}
    assert ended.is_set()
    assert [(one.name, one.levelname, one.getMessage(), bool(one.exc_info)) for one in caplog.records] == [
        ("tests.beside", "ERROR", "the work waits: the database is away", False),
        ("tests.beside", "ERROR", "the work waits: no queue", False),
        ("tests.beside", "ERROR", "the work failed", True),
    ]


def test_a_thread_that_does_not_end_holds_its_block_up_no_longer_than_asked() -> None:
    go_on = threading.Event()

    def work(_stop: threading.Event) -> None:
        go_on.wait(30.0)

    with beside("test-hang", work, patience_s=0.05):
        pass
    (thread,) = (one for one in threading.enumerate() if one.name == "test-hang")
    go_on.set()
    thread.join(5.0)
    assert not thread.is_alive()
