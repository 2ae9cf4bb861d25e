"""The way of an analysis into the queue, and back into it after Redis or a worker has lost it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, cast

import redis
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.job import JobStatus
from rq.registry import StartedJobRegistry

from jobs.context import utc_now
from jobs.queues import AllowedJob, QueueName, open_queue
from jobs.tasks import RUN_ANALYSIS
from pipeline.errors import StorageError
from storage.analyses import Analysis, AnalysisKind, NewAnalysis, WaitingAnalysis
from storage.analysis_store import AnalysisStore, Submitted

if TYPE_CHECKING:
    from redis import Redis

_log = logging.getLogger(__name__)

SWEEP_EVERY_S = 2.0
# Younger ones are only just being queued by who stored them.
_GRACE_S = 2.0
# Longer than a killed worker's job takes to be noticed by the supervisor.
STRANDED_AFTER_S = 60.0
# A video may take hours; that its worker lives is known by its claim.
_TIMEOUT_S = 7 * 24 * 3600
_FAILED_KEPT_S = 24 * 3600
_LANES = (QueueName.MODELS, QueueName.VIDEOS)


def lane_of(kind: AnalysisKind) -> QueueName:
    """The queue that analyses of a kind go through: videos have their own, as they may take hours."""
    return QueueName.VIDEOS if kind is AnalysisKind.VIDEO else QueueName.MODELS


class AnalysisQueue:
    """Stores what is asked for and queues it. Threads may share it.

    Args:
        store: the truth.
        client: of the queue's Redis, which may be away: the sweep queues later what could not be queued.
        now: the clock, aware UTC.
    """

    def __init__(self, store: AnalysisStore, client: Redis, now: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._client = client
        self._now = now
        self._stranded_since: dict[WaitingAnalysis, float] = {}

    def submit(self, asked: NewAnalysis) -> Submitted:
        """Store a request and queue it; it is stored when this returns.

        Raises:
            StorageError: the database does not take it; nothing is queued.
        """
        submitted = self._store.submit(asked, at=self._now())
        if submitted.new:
            self._enqueue_now(submitted.analysis)
        return submitted

    def begin_again(self, analysis_id: str) -> Submitted | None:
        """Put one that failed or was cancelled back in line and queue it; None: there is no such analysis.

        Raises:
            StorageError: the database does not take it; nothing is queued.
        """
        submitted = self._store.begin_again(analysis_id)
        if submitted is not None and submitted.new:
            self._enqueue_now(submitted.analysis)
        return submitted

    def cancel(self, analysis_id: str) -> Analysis | None:
        """Ask for its end; None: there is no such analysis.

        Raises:
            StorageError: the database does not take it.
        """
        return self._store.ask_to_cancel(analysis_id, at=self._now())

    def sweep(self) -> int:
        """Queue what the database wants done and Redis does not know; how many.

        Raises:
            StorageError: the database does not answer.
            redis.RedisError: Redis does not.
        """
        now = self._now()
        waiting = self._store.waiting(created_before=now - timedelta(seconds=_GRACE_S), now=now)
        if not waiting:
            self._stranded_since.clear()
            return 0
        with self._client.pipeline(transaction=False) as pipeline:
            for one in waiting:
                pipeline.hget(AllowedJob.key_for(one.id), "status")
            answers = cast("list[bytes | None]", pipeline.execute())
        missing = [one for one, status in zip(waiting, answers, strict=True) if status is None]
        failed = [
            one
            for one, status in zip(waiting, answers, strict=True)
            if status is not None and status.decode() == JobStatus.FAILED.value
        ]
        lost = [*failed, *self._stranded(set(waiting) - set(missing) - set(failed))]
        for one in lost:
            self._delete(one.id)
        queued = sum(self._enqueue(one.id, one.kind) for one in (*missing, *lost))
        if queued:
            _log.info("%d analyses are queued again", queued)
        return queued

    def _enqueue_now(self, analysis: Analysis) -> None:
        try:
            self._enqueue(analysis.id, analysis.asked.kind)
        except redis.RedisError as error:
            _log.warning("analysis %s is stored and waits for Redis: %s", analysis.id, error)

    def _enqueue(self, analysis_id: str, kind: AnalysisKind) -> bool:
        try:
            open_queue(self._client, lane_of(kind)).enqueue_call(
                RUN_ANALYSIS,
                args=(analysis_id,),
                job_id=analysis_id,
                unique=True,
                description=f"analysis {analysis_id}",
                timeout=_TIMEOUT_S,
                result_ttl=0,
                failure_ttl=_FAILED_KEPT_S,
            )
        except DuplicateJobError:
            return False
        return True

    def _stranded(self, known: set[WaitingAnalysis]) -> list[WaitingAnalysis]:
        """Those whose job lies in no list that the workers of their lane work on, and has for a while."""
        listed = {lane: self._listed(lane) for lane in {lane_of(one.kind) for one in known}}
        now = monotonic()
        self._stranded_since = {
            one: self._stranded_since.get(one, now)
            for one in known
            if one.id not in listed[lane_of(one.kind)]
        }
        return [one for one, since in self._stranded_since.items() if now - since > STRANDED_AFTER_S]

    def _listed(self, lane: QueueName) -> set[str]:
        queue = open_queue(self._client, lane)
        listed = set(StartedJobRegistry(queue=queue, job_class=AllowedJob).get_job_ids(cleanup=False))
        for key in (queue.key, queue.intermediate_queue_key):
            listed.update(entry.decode() for entry in cast("list[bytes]", self._client.lrange(key, 0, -1)))
        return listed

    def _delete(self, analysis_id: str) -> None:
        # A queue knows only its own jobs, and this one may have been queued in another lane.
        for lane in _LANES:
            with suppress(NoSuchJobError):
                job = open_queue(self._client, lane).fetch_job(analysis_id)
                if job is not None:
                    job.delete()


class AnalysisSweep:
    """Sweeps every two seconds, in a thread beside a worker; several do no harm to each other."""

    def __init__(self, queue: AnalysisQueue, stop: threading.Event) -> None:
        """Nothing runs before `start`; `stop` ends it."""
        self._queue = queue
        self._stop = stop
        self._thread = threading.Thread(target=self._run, name="analysis-sweep", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stop.wait(SWEEP_EVERY_S):
            try:
                self._queue.sweep()
            except (redis.RedisError, StorageError) as error:
                _log.debug("the sweep of analyses waits: %s", error)
            except Exception:  # noqa: BLE001  (a thread's boundary: the next round may do better)
                _log.exception("a sweep of the analyses failed")
