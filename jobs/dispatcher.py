"""Carries items from the outbox into the queue, and out of the outbox once the worker has stored them."""

from __future__ import annotations

import logging
import threading
from time import monotonic, time
from typing import TYPE_CHECKING, cast

import redis
from rq import Retry
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.job import JobStatus
from rq.registry import ScheduledJobRegistry, StartedJobRegistry

from jobs import receipts
from jobs.outbox import ItemKind, Outbox, OutboxCounts, OutboxItem
from jobs.queues import AllowedJob, QueueName, open_queue
from jobs.receipts import Address, Verdict
from jobs.tasks import STORE_CAMERA_EVENT, STORE_REPORT
from pipeline.errors import QueueError

if TYPE_CHECKING:
    from redis import Redis

_log = logging.getLogger(__name__)

RETRY_INTERVALS_S = [1, 2, 5, 10, 20, 40, 60, 60]
# After the queue's own retries are used up for a passing reason, a new round of them begins.
NEW_ROUND_S = 60.0
JOB_TIMEOUT_S = 60
MAX_IN_FLIGHT = 500
# Over a weekend, for who looks at the queue's page. The payload, with its plate, stays in the outbox's dead
# letters, whose days are counted (`retention:` of config.yaml); nobody counts those of a Redis.
FAILED_KEPT_S = 3 * 24 * 3600
_MISSING_AFTER_S = 2.0
_STRANDED_AFTER_S = 60.0
_POLL_S = (0.02, 0.25)
_IDLE_S = 1.0
_AWAY_S = (0.2, 5.0)
_FUNCTIONS = {ItemKind.REPORT: STORE_REPORT, ItemKind.CAMERA_EVENT: STORE_CAMERA_EVENT}


class Dispatcher:
    """One thread between an outbox and a Redis, which may be away, restarted or emptied at any time."""

    def __init__(self, outbox: Outbox, client: Redis, *, queue: QueueName = QueueName.LIGHT) -> None:
        """Nothing runs before `start`.

        Args:
            outbox: where the items are.
            client: for this dispatcher alone.
            queue: where they go.
        """
        self._outbox = outbox
        self._client = client
        self._queue = open_queue(client, queue)
        self._stop = threading.Event()
        self._next_check = 0.0
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; what is not stored yet stays in the outbox."""
        self._stop.set()
        self._outbox.arrived.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread's end; whether it has ended."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def pending(self) -> OutboxCounts:
        """What is on its way, and what was refused for good."""
        return self._outbox.counts()

    def wait_until_stored(self, timeout_s: float) -> bool:
        """Wait until nothing is on its way any more (dead letters apart); whether that came in time."""
        deadline = monotonic() + timeout_s
        while True:
            counts = self._outbox.counts()
            if counts.pending + counts.sent == 0:
                return True
            if monotonic() > deadline or self._stop.wait(0.05):
                return False

    def _run(self) -> None:
        wait_s, away_s = _POLL_S[0], _AWAY_S[0]
        while True:
            # Cleared before the flag is looked at, so that a stop in between is not slept through.
            self._outbox.arrived.clear()
            if self._stop.is_set():
                return
            try:
                moved = self._turn()
                if away_s != _AWAY_S[0]:
                    _log.info("the queue is back")
                away_s = _AWAY_S[0]
                wait_s = _POLL_S[0] if moved else min(wait_s * 1.5, self._longest_wait_s())
                self._outbox.arrived.wait(wait_s)
            except (redis.RedisError, QueueError) as error:
                if away_s == _AWAY_S[0]:
                    _log.warning("reports wait on disk: %s", error)
                self._stop.wait(away_s)
                away_s = min(away_s * 2, _AWAY_S[1])
            except Exception:  # noqa: BLE001  (a thread's boundary: the next turn may do better)
                _log.exception("a turn of the dispatcher failed")
                self._stop.wait(_AWAY_S[1])

    def _longest_wait_s(self) -> float:
        counts = self._outbox.counts()
        return _POLL_S[1] if counts.sent + counts.pending else _IDLE_S

    def _turn(self) -> bool:
        moved = self._take_receipts()
        now = time()
        if now >= self._next_check:
            self._next_check = now + _MISSING_AFTER_S
            self._return_missing(now)
            self._return_stranded(now)
        room = MAX_IN_FLIGHT - self._outbox.counts().sent
        sent = [
            (item.id, item.revision)
            for item in self._outbox.due(max(room, 0), now)
            if not self._stop.is_set() and self._enqueue(item)
        ]
        if sent:
            self._outbox.mark_sent(sent, time())
        return moved or bool(sent)

    def _enqueue(self, item: OutboxItem) -> bool:
        address = Address(outbox=self._outbox.name, id=item.id, revision=item.revision)
        description = f"{item.kind.value} {item.id} revision {item.revision}"
        try:
            self._queue.enqueue_call(
                _FUNCTIONS[item.kind],
                args=(item.payload, address.to_json()),
                job_id=item.id,
                unique=True,
                description=description,
                timeout=JOB_TIMEOUT_S,
                retry=Retry(max=len(RETRY_INTERVALS_S), interval=RETRY_INTERVALS_S),
                # A finished job vanishes, and so makes room for the next revision under its id.
                result_ttl=0,
                failure_ttl=FAILED_KEPT_S,
            )
        except DuplicateJobError:
            return self._is_queued_already(item.id, description)
        return True

    def _is_queued_already(self, job_id: str, description: str) -> bool:
        # A program killed between queueing and noting it; or the revision before is just leaving.
        key = AllowedJob.key_for(job_id)
        values = cast("list[bytes | None]", self._client.hmget(key, "description", "status"))
        found, status = (None if value is None else value.decode() for value in values)
        if status == JobStatus.FAILED.value:
            self._delete(job_id)
            return False
        return found == description

    def _take_receipts(self) -> bool:
        answers = receipts.take(self._client, self._outbox.name)
        stored = [(one.id, one.revision) for one in answers if one.verdict is Verdict.STORED]
        if stored:
            self._outbox.mark_stored(stored)
        for one in answers:
            key = (one.id, one.revision)
            if one.verdict is Verdict.REFUSED:
                self._outbox.mark_dead(key, one.reason)
            elif one.verdict is Verdict.FAILED:
                self._outbox.mark_pending(key, next_at=time() + NEW_ROUND_S, reason=one.reason)
        return bool(answers)

    def _return_missing(self, now: float) -> None:
        """Queue anew what Redis has neither as a job nor as an answer: it lost it."""
        sent = self._outbox.sent_before(now - _MISSING_AFTER_S)
        if not sent:
            return
        with self._client.pipeline(transaction=False) as pipeline:
            for item in sent:
                pipeline.exists(AllowedJob.key_for(item.id))
            exists = pipeline.execute()
        # The answer is written before the job goes: who is missing above and was stored has answered by now.
        while self._take_receipts():
            pass
        for item, there in zip(sent, exists, strict=True):
            if not there:
                self._outbox.mark_pending((item.id, item.revision), next_at=0.0, reason="Redis lost it")

    def _return_stranded(self, now: float) -> None:
        """Queue anew what exists in Redis as a job but lies in no list that anybody works on."""
        sent = self._outbox.sent_before(now - _STRANDED_AFTER_S)
        if not sent:
            return
        started = set(StartedJobRegistry(queue=self._queue, job_class=AllowedJob).get_job_ids(cleanup=False))
        scheduled = ScheduledJobRegistry(queue=self._queue, job_class=AllowedJob)  # type: ignore[no-untyped-call]
        listed = started | set(scheduled.get_job_ids(cleanup=False))
        for key in (self._queue.key, self._queue.intermediate_queue_key):
            entries = cast("list[bytes]", self._client.lrange(key, 0, -1))
            listed.update(entry.decode() for entry in entries)
        for item in sent:
            if item.id not in listed:
                self._delete(item.id)
                self._outbox.mark_pending(
                    (item.id, item.revision), next_at=now + NEW_ROUND_S, reason="the queue gave it up"
                )

    def _delete(self, job_id: str) -> None:
        try:
            job = self._queue.fetch_job(job_id)
        except NoSuchJobError:
            return
        if job is not None:
            job.delete()
