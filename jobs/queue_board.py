"""What lies in the queues and who works on it, job by job; and putting a failed job back or away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import redis
from rq import Worker, worker_registration
from rq.exceptions import DeserializationError, InvalidJobOperation, NoSuchJobError
from rq.registry import FailedJobRegistry, ScheduledJobRegistry, StartedJobRegistry
from rq.serializers import JSONSerializer

from jobs.queues import AllowedJob, QueueName, open_queue
from pipeline.errors import JobBusyError, JobNotFoundError, QueueError

if TYPE_CHECKING:
    from redis import Redis
    from rq.job import Job
    from rq.registry import BaseRegistry
    from rq.worker import BaseWorker

# A traceback's end says what happened; a payload's begin says of what.
_MAX_TEXT = 8_000


class JobPlace(StrEnum):
    """Where a job is."""

    FAILED = "failed"
    RUNNING = "running"
    SCHEDULED = "scheduled"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedJob:
    """One job.

    Attributes:
        id: that of its report or analysis.
        queue: whose job it is.
        place: where it is.
        function: dotted name of what runs.
        payload: its arguments, JSON, cut at 8,000 characters.
        trouble: the end of its last traceback, "" without one.
        enqueued_at: when it was queued; None is unknown.
        due_at: when a scheduled one is tried again.
        retries_left: how often it is still tried by itself.
        worker: who runs it, "" where nobody does.
    """

    id: str
    queue: QueueName
    place: JobPlace
    function: str
    payload: str
    trouble: str
    enqueued_at: datetime | None
    due_at: datetime | None
    retries_left: int
    worker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueWorker:
    """One worker that lives.

    Attributes:
        name: its name.
        queues: what it works on.
        state: RQ's word: idle, busy, suspended.
        job: id of what it does now, "" while idle.
        since: when it was started; None is unknown.
        done, failed: how many jobs it ended well, and not.
    """

    name: str
    queues: tuple[str, ...]
    state: str
    job: str
    since: datetime | None
    done: int
    failed: int


class QueueBoard:
    """Reads and tends the queues of a Redis. Threads may share it.

    Args:
        client: with short waits.
    """

    def __init__(self, client: Redis) -> None:
        self._client = client

    def workers(self) -> tuple[QueueWorker, ...]:
        """The workers that live, by name.

        Raises:
            QueueError: Redis is away.
        """
        with self._reached():
            # A worker that was killed stays on RQ's list for a minute; its key is gone before.
            keys = [
                key
                for key in worker_registration.get_keys(connection=self._client)
                if self._client.exists(key)
            ]
            found = (Worker.find_by_key(key, connection=self._client) for key in keys)
            workers = [_worker(worker) for worker in found if worker is not None]
        return tuple(sorted(workers, key=lambda worker: worker.name))

    def jobs(self, place: JobPlace, *, limit: int = 50) -> tuple[QueuedJob, ...]:
        """The jobs at `place`, of all queues, at most `limit` of each.

        Raises:
            QueueError: Redis is away.
        """
        with self._reached():
            return tuple(job for name in QueueName for job in self._jobs(name, place, limit))

    def job(self, job_id: str) -> QueuedJob:
        """The job of an id, wherever it is.

        Raises:
            JobNotFoundError: no queue has it.
            QueueError: Redis is away.
        """
        with self._reached():
            for name in QueueName:
                for place in JobPlace:
                    if job_id in self._ids(name, place, limit=None):
                        job = self._job(name, place, job_id)
                        if job is not None:
                            return job
        raise JobNotFoundError(f"no queue has a job {job_id}; it is done, or was deleted")

    def retry(self, job_id: str) -> None:
        """Put a failed job back at the end of its queue.

        Raises:
            JobBusyError: the job has not failed.
            QueueError: Redis is away.
        """
        with self._reached():
            for name in QueueName:
                registry = self._registry(name, JobPlace.FAILED)
                if job_id in registry.get_job_ids(cleanup=False):
                    registry.requeue(job_id)
                    return
        raise JobBusyError(f"the job {job_id} has not failed: only failed jobs are put back by hand")

    def delete(self, job_id: str) -> None:
        """Take a job that nobody runs out of its queue.

        A report's job comes back from the outbox, an analysis' from its row, where it was not stored yet:
        a queue is not what keeps them.

        Raises:
            JobNotFoundError: no queue has it.
            JobBusyError: a worker has it in hand.
            QueueError: Redis is away.
        """
        job = self.job(job_id)
        if job.place is JobPlace.RUNNING:
            raise JobBusyError(f"a worker has the job {job_id} in hand; wait until it has ended")
        with self._reached():
            found = self._fetched(job_id)
            if found is not None:
                found.delete(remove_from_queue=True)

    def _jobs(self, name: QueueName, place: JobPlace, limit: int) -> Iterator[QueuedJob]:
        for job_id in self._ids(name, place, limit=limit):
            job = self._job(name, place, job_id)
            if job is not None:
                yield job

    def _ids(self, name: QueueName, place: JobPlace, *, limit: int | None) -> list[str]:
        if place is JobPlace.WAITING:
            return open_queue(self._client, name).get_job_ids(0, -1 if limit is None else limit)
        end = -1 if limit is None else limit - 1
        # Cleaning is the supervisor's: it tells abandoned jobs from failed ones.
        return self._registry(name, place).get_job_ids(0, end, cleanup=False)

    def _registry(self, name: QueueName, place: JobPlace) -> BaseRegistry:
        kinds = {
            JobPlace.FAILED: FailedJobRegistry,
            JobPlace.RUNNING: StartedJobRegistry,
            JobPlace.SCHEDULED: ScheduledJobRegistry,
        }
        return kinds[place](queue=open_queue(self._client, name), job_class=AllowedJob)

    def _job(self, name: QueueName, place: JobPlace, job_id: str) -> QueuedJob | None:
        job = self._fetched(job_id)
        if job is None:
            return None
        due = self._due(name, job_id) if place is JobPlace.SCHEDULED else None
        return QueuedJob(
            id=job_id,
            queue=name,
            place=place,
            function=job.func_name or "",
            payload=_payload(job),
            trouble=_trouble(job),
            enqueued_at=_aware(job.enqueued_at),
            due_at=due,
            retries_left=job.retries_left or 0,
            worker=job.worker_name or "" if place is JobPlace.RUNNING else "",
        )

    def _due(self, name: QueueName, job_id: str) -> datetime | None:
        queue = open_queue(self._client, name)
        registry = ScheduledJobRegistry(queue=queue, job_class=AllowedJob)  # type: ignore[no-untyped-call]
        try:
            return _aware(registry.get_scheduled_time(job_id))
        except NoSuchJobError:
            return None  # Its time has just come.

    def _fetched(self, job_id: str) -> Job | None:
        try:
            return AllowedJob.fetch(job_id, connection=self._client, serializer=JSONSerializer)
        except NoSuchJobError:
            return None  # Done since the list was read.

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except redis.RedisError as error:
            raise QueueError(f"the queues cannot be looked at: Redis does not answer ({error})") from error
        except InvalidJobOperation as error:
            raise QueueError(f"the queue refused: {error}; look at the job again") from error


def _worker(worker: BaseWorker) -> QueueWorker:
    return QueueWorker(
        name=worker.name,
        queues=tuple(worker.queue_names()),
        state=str(worker.get_state()),
        job=worker.get_current_job_id() or "",
        since=_aware(worker.birth_date),
        done=worker.successful_job_count or 0,
        failed=worker.failed_job_count or 0,
    )


def _payload(job: Job) -> str:
    try:
        arguments = [*job.args, *([job.kwargs] if job.kwargs else [])]
    except DeserializationError:
        return "unreadable: not the JSON that Gotcha queues"
    # The report itself is a string of JSON among the arguments.
    shown = [_unfolded(value) for value in arguments]
    return json.dumps(shown, ensure_ascii=False, indent=2)[:_MAX_TEXT]


def _unfolded(value: object) -> object:
    try:
        return json.loads(value) if isinstance(value, str) and value.startswith("{") else value
    except ValueError:
        return value


def _trouble(job: Job) -> str:
    result = job.latest_result()
    return ((result.exc_string if result is not None else None) or "")[-_MAX_TEXT:]


def _aware(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)
