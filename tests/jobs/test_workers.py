"""Workers that are killed, told to stop or given a job that kills them."""

from __future__ import annotations

import threading
from pathlib import Path
from time import monotonic
from typing import cast

import pytest
from redis import Redis
from rq import Queue

from jobs.dispatcher import FAILED_KEPT_S, Dispatcher
from jobs.embedded_redis import RedisService, open_redis
from jobs.outbox import Outbox, OutboxCounts
from jobs.queues import AllowedJob, QueueName, open_queue
from jobs.worker import HEARTBEAT_TTL_S
from pipeline.report import ReportState
from storage.report_store import SqlReportStore
from tests.jobs.conftest import Workers, wait_for
from tests.jobs.rig import SlowStore, revisions, worker_program
from tests.reports import final, hex_id, temporary


def test_a_worker_killed_in_mid_job_loses_nothing(
    outbox: Outbox,
    dispatcher: Dispatcher,
    service: RedisService,
    database_url: str,
    store: SqlReportStore,
    workers: Workers,
    client: Redis,
    tmp_path: Path,
) -> None:
    """The job is gone too: what the killed try left in Redis must not hold the report's next revision up."""
    hang = tmp_path / "hang"
    dispatcher.start()
    with worker_program(service, database_url, hang) as process:
        outbox.offer(final("a"))
        outbox.offer(final("a", revision=3))
        wait_for(hang.exists, what="the worker being in mid-job")
        process.kill()
        process.wait()
    killed = monotonic()
    assert store.get(hex_id("a")) is None
    assert dispatcher.pending() == OutboxCounts(pending=1, sent=1, dead=0)
    workers.start(store)
    assert dispatcher.wait_until_stored(30)
    assert monotonic() - killed < 30
    assert revisions(store, "a") == [2, 3]
    wait_for(lambda: list(client.scan_iter("rq:*:" + hex_id("a") + "*")) == [], what="nothing being left")


def test_a_job_longer_than_its_heartbeat_is_done_once(
    outbox: Outbox,
    dispatcher: Dispatcher,
    workers: Workers,
    store: SqlReportStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("jobs.worker.HEARTBEAT_INTERVAL_S", 0.2)
    monkeypatch.setattr("jobs.worker.HEARTBEAT_TTL_S", 2)
    slow = SlowStore(store, delay_s=4.0)
    workers.start(slow)
    workers.start(slow)
    dispatcher.start()
    outbox.offer(final("a"))
    assert dispatcher.wait_until_stored(30)
    assert slow.calls == 1


def test_a_job_that_kills_its_workers_again_and_again_is_given_up(
    outbox: Outbox,
    dispatcher: Dispatcher,
    service: RedisService,
    database_url: str,
    client: Redis,
    workers: Workers,
    store: SqlReportStore,
    tmp_path: Path,
) -> None:
    dispatcher.start()
    hang = tmp_path / "hang"
    with worker_program(service, database_url, hang) as process:
        outbox.offer(final("a"))
        wait_for(hang.exists, what="the worker being in mid-job")
        process.kill()
        process.wait()
    # As if it were the last try, and the heartbeat's time were over.
    client.hset(AllowedJob.key_for(hex_id("a")), "retries_left", 0)
    queue = open_queue(client, QueueName.LIGHT)
    for member in cast("list[bytes]", client.zrange(queue.started_job_registry.key, 0, -1)):
        client.zadd(queue.started_job_registry.key, {member: 1})
    workers.start(store)
    wait_for(lambda: outbox.counts().dead == 1)
    assert "its worker was killed" in outbox.dead()[0].reason
    # The dead letter has the payload; that in Redis, where nobody counts its days, goes soon.
    assert 0 < client.ttl(AllowedJob.key_for(hex_id("a"))) <= FAILED_KEPT_S
    assert FAILED_KEPT_S <= 7 * 24 * 3600
    outbox.revive()
    assert dispatcher.wait_until_stored(20)
    assert revisions(store, "a") == [2]


def queued(outbox: Outbox, dispatcher: Dispatcher, client: Redis) -> Queue:
    """The queue, with the report `a` waiting in it."""
    dispatcher.start()
    outbox.offer(final("a"))
    queue = open_queue(client, QueueName.LIGHT)
    wait_for(lambda: queue.count == 1)
    return queue


def test_a_job_that_was_taken_and_never_begun_comes_back(
    outbox: Outbox,
    dispatcher: Dispatcher,
    workers: Workers,
    store: SqlReportStore,
    client: Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("jobs.supervisor.TAKEN_LIMIT_S", 0.5)
    queue = queued(outbox, dispatcher, client)
    # What a worker killed right after taking the job leaves.
    assert client.lmove(queue.key, queue.intermediate_queue_key)
    workers.start(store)
    assert dispatcher.wait_until_stored(20)
    assert revisions(store, "a") == [2]


def test_a_job_that_lies_in_no_list_comes_back(
    outbox: Outbox,
    dispatcher: Dispatcher,
    workers: Workers,
    store: SqlReportStore,
    client: Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("jobs.dispatcher._STRANDED_AFTER_S", 0.5)
    monkeypatch.setattr("jobs.dispatcher.NEW_ROUND_S", 0.1)
    queue = queued(outbox, dispatcher, client)
    client.delete(queue.key)
    workers.start(store)
    assert dispatcher.wait_until_stored(20)
    assert revisions(store, "a") == [2]


def test_a_worker_told_to_stop_finishes_its_job_first(
    outbox: Outbox,
    dispatcher: Dispatcher,
    service: RedisService,
    database_url: str,
    store: SqlReportStore,
    tmp_path: Path,
) -> None:
    hang = tmp_path / "hang"
    dispatcher.start()
    with worker_program(service, database_url, hang) as process:
        outbox.offer(temporary("a"))
        wait_for(hang.exists, what="the worker being in mid-job")
        process.terminate()
        threading.Event().wait(0.3)
        assert process.poll() is None
        hang.unlink()
        assert process.wait(10) == 0
    assert dispatcher.wait_until_stored(10)
    stored = store.get(hex_id("a"))
    assert stored is not None
    assert stored.state is ReportState.TEMPORARY


def test_an_idle_worker_stops_at_once_also_while_redis_is_away(
    tmp_path: Path, database_url: str, store: SqlReportStore
) -> None:
    with open_redis(None, tmp_path) as service, worker_program(service, database_url) as process:
        client = service.connect()
        wait_for(lambda: bool(list(client.scan_iter("rq:worker:*"))), what="the worker being up")
        client.close()
        service.close()
        threading.Event().wait(1.5)
        assert process.poll() is None
        begun = monotonic()
        process.terminate()
        assert process.wait(20) == 0
        assert monotonic() - begun < 10


def test_a_killed_workers_job_is_back_within_half_a_minute() -> None:
    # Heartbeat, then at most one round of the supervisor, the first retry's wait and another round.
    assert HEARTBEAT_TTL_S + 1 + 1 + 1 <= 30
