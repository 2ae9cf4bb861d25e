"""What an on-call engineer sees of the queues, in a real Redis."""

from __future__ import annotations

import pytest
from redis import Redis
from rq.job import Job

from jobs.embedded_redis import RedisService
from jobs.payloads import encode
from jobs.queue_board import JobPlace, QueueBoard
from jobs.queues import QueueName, open_queue
from jobs.tasks import STORE_REPORT
from pipeline.errors import QueueError
from storage.report_store import SqlReportStore
from tests.jobs.conftest import Workers, wait_for
from tests.reports import final, hex_id

# No outbox: the task fails, and is not tried again.
NOBODY = None


def queued(client: Redis, name: str) -> Job:
    return open_queue(client, QueueName.LIGHT).enqueue(
        STORE_REPORT, encode(final(name, revision=1)), NOBODY, job_id=hex_id(name), failure_ttl=600
    )


@pytest.fixture
def board(client: Redis) -> QueueBoard:
    return QueueBoard(client)


def test_a_waiting_job_is_shown_with_its_payload_and_taken_out(client: Redis, board: QueueBoard) -> None:
    queued(client, "a")
    (job,) = board.jobs(JobPlace.WAITING)
    assert (job.id, job.queue, job.function) == (hex_id("a"), QueueName.LIGHT, STORE_REPORT)
    assert '"zone"' in job.payload
    assert job.enqueued_at is not None
    assert job.enqueued_at.tzinfo is not None
    with pytest.raises(QueueError, match="only failed jobs"):
        board.retry(job.id)
    board.delete(job.id)
    assert board.jobs(JobPlace.WAITING) == ()
    with pytest.raises(QueueError, match="no queue has a job"):
        board.delete(job.id)


def test_a_failed_job_tells_why_and_is_put_back(
    client: Redis, board: QueueBoard, workers: Workers, store: SqlReportStore
) -> None:
    queued(client, "a")
    workers.start(store)
    wait_for(lambda: len(board.jobs(JobPlace.FAILED)) == 1, what="the failure")
    (worker,) = board.workers()
    assert "light" in worker.queues
    (job,) = board.jobs(JobPlace.FAILED)
    assert "PayloadError" in job.trouble
    assert board.job(job.id) == job
    workers.stop()
    wait_for(lambda: board.workers() == (), what="the worker's end")
    board.retry(job.id)
    assert [one.id for one in board.jobs(JobPlace.WAITING)] == [job.id]
    assert board.jobs(JobPlace.FAILED) == ()


def test_a_redis_that_is_away_is_said(service: RedisService, board: QueueBoard) -> None:
    service.close()
    for question in (board.workers, lambda: board.jobs(JobPlace.FAILED), lambda: board.retry("a")):
        with pytest.raises(QueueError, match="Redis does not answer"):
            question()
