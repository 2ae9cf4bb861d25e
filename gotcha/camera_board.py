"""Tells once a second how the cameras of this program fare, for the dashboard."""

from __future__ import annotations

import logging
import shutil
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from gotcha.camera_runner import CameraRunner
from gotcha.live_pictures import LivePictures
from jobs.camera_status import CameraStatus, StatusBoard
from jobs.context import utc_now
from jobs.live_view import LiveViews
from jobs.node_status import NodeBoard, NodeStatus
from jobs.outbox import Outbox
from pipeline.errors import QueueError
from pipeline.frame import Frame
from pipeline.report import CameraCondition
from pipeline.watch_step import WatchStep

if TYPE_CHECKING:
    from redis import Redis

_log = logging.getLogger(__name__)

_EVERY_S = 1.0
_ROUNDS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    condition: CameraCondition
    taken_at: datetime
    heard_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    at_s: float
    frames: int
    dropped: int


class CameraBoard:
    """Collects what the cameras' threads do, and tells it from a thread of its own.

    Args:
        client: with short waits; nobody waits for it but this thread.
        node: this program's name.
        runners: every camera's runners so far, the last of which watches now.
        outbox: what of it waits or was refused is told too.
        state_dir: whose disk is told.
        pictures: draws for those who look.
        now: the clock, aware UTC.
    """

    def __init__(
        self,
        client: Redis,
        node: str,
        runners: Mapping[str, Sequence[CameraRunner]],
        outbox: Outbox,
        state_dir: Path,
        pictures: LivePictures,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._statuses = StatusBoard(client)
        self._nodes = NodeBoard(client)
        self._node = node
        self._runners = runners
        self._outbox = outbox
        self._state_dir = state_dir
        self._pictures = pictures
        self._views = LiveViews(client)
        self._now = now
        self._seen: dict[str, _Seen] = {}
        self._counted: dict[str, deque[_Counted]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera-board", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self, timeout_s: float) -> None:
        """Stop telling; what was told is forgotten within seconds."""
        self._stop.set()
        self._thread.join(timeout_s)

    def step(self, camera: str, frame: Frame, step: WatchStep) -> None:
        """Take note of a frame; called in the camera's thread."""
        self._seen[camera] = _Seen(condition=step.condition, taken_at=frame.taken_at, heard_at=self._now())
        self._pictures.step(camera, frame, step)

    def tell(self) -> None:
        """Tell what is known now.

        Raises:
            QueueError: Redis is away, or the outbox cannot be read.
        """
        watched = {name: runners[-1] for name, runners in dict(self._runners).items() if runners}
        self._statuses.tell([self._status(name, runner) for name, runner in watched.items()])
        self._pictures.want(self._views.watched(watched))
        if made := self._pictures.take():
            self._views.leave(made)
        counts = self._outbox.counts()
        disk = shutil.disk_usage(self._state_dir)
        self._nodes.tell(
            NodeStatus(
                node=self._node,
                waiting=counts.pending + counts.sent,
                refused=counts.dead,
                disk_free=disk.free,
                disk_total=disk.total,
            )
        )

    def _run(self) -> None:
        away = False
        while not self._stop.wait(_EVERY_S):
            try:
                self.tell()
                away = False
            except (QueueError, OSError) as error:
                if not away:
                    _log.debug("the dashboard is not told how the cameras fare: %s", error)
                away = True

    def _status(self, name: str, runner: CameraRunner) -> CameraStatus:
        counts, seen = runner.counts, self._seen.get(name)
        now = _Counted(at_s=monotonic(), frames=counts.frames, dropped=counts.dropped)
        # Over a few seconds: a camera of one frame a second would else jump between 0 and 2.
        kept = self._counted.setdefault(name, deque(maxlen=_ROUNDS))
        before = kept[0] if kept else now
        kept.append(now)
        passed_s = now.at_s - before.at_s
        return CameraStatus(
            camera=name,
            node=self._node,
            told_at=self._now(),
            condition=None if seen is None else seen.condition,
            frame_at=None if seen is None else seen.taken_at,
            heard_at=None if seen is None else seen.heard_at,
            analysed_rate=max(0.0, (now.frames - before.frames) / passed_s) if passed_s else 0.0,
            dropped_rate=max(0.0, (now.dropped - before.dropped) / passed_s) if passed_s else 0.0,
            frames=counts.frames,
            dropped=counts.dropped,
            damaged=counts.damaged,
            restarts=counts.restarts,
            trouble=runner.trouble,
            failure=runner.failure,
            late_after_s=runner.late_after_s,
        )
