"""The program while it runs: a thread for each camera, the dispatcher, and where wanted the worker."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from gotcha.camera_runner import CameraRunner, CameraSetup
from gotcha.config import Config
from gotcha.evidence_wiring import open_evidence
from gotcha.models import Models
from gotcha.source_wiring import build_source, is_live
from gotcha.state_folder import prepare, watching
from gotcha.wiring import build_watch
from gotcha.worker_process import WorkerProcess
from jobs.dispatcher import Dispatcher
from jobs.embedded_redis import RedisService, open_redis
from jobs.outbox import Outbox
from pipeline.frame import Frame, FrameSource
from pipeline.report import EvidenceStore
from pipeline.watch import CameraWatch, WatchStep
from storage.watch_memory import WatchMemory

_log = logging.getLogger(__name__)

# Ctrl-C ends within two seconds: cameras that block in their library longer than this, all together, are left
# behind (their threads are daemons and their state is on disk).
_JOIN_S = 1.0
_POLL_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSummary:
    """What one camera did: frames seen, detector runs, damaged and dropped frames, reports offered, restarts.

    `failure` is why it could not be watched at all, `trouble` what its source complained of last and has not
    overcome; both one sentence, or None.
    """

    name: str
    frames: int
    detected: int
    damaged: int
    dropped: int
    reports: int
    restarts: int
    failure: str | None
    trouble: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """What a run did, how many reports still wait on disk, and how many were refused for good."""

    cameras: tuple[CameraSummary, ...]
    waiting: int
    dead: int


class Runtime:
    """Watches the cameras of a configuration.

    Args:
        config: what to watch.
        models: models that are open already; by default they are opened now.
        observe: is told of every frame, in the cameras' threads.

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
    ) -> None:
        self._config = config
        # Before the models, which take seconds to open.
        prepare(config.state_dir)
        self._models = models or Models(config)
        self._observe = observe
        self._reports: Counter[str] = Counter()
        self._outbox: Outbox | None = None

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
        with (
            watching(self._config.state_dir, self._config.cameras),
            open_redis(self._config.redis_url, self._config.state_dir, must_answer=False) as service,
        ):
            return self._watch(service, stop)

    def run_with_worker(self, stop: threading.Event) -> RunSummary:
        """The same with a worker of its own; once the sources have ended, what waits is stored first.

        Raises:
            QueueError, EvidenceError, StorageError: see `run`.
        """
        with (
            watching(self._config.state_dir, self._config.cameras),
            open_redis(self._config.redis_url, self._config.state_dir, must_answer=False) as service,
        ):
            worker = WorkerProcess(self._config, service.url)
            worker.start()
            try:
                return self._watch(service, stop, worker)
            finally:
                worker.stop()

    def _watch(
        self, service: RedisService, stop: threading.Event, worker: WorkerProcess | None = None
    ) -> RunSummary:
        config = self._config
        self._outbox = Outbox(config.state_dir / "outbox.db")
        dispatcher = Dispatcher(self._outbox, service.connect())
        evidence = open_evidence(config)
        memory = WatchMemory(config.state_dir / "memory")
        runners = {name: self._runner(name, evidence, memory) for name in config.cameras}
        # The cameras stop at the end too, when it is not the user who ends the run.
        ending = threading.Event()
        threads = [
            threading.Thread(target=runner.run, args=(ending,), name=f"watch-{name}", daemon=True)
            for name, runner in runners.items()
        ]
        dispatcher.start()
        try:
            for thread in threads:
                thread.start()
            while not stop.wait(_POLL_S):
                if worker is not None:
                    worker.keep_alive()
                if not any(thread.is_alive() for thread in threads) and self._done(worker):
                    break
        finally:
            ending.set()
            if worker is not None and self.waiting == 0:
                # It ends while the cameras do; with something to store it is given that time.
                worker.ask_to_stop()
            deadline_s = monotonic() + _JOIN_S
            for thread in threads:
                thread.join(max(0.0, deadline_s - monotonic()))
            dispatcher.stop()
            dispatcher.join(_JOIN_S)
            summary = self._summary(runners)
            self._outbox.close()
            self._outbox = None
        return summary

    def _done(self, worker: WorkerProcess | None) -> bool:
        # Without a worker here nobody knows when the one elsewhere comes: the reports wait on disk.
        return worker is None or self.waiting == 0

    def _runner(self, name: str, evidence: EvidenceStore, memory: WatchMemory) -> CameraRunner:
        config, models, outbox = self._config, self._models, self._outbox
        assert outbox is not None  # noqa: S101 - `_watch` has just opened it
        live = is_live(config.camera(name))

        def watch(source: FrameSource) -> CameraWatch:
            return build_watch(config, name, models=models, evidence=evidence, sink=outbox, cut=source.clip)

        setup = CameraSetup(
            name=name,
            live=live,
            source=lambda notices: build_source(config, name, notices=notices),
            watch=watch,
            memory=memory if live else None,
        )
        return CameraRunner(setup, self._stepped)

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
            self._reports[camera] += report.revision == 1
            reason = f" ({report.rejection.value})" if report.rejection else ""
            left = "; the vehicle has left" if report.departed_at else ""
            _log.info("%s: report %s is %s%s%s", camera, report.id[:8], report.state.value, reason, left)
        if self._observe is not None:
            self._observe(camera, frame, step)

    def _summary(self, runners: dict[str, CameraRunner]) -> RunSummary:
        cameras = tuple(
            CameraSummary(
                name=name,
                frames=runner.counts.frames,
                detected=runner.counts.detected,
                damaged=runner.counts.damaged,
                dropped=runner.counts.dropped,
                reports=self._reports[name],
                restarts=runner.counts.restarts,
                failure=runner.failure,
                trouble=runner.trouble,
            )
            for name, runner in runners.items()
        )
        dead = 0 if self._outbox is None else self._outbox.counts().dead
        return RunSummary(cameras=cameras, waiting=self.waiting, dead=dead)
