"""A worker: takes jobs from one queue and does them, until it is told to stop.

It runs jobs in its own process: forking costs 33 ms a job, storing one takes 5. What RQ's forking worker
has over its simple one, a heartbeat during the job, is a thread here: the job of a worker that is killed
is taken back after 15 s.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING, Any

import redis
from rq import SimpleWorker
from rq.exceptions import DequeueTimeout, StopRequested
from rq.executions import ExecutionRegistry
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty, UnixSignalDeathPenalty
from rq.utils import now as rq_now
from rq.worker import WorkerStatus

from jobs.analyses import AnalysisRunner
from jobs.context import TaskContext, given
from jobs.failures import Failures
from jobs.queues import AllowedJob, QueueName
from jobs.redis_connection import connect
from jobs.repeat_search import RepeatSearch
from jobs.supervisor import Supervisor
from storage.ports import ReportStore

if TYPE_CHECKING:
    from redis import Redis
    from rq import Queue
    from rq.executions import Execution
    from rq.job import Job
    from rq.registry import StartedJobRegistry

_log = logging.getLogger(__name__)
# RQ turns its own logger up when it is imported; four lines a job drown what matters.
logging.getLogger("rq.worker").setLevel(logging.WARNING)

HEARTBEAT_INTERVAL_S = 5
HEARTBEAT_TTL_S = 3 * HEARTBEAT_INTERVAL_S
WORKER_TTL_S = 20
_IDLE_ROUND_S = 0.5
_RESTART_WAIT_S = (0.5, 5.0)


def run_worker(
    redis_url: str,
    store: ReportStore,
    *,
    queue: QueueName = QueueName.LIGHT,
    repeats: RepeatSearch | None = None,
    analyses: AnalysisRunner | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Work until `stop` is set or, in the main thread, SIGTERM or SIGINT comes; a running job is finished.

    Redis may be away at the start and in between: the worker waits for it.

    Args:
        redis_url: as `jobs.redis_connection.connect` takes it.
        store: where reports go.
        queue: the one it works on.
        repeats: finds accusations that were made before; None stores every report as it comes.
        analyses: does analyses of files; for the queues of models and of videos.
        stop: ends it; without one only a signal does.

    Raises:
        QueueError: the address of Redis is wrong.
    """
    stop = threading.Event() if stop is None else stop
    client = connect(redis_url)
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
    context = TaskContext(
        store=store, redis=connect(redis_url), worker=name, repeats=repeats, analyses=analyses
    )
    supervisor = Supervisor(connect(redis_url), queue, stop, Failures(context).handle)
    with _stopped_by_signals(stop), given(context):
        supervisor.start()
        wait_s, longest_s = _RESTART_WAIT_S
        while not stop.is_set():
            try:
                StoringWorker(client, queue, context, stop, name=f"{name}-{secrets.token_hex(2)}").work()
                wait_s = _RESTART_WAIT_S[0]
            except redis.RedisError as error:
                _log.warning("the worker waits for Redis: %s", error)
            stop.wait(wait_s)
            wait_s = min(wait_s * 2, longest_s)
        supervisor.join(HEARTBEAT_INTERVAL_S)


class StoringWorker(SimpleWorker):
    """RQ's simple worker with a heartbeat during the job, a list of allowed functions and a quick end."""

    def __init__(
        self, client: Redis, queue: QueueName, context: TaskContext, stop: threading.Event, *, name: str
    ) -> None:
        """Nothing runs before `work`.

        Raises:
            redis.RedisError: Redis is away.
        """
        super().__init__(
            [queue.value],
            name=name,
            connection=client,
            serializer=JSONSerializer,
            job_class=AllowedJob,
            worker_ttl=WORKER_TTL_S,
            job_monitoring_interval=HEARTBEAT_INTERVAL_S,
            # The job's description and arguments hold plates; they do not belong in a log.
            log_job_description=False,
            default_result_ttl=0,
        )
        in_main_thread = threading.current_thread() is threading.main_thread()
        # Only the main thread gets signals.
        self.death_penalty_class = UnixSignalDeathPenalty if in_main_thread else TimerDeathPenalty
        self._failures = Failures(context)
        self._stop = stop
        self._said_alive_s = 0.0
        self._beat_lock = threading.Lock()
        self._beating: tuple[Job, Execution] | None = None

    def bootstrap(self, *_arguments: Any, **_named: Any) -> None:
        """Register. RQ's own also sets up log handlers and takes commands from Redis; we want neither."""
        self.register_birth()  # type: ignore[no-untyped-call]
        self.set_state(WorkerStatus.STARTED)

    def run_maintenance_tasks(self) -> None:
        """Left to the supervisor, which also acts while this worker is busy."""

    def _install_signal_handlers(self) -> None:
        """Left to `run_worker`: a flag, looked at between jobs, cuts nothing in two."""

    def dequeue_job_and_maintain_ttl(
        self,
        timeout: int | None,  # noqa: ARG002  (RQ's signature)
        max_idle_time: int | None = None,  # noqa: ARG002
    ) -> tuple[Job, Queue] | None:
        # RQ's own loop waits for a Redis that is away without looking at anything else.
        while not self._stop.is_set():
            try:
                result = self.queue_class.dequeue_any(
                    self.queues,
                    _IDLE_ROUND_S,  # type: ignore[arg-type]  # Redis takes fractions
                    connection=self.connection,
                    job_class=self.job_class,
                    serializer=self.serializer,
                    death_penalty_class=self.death_penalty_class,
                )
            except DequeueTimeout:
                self.heartbeat()
                continue
            except redis.RedisError as error:
                _log.warning("the worker lost Redis: %s", error)
                raise StopRequested from error
            if result is not None:
                job, queue = result
                job.redis_server_version = self.get_redis_server_version()  # type: ignore[no-untyped-call]
                return job, queue
        raise StopRequested

    def check_for_suspension(self, _burst: bool) -> None:
        """Whoever can write to Redis could halt all workers with it: not ours."""

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Say that this worker lives. RQ does it several times a job; often enough is often enough."""
        if pipeline is None:
            if monotonic() - self._said_alive_s < HEARTBEAT_INTERVAL_S:
                return
            self._said_alive_s = monotonic()
        super().heartbeat(timeout, pipeline)

    def get_heartbeat_ttl(self, job: Job) -> int:  # noqa: ARG002  (RQ's signature)
        return HEARTBEAT_TTL_S

    def execute_job(self, job: Job, queue: Queue) -> None:
        with self._heartbeats(job, self.prepare_execution(job)):
            self.perform_job(job, queue)

    def handle_execution_ended(self, job: Job, _queue: Queue, _heartbeat_ttl: int) -> None:
        job.ended_at = rq_now()

    def handle_job_success(
        self,
        job: Job,
        queue: Queue,  # noqa: ARG002  (RQ's signature)
        started_job_registry: StartedJobRegistry,  # noqa: ARG002
    ) -> None:
        """Forget the job, in one round trip.

        RQ's own looks for dependents, repeats, results and other registries first, 14 round trips in all; our
        jobs have none, and are in no other registry than that of the running ones.
        """
        with self.connection.pipeline() as pipeline:
            self.increment_successful_job_count(pipeline=pipeline)
            self.cleanup_execution(job, pipeline)
            pipeline.delete(
                job.key,
                job.dependents_key,
                job.dependencies_key,
                ExecutionRegistry.key_template.format(job.id),
            )
            self.set_state(WorkerStatus.IDLE, pipeline=pipeline)
            pipeline.execute()

    def cleanup_execution(self, job: Job, pipeline: Any) -> None:
        # No beat may come after this: it would bring the record of a job back that is gone.
        with self._beat_lock:
            self._beating = None
        super().cleanup_execution(job, pipeline)

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        self._failures.handle(job, *exc_info)

    @contextmanager
    def _heartbeats(self, job: Job, execution: Execution) -> Iterator[None]:
        done = threading.Event()
        self._beating = (job, execution)
        thread = threading.Thread(target=self._beat, args=(done,), name="job-heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _beat(self, done: threading.Event) -> None:
        while not done.wait(HEARTBEAT_INTERVAL_S):
            with self._beat_lock:
                if self._beating is None:
                    return
                job, execution = self._beating
                try:
                    with self.connection.pipeline() as pipeline:
                        self.heartbeat(HEARTBEAT_TTL_S, pipeline=pipeline)
                        execution.heartbeat(job.started_job_registry, HEARTBEAT_TTL_S, pipeline)
                        pipeline.execute()
                except redis.RedisError as error:
                    _log.warning("a heartbeat of job %s did not reach Redis: %s", job.id, error)


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def request(number: int, _frame: FrameType | None) -> None:
        # The second one ends at once, for the impatient.
        signal.signal(number, signal.SIG_DFL)
        stop.set()

    # Who has it ignored (a worker that a program runs beside itself) decides otherwise when to stop.
    heeded = [n for n in (signal.SIGTERM, signal.SIGINT) if signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, request) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
