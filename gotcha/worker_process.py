"""The worker that `gotcha run` brings along: a process of its own, started again should it die."""

from __future__ import annotations

import ctypes
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Sequence
from multiprocessing.process import BaseProcess
from time import monotonic

from gotcha.config import Config
from jobs.queue_name import QueueName
from pipeline.errors import GotchaError

_log = logging.getLogger(__name__)

_STOP_S = 1.5
_RESTART_S, _LONGEST_RESTART_S = 1.0, 60.0
_PR_SET_PDEATHSIG = 1


class WorkerProcess:
    """Does what a queue holds, beside the cameras.

    Storing has a process of its own, so that a slow disk or database never holds up a camera, and so that it
    may be killed at any moment: the job is done again, and stored once. Analysing files has another, so that
    storing never waits behind a model.

    Args:
        config: whose database to use.
        redis_url: the queue's Redis, an embedded one's too.
        queue: which one it works on.
    """

    def __init__(self, config: Config, redis_url: str, queue: QueueName = QueueName.LIGHT) -> None:
        self._config = config
        self._redis_url = redis_url
        self._queue = queue
        self._process: BaseProcess | None = None
        self._wait_s = _RESTART_S
        self._died_s: float | None = None
        self._asked = False

    def start(self) -> None:
        """Start it; returns at once."""
        # `spawn`: a forked copy of a program with threads and open models may hang in their locks.
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(
            target=serve,
            args=(self._config, self._redis_url, os.getpid(), self._queue),
            name=f"worker-{self._queue.value}",
        )
        self._process.start()

    def keep_alive(self) -> None:
        """Start it again when it has died; to be called now and then. Waits longer from death to death."""
        if self._process is None or self._asked or self._process.is_alive():
            return
        if self._died_s is None:
            self._died_s = monotonic()
            _log.warning(
                "the worker on the queue %s ended with status %s; starting it again in %g s",
                self._queue.value,
                self._process.exitcode,
                self._wait_s,
            )
        elif monotonic() - self._died_s >= self._wait_s:
            self._died_s = None
            self._wait_s = min(2 * self._wait_s, _LONGEST_RESTART_S)
            self.start()

    def ask_to_stop(self) -> None:
        """Let it end after the job it is doing; returns at once."""
        # A second SIGTERM would end it in the middle of a job.
        if self._process is not None and not self._asked:
            self._asked = True
            self._process.terminate()

    def stop(self, within_s: float = _STOP_S) -> None:
        """End it: its job first if that is quick, else the job is done again at the next start."""
        self.ask_to_stop()
        process, self._process = self._process, None
        if process is None:
            return
        process.join(within_s)
        if process.is_alive():
            process.kill()
            process.join()


def serve(config: Config, redis_url: str, parent: int, queue: QueueName) -> None:
    """What the process does: work until SIGTERM, or until the program that started it is gone."""
    # Ctrl-C in a terminal reaches every process of the group; the program decides when the worker ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
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

        analyze_uploads(config, redis_url, stop)


class WorkerGroup:
    """Several worker processes as one.

    Args:
        workers: not started yet.
    """

    def __init__(self, workers: Sequence[WorkerProcess]) -> None:
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

    def stop(self, within_s: float = _STOP_S) -> None:
        """End them, as `WorkerProcess.stop`."""
        self.ask_to_stop()
        for worker in self._workers:
            worker.stop(within_s)
