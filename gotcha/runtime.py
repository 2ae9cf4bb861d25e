"""The program while it runs: a thread for each camera, the dispatcher, and where wanted the worker."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Collection, Iterator
from time import monotonic

from gotcha.camera_board import CameraBoard
from gotcha.camera_wiring import LEASE_WAIT_S, CameraWiring, node_name
from gotcha.child_process import ChildProcess
from gotcha.config import Config
from gotcha.dead_letters import burying_hourly
from gotcha.evidence_wiring import open_evidence
from gotcha.live_pictures import LivePictures
from gotcha.models import Models
from gotcha.run_summary import RunSummary
from gotcha.runner_log import RunnerLog
from gotcha.settings_in_force import SettingsInForce
from gotcha.state_folder import CameraLocks, prepare, watching
from gotcha.web_process import WebProcess
from gotcha.worker_process import WorkerGroup, WorkerProcess
from jobs.dispatcher import Dispatcher
from jobs.embedded_redis import RedisService, open_redis
from jobs.outbox import Outbox
from jobs.queue_name import QueueName
from jobs.redis_connection import connect
from pipeline.frame import Frame
from pipeline.watch_step import WatchStep
from storage.watch_memory import WatchMemory

_log = logging.getLogger(__name__)

# Ctrl-C ends within two seconds, Redis included: cameras that block in their library longer than this, all
# together, are left behind (their threads are daemons and their state is on disk), and a job that a worker
# cannot finish by then is done again.
_JOIN_S = 0.9
_ALL_S = 1.6
_POLL_S = 0.2


class Runtime:
    """Watches the cameras of a configuration.

    Args:
        config: what to watch.
        models: models that are open already; by default they are opened now.
        observe: is told of every frame, in the cameras' threads.
        only: the cameras it is to watch whatever others are added; None for all.

    Raises:
        ModelError: the models cannot be opened.
        StorageError: the state folder cannot be used.
    """

    def __init__(
        self,
        config: Config,
        *,
        models: Models | None = None,
        observe: Callable[[str, Frame, WatchStep], None] | None = None,
        only: Collection[str] | None = None,
    ) -> None:
        self._config = config
        self._settings = SettingsInForce(config, opens_cameras=True, only=only)
        # Before the models, which take seconds to open.
        prepare(config.state_dir)
        self._models = models or Models(config)
        self._observe = observe
        self._outbox: Outbox | None = None
        self._board: CameraBoard | None = None
        self._log = RunnerLog()
        self._ending_since_s: float | None = None

    @property
    def waiting(self) -> int:
        """Reports and events that are on disk and not stored yet; 0 before a run."""
        if self._outbox is None:
            return 0
        counts = self._outbox.counts()
        return counts.pending + counts.sent

    def run(self, stop: threading.Event) -> RunSummary:
        """Watch until every source has ended or `stop` is set; a worker elsewhere stores the reports.

        Raises:
            QueueError: the queue's Redis or the outbox cannot be opened.
            EvidenceError: the evidence folder or bucket cannot be used.
            StorageError: another program watches one of the cameras with the same state folder.
        """
        with self._opened() as (service, locks), burying_hourly(self._config):
            return self._watch(service, locks, stop)

    def run_with_worker(self, stop: threading.Event) -> RunSummary:
        """The same with a worker of its own; once the sources have ended, what waits is stored first.

        Raises:
            QueueError, EvidenceError, StorageError: see `run`.
        """
        with self._opened() as (service, locks):
            children: list[ChildProcess] = [
                WorkerProcess(self._config, service.url, queue) for queue in QueueName
            ]
            if self._config.web.enabled:
                children.append(WebProcess(self._config, service.url))
            worker = WorkerGroup(children)
            worker.start()
            try:
                return self._watch(service, locks, stop, worker)
            finally:
                worker.stop(self._left_s())

    @contextlib.contextmanager
    def _opened(self) -> Iterator[tuple[RedisService, CameraLocks]]:
        """The queue's Redis and the locks; says at last how long the end took."""
        with (
            watching(self._config.state_dir, self._config.cameras) as locks,
            open_redis(self._config.redis_url, self._config.state_dir, must_answer=False) as service,
        ):
            yield service, locks
        if self._ending_since_s is not None:
            _log.info("everything is written; the end took %.2f s", monotonic() - self._ending_since_s)

    def _left_s(self, most_s: float = _ALL_S) -> float:
        """Seconds left for what has to end yet, at most `most_s`."""
        passed_s = 0.0 if self._ending_since_s is None else monotonic() - self._ending_since_s
        return min(most_s, max(0.0, _ALL_S - passed_s))

    def _watch(
        self,
        service: RedisService,
        locks: CameraLocks,
        stop: threading.Event,
        worker: WorkerGroup | None = None,
    ) -> RunSummary:
        config = self._config
        self._outbox = Outbox(config.state_dir / "outbox.db")
        dispatcher = Dispatcher(self._outbox, service.connect())
        evidence = open_evidence(config)
        cameras = CameraWiring(
            settings=self._settings,
            models=self._models,
            locks=locks,
            evidence=evidence,
            outbox=self._outbox,
            memory=WatchMemory(config.state_dir / "memory"),
            log=self._log,
            observe=self._stepped,
        ).group()
        board = self._board = CameraBoard(
            connect(service.url, wait_s=LEASE_WAIT_S),
            node_name(),
            self._log.watched,
            self._outbox,
            config.state_dir,
            LivePictures(lambda: self._settings.config),
        )
        dispatcher.start()
        board.start()
        self._settings.start()
        try:
            cameras.start()
            never = not config.cameras and config.path is None
            if not config.cameras and not never:
                _log.info("there is no camera yet: add one on the dashboard, under Settings")
            while not stop.wait(_POLL_S):
                cameras.keep_up()
                if worker is not None:
                    worker.keep_alive()
                # Without a worker here nobody knows when the one elsewhere comes: the reports wait on disk.
                if (cameras.over or never) and (worker is None or self.waiting == 0):
                    break
        finally:
            self._ending_since_s = monotonic()
            if worker is not None and self.waiting == 0:
                # It ends while the cameras do; with something to store it is given that time.
                worker.ask_to_stop()
            # The cameras stop at the end too, when it is not the user who ends the run.
            cameras.end(_JOIN_S)
            if worker is not None:
                worker.ask_to_stop()
            dispatcher.stop()
            dispatcher.join(self._left_s())
            board.end(self._left_s(_POLL_S))
            self._settings.end(self._left_s(_POLL_S))
            summary = self._summary()
            self._outbox.close()
            self._outbox = None
        return summary

    def _stepped(self, camera: str, frame: Frame, step: WatchStep) -> None:
        for change in step.changes:
            _log.info(
                "%s: %s %s in %s after %.0f s",
                camera,
                change.vehicle.label.value,
                change.state.value,
                change.zone,
                change.stood_s,
            )
        for report in step.reports:
            self._log.reports[camera] += report.revision == 1
            reason = f" ({report.rejection.value})" if report.rejection else ""
            left = "; the vehicle has left" if report.departed_at else ""
            _log.info("%s: report %s is %s%s%s", camera, report.id[:8], report.state.value, reason, left)
        if self._board is not None:
            self._board.step(camera, frame, step)
        if self._observe is not None:
            self._observe(camera, frame, step)

    def _summary(self) -> RunSummary:
        return RunSummary(
            cameras=self._log.summary(self._config.cameras),
            waiting=self.waiting,
            dead=0 if self._outbox is None else self._outbox.counts().dead,
        )
