"""From offer to stored row, through a real Redis: each report once."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from time import monotonic

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from jobs.dispatcher import Dispatcher
from jobs.outbox import Outbox, OutboxCounts
from jobs.payloads import encode
from jobs.queues import AllowedJob
from pipeline.report import ReportState
from storage.database import open_database
from storage.report_store import SqlReportStore
from tests.jobs.conftest import Workers, wait_for
from tests.jobs.rig import NOTHING, revisions, stored_ids
from tests.postgres import NewDatabase
from tests.reports import camera_event, duplicate, final, hex_id, rejected, temporary


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
    with outbox._file.transaction("be altered") as connection:
        connection.execute("UPDATE items SET payload = ?", (json.dumps(payload),))
    workers.start(store)
    dispatcher.start()
    wait_for(lambda: outbox.counts().dead == 1)
    assert "update the worker" in outbox.dead()[0].reason
    assert stored_ids(store) == []
    with outbox._file.transaction("be altered") as connection:
        connection.execute("UPDATE items SET payload = ?", (encode(final("a")),))
    assert outbox.revive(hex_id("a")) == 1
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


def test_a_dispatcher_stops_at_once(outbox: Outbox, dispatcher: Dispatcher) -> None:
    dispatcher.start()
    threading.Event().wait(0.5)
    begun = monotonic()
    dispatcher.stop()
    assert dispatcher.join(5)
    assert monotonic() - begun < 1
