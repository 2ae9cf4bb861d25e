"""The worker that `gotcha run` brings along: a process of its own, started again should it die."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from time import monotonic

from gotcha.child_process import STOP_S, ChildProcess, tie_to_parent
from gotcha.config import Config
from jobs.queue_name import QueueName
from pipeline.errors import GotchaError

_log = logging.getLogger(__name__)

# How far files give way (nice(2)): cameras and the dashboard on this machine go first, videos last.
_NICE = {QueueName.MODELS: 5, QueueName.VIDEOS: 10}


class WorkerProcess(ChildProcess):
    """Does what a queue holds, beside the cameras.

    Storing has a process of its own, so that a slow disk or database never holds up a camera, and so that it
    may be killed at any moment: the job is done again, and stored once. Photos and single pictures have
    another, so that storing never waits behind a model, and videos a third, so that no photo waits behind a
    video of hours. Each opens its models with its first file.

    Args:
        config: whose database to use.
        redis_url: the queue's Redis, an embedded one's too.
        queue: which one it works on.
    """

    def __init__(self, config: Config, redis_url: str, queue: QueueName = QueueName.LIGHT) -> None:
        super().__init__(
            f"the worker on the queue {queue.value}", serve, (config, redis_url, os.getpid(), queue)
        )


def serve(config: Config, redis_url: str, parent: int, queue: QueueName) -> None:
    """What the process does: work until SIGTERM, or until the program that started it is gone."""
    if not tie_to_parent(parent):
        return
    from gotcha.cli.logs import set_up_logs

    set_up_logs(verbose=False)
    try:
        work_on(queue, config, redis_url)
    except GotchaError as error:
        waiting = "reports wait on disk" if queue is QueueName.LIGHT else "uploaded files wait"
        _log.error("%s; until then %s", str(error).rstrip("."), waiting)
        raise SystemExit(1) from None
    except Exception:  # noqa: BLE001 - the process's border; multiprocessing would print passwords too
        _log.exception("the worker met an unexpected error")
        raise SystemExit(1) from None


def work_on(queue: QueueName, config: Config, redis_url: str, stop: threading.Event | None = None) -> None:
    """Work on a queue in this process until `stop` is set or SIGTERM comes.

    Raises:
        StorageError, EvidenceError, UploadError, QueueError: something it needs cannot be used; says what.
    """
    # Imported when asked for: each kind of worker needs other parts of the program.
    if queue is QueueName.LIGHT:
        from gotcha.storing import store_reports

        store_reports(config, redis_url, stop)
    else:
        from gotcha.analyzing import analyze_uploads

        os.nice(_NICE[queue])
        analyze_uploads(config, redis_url, stop, queue=queue)


class WorkerGroup:
    """Several processes as one.

    Args:
        workers: not started yet.
    """

    def __init__(self, workers: Sequence[ChildProcess]) -> None:
        self._workers = tuple(workers)

    def start(self) -> None:
        """Start them; returns at once."""
        for worker in self._workers:
            worker.start()

    def keep_alive(self) -> None:
        """Start those again that have died; to be called now and then."""
        for worker in self._workers:
            worker.keep_alive()

    def ask_to_stop(self) -> None:
        """Let them end, each after the job it is doing; returns at once."""
        for worker in self._workers:
            worker.ask_to_stop()

    def stop(self, within_s: float = STOP_S) -> None:
        """End them, as `WorkerProcess.stop`; all of them together are given that time."""
        self.ask_to_stop()
        deadline = monotonic() + within_s
        for worker in self._workers:
            worker.stop(max(0.0, deadline - monotonic()))
