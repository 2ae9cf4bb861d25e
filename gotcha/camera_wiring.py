"""The cameras of a program wired to sources, watches and memories; leased where nodes share them."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass

from gotcha.camera_group import CameraGroup, OwnCameras
from gotcha.camera_runner import CameraRunner
from gotcha.camera_setup import CameraSetup, Memory, StepObserver, always, usually_late_s
from gotcha.config_cameras import DeviceCamera
from gotcha.device_inbox import DatabaseInbox, JudgingMemory
from gotcha.leased import LeasedMemory, LeasedSink
from gotcha.models import Models
from gotcha.runner_log import RunnerLog
from gotcha.settings_in_force import SettingsInForce
from gotcha.shared_cameras import MARGIN_S, SharedCameras
from gotcha.source_wiring import build_source, frames_waiting, is_live
from gotcha.state_folder import CameraLocks
from gotcha.wiring import build_watch
from jobs.camera_leases import CameraLeases
from jobs.lease import Lease
from jobs.outbox import Outbox
from jobs.redis_connection import connect
from jobs.redis_watch_memory import RedisWatchMemory
from pipeline.frame import Frame, FrameSource
from pipeline.report import EvidenceStore, ReportSink
from pipeline.watch import CameraWatch
from pipeline.watch_step import WatchStep
from storage.watch_memory import WatchMemory

# Leases last seconds: who asks for them must not wait for Redis much longer than one.
LEASE_WAIT_S = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraWiring:
    """What the cameras of a program have in common.

    Attributes:
        settings: which cameras there are, and how each is watched.
        models: open ones, shared by all.
        locks: keep other programs with the same state folder away from the cameras.
        evidence: where pictures go.
        outbox: where reports go.
        memory: what cameras know, on this machine.
        log: keeps their runners.
        observe: is told of every frame, in the cameras' threads.
    """

    settings: SettingsInForce
    models: Models
    locks: CameraLocks
    evidence: EvidenceStore
    outbox: Outbox
    memory: WatchMemory
    log: RunnerLog
    observe: StepObserver

    def group(self) -> CameraGroup:
        """All cameras, or those that this node is given; nothing is watched before its start.

        Raises:
            QueueError: the address of Redis is wrong.
        """
        config, wanted = self.settings.config, self.settings.editions
        url = config.redis_url
        if url is None or not config.queue.share_cameras:
            return OwnCameras(
                wanted, lambda name: self._runner(name, self.outbox, self.memory), self._dropped
            )
        shared = RedisWatchMemory(connect(url, wait_s=LEASE_WAIT_S))

        def leased(lease: Lease) -> CameraRunner:
            return self._runner(
                lease.camera,
                LeasedSink(self.outbox, lease),
                LeasedMemory(shared, self.memory, lease),
                lambda: lease.held(for_s=MARGIN_S),
            )

        leases = CameraLeases(connect(url, wait_s=LEASE_WAIT_S), node_name())
        return SharedCameras(leases, wanted, leased, self._dropped)

    def _runner(
        self, name: str, sink: ReportSink, memory: Memory, may_watch: Callable[[], bool] = always
    ) -> CameraRunner:
        settings = self.settings
        config = settings.config
        camera = config.camera(name)
        live = is_live(camera)
        self.locks.take(name)

        def watch(source: FrameSource) -> CameraWatch:
            return build_watch(
                settings.config, name, models=self.models, evidence=self.evidence, sink=sink, cut=source.clip
            )

        kept: Memory | None = memory if live else None
        observe = self.observe
        inbox: DatabaseInbox | None = None
        if isinstance(camera, DeviceCamera):
            inbox = DatabaseInbox(config, name)
            kept, observe = self._judging(JudgingMemory(memory, inbox))
        setup = CameraSetup(
            name=name,
            live=live,
            source=lambda notices: build_source(settings.config, name, notices=notices, inbox=inbox),
            watch=watch,
            memory=kept,
            may_watch=may_watch,
            revision=lambda: settings.revision(name),
            waiting=frames_waiting(camera),
            late_after_s=usually_late_s if inbox is None else inbox.late_after_s,
        )
        runner = CameraRunner(setup, observe)
        self.log.begin(name, runner)
        return runner

    def _judging(self, memory: JudgingMemory) -> tuple[Memory, StepObserver]:
        def observe(camera: str, frame: Frame, step: WatchStep) -> None:
            memory.saw(frame)
            self.observe(camera, frame, step)

        return memory, observe

    def _dropped(self, name: str) -> None:
        """A camera was removed: it is not told of any more, and another program may watch it."""
        self.log.drop(name)
        self.locks.release(name)


def node_name() -> str:
    """A name for this program among all that share cameras."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
