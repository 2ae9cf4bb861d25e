"""Redis, the database or the program itself away in the middle of it: nothing is lost or doubled."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from pathlib import Path
from time import monotonic

import pytest
from redis import Redis

from jobs.dispatcher import Dispatcher
from jobs.embedded_redis import RedisService, open_redis
from jobs.outbox import Outbox, OutboxCounts
from jobs.queues import QueueName, open_queue
from storage.report_store import SqlReportStore
from tests.jobs.conftest import Workers, wait_for
from tests.jobs.rig import NOTHING, SlowStore, revisions, stored_ids
from tests.reports import final, temporary


def test_a_database_that_is_away_is_tried_again_with_growing_waits(
    outbox: Outbox, dispatcher: Dispatcher, workers: Workers, store: SqlReportStore
) -> None:
    flaky = SlowStore(store, away=2)
    workers.start(flaky)
    dispatcher.start()
    begun = monotonic()
    outbox.offer(final("a"))
    assert dispatcher.wait_until_stored(30)
    assert (flaky.calls, revisions(store, "a")) == (3, [2])
    assert monotonic() - begun >= 1


def test_a_round_of_retries_that_fails_begins_anew(
    outbox: Outbox,
    dispatcher: Dispatcher,
    workers: Workers,
    store: SqlReportStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("jobs.dispatcher.RETRY_INTERVALS_S", [1])
    monkeypatch.setattr("jobs.dispatcher.NEW_ROUND_S", 0.2)
    flaky = SlowStore(store, away=3)
    workers.start(flaky)
    dispatcher.start()
    outbox.offer(final("a"))
    assert dispatcher.wait_until_stored(30)
    assert (flaky.calls, revisions(store, "a"), outbox.counts()) == (4, [2], NOTHING)


@pytest.mark.parametrize("away_s", [1.0, pytest.param(60.0, marks=pytest.mark.slow)])
def test_redis_away_while_reports_are_made_and_back_empty(
    away_s: float, tmp_path: Path, outbox: Outbox, store: SqlReportStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    first = open_redis(None, tmp_path)
    stop = Workers(first.url)
    dispatcher = Dispatcher(outbox, first.connect())
    stop.start(store)
    dispatcher.start()
    outbox.offer(temporary("before"))
    assert dispatcher.wait_until_stored(20)
    first.close()
    for number in range(20):
        outbox.offer(temporary(number))
        outbox.offer(final(number))
    threading.Event().wait(away_s)
    assert outbox.counts().pending == 40
    assert "reports wait on disk" in caplog.text
    for file in (tmp_path / "redis").glob("*.aof"):
        file.unlink()
    with open_redis(None, tmp_path) as second:
        assert second.url == first.url
        assert dispatcher.wait_until_stored(40)
        assert len(stored_ids(store)) == 21
        assert all(revisions(store, number) == [1, 2] for number in range(20))
        dispatcher.stop()
        assert dispatcher.join(10)
        stop.stop()


def test_redis_loses_everything_that_was_queued(
    outbox: Outbox, dispatcher: Dispatcher, workers: Workers, store: SqlReportStore, client: Redis
) -> None:
    for number in range(10):
        outbox.offer(final(number))
    dispatcher.start()
    wait_for(lambda: outbox.counts().sent == 10)
    client.flushall()
    workers.start(store)
    assert dispatcher.wait_until_stored(20)
    assert len(stored_ids(store)) == 10


_KILLED_BEFORE_QUEUEING = """
import os, signal, sys
from pathlib import Path
from jobs.dispatcher import Dispatcher
from jobs.outbox import Outbox
from jobs.redis_connection import connect
from tests.reports import final

class Killed(Outbox):
    def mark_sent(self, keys, now):
        os.kill(os.getpid(), signal.SIGKILL)

after_queueing = sys.argv[3] == "after"
outbox = (Killed if after_queueing else Outbox)(Path(sys.argv[1]))
outbox.offer(final("a"))
if after_queueing:
    dispatcher = Dispatcher(outbox, connect(sys.argv[2]))
    dispatcher.start()
    dispatcher.join(60)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_program_killed_before_or_after_queueing_and_not_noting_it(
    when: str,
    outbox: Outbox,
    dispatcher: Dispatcher,
    service: RedisService,
    workers: Workers,
    store: SqlReportStore,
    client: Redis,
    tmp_path: Path,
) -> None:
    arguments = [str(tmp_path / "outbox.db"), service.url, when]
    done = subprocess.run([sys.executable, "-c", _KILLED_BEFORE_QUEUEING, *arguments], check=False)
    assert done.returncode < 0
    assert open_queue(client, QueueName.LIGHT).count == (1 if when == "after" else 0)
    assert outbox.counts() == OutboxCounts(pending=1, sent=0, dead=0)
    dispatcher.start()
    workers.start(store)
    assert dispatcher.wait_until_stored(20)
    assert revisions(store, "a") == [2]
