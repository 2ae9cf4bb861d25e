"""Decides what an exception in a job means, and tells the outbox when the queue gives the job up."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import redis
from rq.exceptions import AbandonedJobError, DeserializationError
from rq.timeouts import JobTimeoutException

from jobs import receipts
from jobs.receipts import Address, Verdict
from jobs.tasks import RUN_ANALYSIS
from pipeline.errors import EvidenceUnavailableError, GotchaError, PayloadError, StorageUnavailableError

if TYPE_CHECKING:
    from rq.job import Job

    from jobs.context import TaskContext

_log = logging.getLogger(__name__)

# Waiting cures these; a job that fails so again and again is queued anew instead of being given up.
_PASSING = (StorageUnavailableError, EvidenceUnavailableError, redis.RedisError, JobTimeoutException)
# Waiting does not cure these.
_PERMANENT = (PayloadError, DeserializationError)


class Failures:
    """The exception handler of workers and supervisors."""

    def __init__(self, context: TaskContext) -> None:
        self._context = context

    def handle(self, job: Job, kind: type[BaseException], error: BaseException, _trace: Any) -> bool:
        """An RQ exception handler; False: RQ's own handlers need not run."""
        if isinstance(error, _PERMANENT):
            job.retries_left = 0
        left = job.retries_left or 0
        killed = isinstance(error, AbandonedJobError)
        reason = "its worker was killed while doing it" if killed else f"{kind.__name__}: {error}"
        expected = killed or isinstance(error, GotchaError | redis.RedisError)
        _log.warning(
            "job %s failed, %d more tries: %s", job.id, left, reason, exc_info=None if expected else error
        )
        if left == 0:
            self._tell(job, Verdict.FAILED if isinstance(error, _PASSING) else Verdict.REFUSED, reason)
        return False

    def _tell(self, job: Job, verdict: Verdict, reason: str) -> None:
        try:
            if job.func_name == RUN_ANALYSIS:
                # The database knows of it, and the sweep brings it again.
                return
            address = Address.from_json(job.args[1])
        except (PayloadError, DeserializationError, IndexError, KeyError, TypeError):
            _log.error("job %s stays among RQ's failed jobs: it names nobody to be told", job.id)
            return
        try:
            receipts.send(self._context.redis, address, verdict, reason)
        except redis.RedisError as error:
            # The dispatcher finds out by itself that the job was given up.
            _log.warning("the outbox could not be told of job %s: %s", job.id, error)
