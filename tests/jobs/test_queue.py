"""From offer to stored row, through a real Redis: each report once, whatever is killed in between."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import cast

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from jobs.dispatcher import Dispatcher
from jobs.embedded_redis import RedisService, open_redis
from jobs.outbox import Outbox, OutboxCounts
from jobs.payloads import encode
from jobs.queues import AllowedJob, QueueName, open_queue
from jobs.worker import HEARTBEAT_TTL_S
from pipeline.errors import StorageUnavailableError
from pipeline.report import Report, ReportState
from storage.database import open_database
from storage.ports import Applied, ReportFilter
from storage.report_store import SqlReportStore
from tests.jobs.conftest import Workers, wait_for
from tests.postgres import NewDatabase
from tests.reports import camera_event, duplicate, final, hex_id, rejected, temporary

NOTHING = OutboxCounts(pending=0, sent=0, dead=0)


def stored_ids(store: SqlReportStore) -> list[str]:
    return sorted(one.report.id for one in store.list(ReportFilter(limit=1000)))


def revisions(store: SqlReportStore, name: str | int) -> list[int]:
    return [entry.revision for entry in store.history(hex_id(name))]


def test_a_report_and_its_verdict_are_stored(
    outbox: Outbox, dispatcher: Dispatcher, workers: Workers, store: SqlReportStore, client: Redis
) -> None:
    workers.start(store)
    dispatcher.start()
    outbox.offer(temporary("a"))
    # Revision 2 is offered before 1 is acknowledged: both go, in order.
    outbox.offer(final("a"))
    outbox.offer(rejected("b", revision=1))
    outbox.offer(duplicate("c", "a"))
    outbox.offer(camera_event("e"))
    assert dispatcher.wait_until_stored(20)
    stored = store.get(hex_id("a"))
    assert stored is not None
    assert (stored.report, stored.repeats) == (final("a"), 1)
    assert revisions(store, "a") == [1, 2]
    assert stored_ids(store) == sorted(map(hex_id, "abc"))
    assert store.camera_events() == (camera_event("e"),)
    assert dispatcher.pending() == NOTHING
    wait_for(lambda: list(client.scan_iter("rq:job:*")) == [], what="the jobs being gone")


def test_a_report_reaches_postgresql(
    outbox: Outbox, dispatcher: Dispatcher, workers: Workers, new_postgres_database: NewDatabase
) -> None:
    engine = open_database(new_postgres_database())
    store = SqlReportStore(engine)
    workers.start(store)
    dispatcher.start()
    outbox.offer(temporary("a"))
    outbox.offer(final("a"))
    assert dispatcher.wait_until_stored(20)
    assert revisions(store, "a") == [1, 2]
    workers.stop()
    engine.dispose()


def test_the_same_report_offered_twice_is_stored_once(
    outbox: Outbox, dispatcher: Dispatcher, workers: Workers, store: SqlReportStore
) -> None:
    workers.start(store)
    dispatcher.start()
    for _ in range(3):
        outbox.offer(final("a"))
        assert dispatcher.wait_until_stored(20)
    assert revisions(store, "a") == [2]


def test_two_workers_and_many_reports(
    outbox: Outbox, dispatcher: Dispatcher, workers: Workers, store: SqlReportStore
) -> None:
    for number in range(30):
        outbox.offer(temporary(number))
        outbox.offer(final(number))
    workers.start(store)
    workers.start(store)
    dispatcher.start()
    assert dispatcher.wait_until_stored(60)
    assert len(stored_ids(store)) == 30
    assert all(revisions(store, number) == [1, 2] for number in range(30))


@contextmanager
def worker_program(
    service: RedisService, database_url: str, hang: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tests.jobs.worker_program", service.url, database_url]
    process = subprocess.Popen(command if hang is None else [*command, str(hang)], stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


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


class SlowStore(SqlReportStore):
    """Counts its calls and takes its time, or says that the database is away."""

    def __init__(self, store: SqlReportStore, *, delay_s: float = 0.0, away: int = 0) -> None:
        super().__init__(store._engine)
        self.delay_s, self.away, self.calls = delay_s, away, 0

    def apply(self, report: Report, *, at: datetime, by: str) -> Applied:
        self.calls += 1
        if self.calls <= self.away:
            raise StorageUnavailableError("the database is away")
        threading.Event().wait(self.delay_s)
        return super().apply(report, at=at, by=by)


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


def test_what_is_refused_for_good_waits_among_the_dead_letters(
    outbox: Outbox, dispatcher: Dispatcher, workers: Workers, store: SqlReportStore, client: Redis
) -> None:
    store.apply(rejected("a"), at=temporary().parked_at, by="earlier")
    workers.start(store)
    dispatcher.start()
    outbox.offer(final("a", revision=3))
    outbox.offer(final("b"))
    wait_for(lambda: outbox.counts() == OutboxCounts(pending=0, sent=0, dead=1))
    (letter,) = outbox.dead()
    assert letter.id == hex_id("a")
    assert "rejected cannot become final" in letter.reason
    assert revisions(store, "b") == [2]
    outbox.revive()
    wait_for(lambda: outbox.counts().dead == 1 and outbox.dead()[0].failures == 1, what="its second death")


def test_an_accusation_without_its_evidence_is_refused_by_the_worker_and_kept(
    outbox: Outbox, dispatcher: Dispatcher, workers: Workers, store: SqlReportStore
) -> None:
    workers.start(store)
    dispatcher.start()
    outbox.offer(temporary("a"))
    outbox.offer(final("a", evidence=temporary().evidence))
    wait_for(lambda: outbox.counts() == OutboxCounts(pending=0, sent=0, dead=1))
    assert "cannot be final: it has no photo_2" in outbox.dead()[0].reason
    stored = store.get(hex_id("a"))
    assert stored is not None
    assert stored.state is ReportState.TEMPORARY


def test_a_payload_of_an_unknown_version_is_kept_and_can_be_revived(
    outbox: Outbox, dispatcher: Dispatcher, workers: Workers, store: SqlReportStore
) -> None:
    outbox.offer(final("a"))
    payload = json.loads(encode(final("a"))) | {"version": 99}
    with outbox._transaction("be altered") as connection:
        connection.execute("UPDATE items SET payload = ?", (json.dumps(payload),))
    workers.start(store)
    dispatcher.start()
    wait_for(lambda: outbox.counts().dead == 1)
    assert "update the worker" in outbox.dead()[0].reason
    assert stored_ids(store) == []
    with outbox._transaction("be altered") as connection:
        connection.execute("UPDATE items SET payload = ?", (encode(final("a")),))
    assert outbox.revive(hex_id("a")) == 1
    assert dispatcher.wait_until_stored(20)
    assert revisions(store, "a") == [2]


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
    outbox.revive()
    assert dispatcher.wait_until_stored(20)
    assert revisions(store, "a") == [2]


@pytest.mark.parametrize("name", ["os.system", "jobs.tasks.ALLOWED", "jobs.worker.run_worker"])
def test_a_function_that_is_not_on_the_list_is_never_run(
    name: str, client: Redis, workers: Workers, store: SqlReportStore, tmp_path: Path
) -> None:
    proof = tmp_path / "proof"
    queue = Queue("light", connection=client, serializer=JSONSerializer)
    job = queue.enqueue_call(name, args=(f"touch {proof}",), job_id="evil")
    # Callbacks are dotted names that RQ would import and call too.
    client.hset(job.key, mapping={"failure_callback_name": "os.abort", "success_callback_name": "os.abort"})
    workers.start(store)
    failed = queue.failed_job_registry
    wait_for(lambda: "evil" in failed.get_job_ids(), what="the job being refused")
    assert not proof.exists()
    assert AllowedJob.fetch("evil", connection=client, serializer=JSONSerializer).retries_left in (0, None)


def test_a_job_that_was_taken_and_never_begun_comes_back(
    outbox: Outbox,
    dispatcher: Dispatcher,
    workers: Workers,
    store: SqlReportStore,
    client: Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("jobs.supervisor.TAKEN_LIMIT_S", 0.5)
    dispatcher.start()
    outbox.offer(final("a"))
    queue = open_queue(client, QueueName.LIGHT)
    wait_for(lambda: queue.count == 1)
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
    dispatcher.start()
    outbox.offer(final("a"))
    queue = open_queue(client, QueueName.LIGHT)
    wait_for(lambda: queue.count == 1)
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
        assert process.wait(10) == 0
        assert monotonic() - begun < 5


def test_a_dispatcher_stops_at_once(outbox: Outbox, dispatcher: Dispatcher) -> None:
    dispatcher.start()
    threading.Event().wait(0.5)
    begun = monotonic()
    dispatcher.stop()
    assert dispatcher.join(5)
    assert monotonic() - begun < 1


def test_a_killed_workers_job_is_back_within_half_a_minute() -> None:
    # Heartbeat, then at most one round of the supervisor, the first retry's wait and another round.
    assert HEARTBEAT_TTL_S + 1 + 1 + 1 <= 30
