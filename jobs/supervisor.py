"""Looks after the jobs of workers that were killed, and after retries whose time has come."""

from __future__ import annotations

import logging
import threading
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

import redis
from rq import worker_registration
from rq.exceptions import NoSuchJobError
from rq.registry import ScheduledJobRegistry, StartedJobRegistry

from jobs.queues import AllowedJob, QueueName, open_queue

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis import Redis

_log = logging.getLogger(__name__)

INTERVAL_S = 1.0
# A worker takes milliseconds from taking a job to registering it; who needs longer was killed in between.
TAKEN_LIMIT_S = 10.0
_CLEAN_WORKERS_EVERY_S = 60.0
# Of a supervisor that is killed in mid-round; a round takes milliseconds, and doing one twice does no harm.
_LOCK_S = 5.0

# Put a job that was taken and never begun back in line, unless somebody else just did.
_PUT_BACK = """
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 and redis.call('EXISTS', KEYS[3]) == 1 then
    redis.call('LPUSH', KEYS[2], ARGV[1])
    return 1
end
return 0
"""


class Supervisor:
    """One thread beside each worker; a lock in Redis lets one of all workers' supervisors act at a time.

    RQ leaves this to a scheduler process and to the workers' own maintenance: the process outlives a killed
    worker, and the maintenance waits while its worker is busy and gives a job up that was taken and never
    begun.
    """

    def __init__(
        self, client: Redis, queue: QueueName, stop: threading.Event, on_abandoned: Callable[..., Any]
    ) -> None:
        """Nothing runs before `start`.

        Args:
            client: of its own, not the worker's.
            queue: whose jobs it looks after.
            stop: ends the thread.
            on_abandoned: an RQ exception handler, called for each job whose worker was killed.
        """
        self._client = client
        self._queue = open_queue(client, queue)
        self._stop = stop
        self._on_abandoned = on_abandoned
        self._put_back = client.register_script(_PUT_BACK)
        self._taken_since: dict[str, float] = {}
        self._workers_cleaned = monotonic()
        self._thread = threading.Thread(target=self._run, name=f"supervisor-{queue.value}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)

    def look_after(self) -> None:
        """One round, if no other supervisor is at it.

        Raises:
            redis.RedisError: Redis is away.
        """
        lock = self._client.lock(f"gotcha:supervisor:{self._queue.name}", timeout=_LOCK_S, blocking=False)
        if not lock.acquire():
            return
        try:
            self._requeue_due_retries()
            self._requeue_abandoned()
            self._requeue_taken()
            if monotonic() - self._workers_cleaned > _CLEAN_WORKERS_EVERY_S:
                worker_registration.clean_worker_registry(self._queue)
                self._workers_cleaned = monotonic()
        finally:
            if lock.owned():
                lock.release()

    def _run(self) -> None:
        while not self._stop.wait(INTERVAL_S):
            try:
                self.look_after()
            except redis.RedisError as error:
                _log.debug("the supervisor waits for Redis: %s", error)
            except Exception:  # noqa: BLE001  (a thread's boundary: the next round may do better)
                _log.exception("a round of the supervisor failed")

    def _requeue_due_retries(self) -> None:
        registry = ScheduledJobRegistry(queue=self._queue, job_class=AllowedJob)  # type: ignore[no-untyped-call]
        for job_id in registry.get_jobs_to_schedule():
            with self._client.pipeline() as pipeline:
                try:
                    job = self._queue.fetch_job(job_id)
                except NoSuchJobError:
                    job = None
                if job is not None:
                    self._queue._enqueue_job(job, pipeline=pipeline)
                registry.remove(job_id, pipeline=pipeline)
                pipeline.execute()

    def _requeue_abandoned(self) -> None:
        registry = StartedJobRegistry(queue=self._queue, job_class=AllowedJob)
        registry.cleanup(exception_handlers=[self._on_abandoned])

    def _requeue_taken(self) -> None:
        taken_key = self._queue.intermediate_queue_key
        raw = cast("list[bytes]", self._client.lrange(taken_key, 0, -1))
        started = set(StartedJobRegistry(queue=self._queue, job_class=AllowedJob).get_job_ids(cleanup=False))
        now = monotonic()
        waiting = {job_id for job_id in (entry.decode() for entry in raw) if job_id not in started}
        self._taken_since = {job_id: self._taken_since.get(job_id, now) for job_id in waiting}
        for job_id, since in self._taken_since.items():
            if now - since > TAKEN_LIMIT_S and self._put_back(
                keys=[taken_key, self._queue.key, AllowedJob.key_for(job_id)], args=[job_id]
            ):
                _log.warning("job %s was taken by a worker that was killed: back in line", job_id)
