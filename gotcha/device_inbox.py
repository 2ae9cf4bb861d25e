"""The frames of a camera that sleeps, from the database to its watch, and their end once they are judged."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from time import monotonic

from gotcha.camera_setup import Memory
from gotcha.config import Config
from gotcha.device_interval import default_interval_s, told_interval_s
from jobs.camera_status import STALLED_AFTER_S
from pipeline.errors import StorageError
from pipeline.frame import Frame
from sources.device import LATE_INTERVALS, InboxJpeg
from storage.database import open_database
from storage.device_store import SqlDevices

_log = logging.getLogger(__name__)

_ASK_EVERY_S = 5.0


class DatabaseInbox:
    """Implements `sources.device.Inbox`; the database is opened when it is first asked. Threads may share it.

    Args:
        config: whose database, and what the camera's devices are told unless told otherwise.
        camera: whose frames.
    """

    def __init__(self, config: Config, camera: str) -> None:
        self._config = config
        self._camera = camera
        self._devices: SqlDevices | None = None
        self._lock = threading.Lock()
        # When each frame was taken that was handed out and is not done with.
        self._seen: dict[int, datetime] = {}
        self._interval_s = default_interval_s(config, camera)
        self._asked_s = -math.inf

    def waiting(self, after: InboxJpeg | None) -> Sequence[InboxJpeg]:
        since = None if after is None else (after.taken_at, after.number)
        frames = self._opened().waiting(self._camera, after=since)
        with self._lock:
            self._seen.update((frame.number, frame.taken_at) for frame in frames)
        return tuple(
            InboxJpeg(number=frame.number, data=frame.jpeg, taken_at=frame.taken_at) for frame in frames
        )

    def interval_s(self) -> float:
        """Seconds from one frame to the next, as the camera's devices are told now: `gotcha device set` holds
        at once. While the database is away it is what it was.
        """
        if monotonic() - self._asked_s >= _ASK_EVERY_S:
            self._asked_s = monotonic()
            try:
                self._interval_s = told_interval_s(self._config, self._camera, self._opened().all())
            except StorageError as error:
                _log.debug("%s: what its devices are told is not known now: %s", self._camera, error)
        return self._interval_s

    def late_after_s(self) -> float:
        """Seconds without a frame after which it is late, as was asked last; the database is not."""
        return max(STALLED_AFTER_S, LATE_INTERVALS * self._interval_s)

    def judged(self, until: datetime) -> None:
        """Forget the frames taken at or before `until`; says how many of them came too late to be judged.

        Raises:
            StorageError: the database is away or refuses.
        """
        with self._lock:
            seen = frozenset(self._seen)
        late = self._opened().judged(self._camera, until, seen=seen, at=datetime.now(UTC))
        with self._lock:
            self._seen = {number: at for number, at in self._seen.items() if at > until}
        if late:
            _log.warning(
                "%s: frames that came when newer ones had been judged already, and were passed over: %d",
                self._camera,
                late,
            )

    def _opened(self) -> SqlDevices:
        with self._lock:
            if self._devices is None:
                self._devices = SqlDevices(open_database(self._config.database_url))
            return self._devices


class JudgingMemory:
    """A memory that lets frames go once a state that knows them is kept: a crash loses none.

    Implements `gotcha.camera_setup.Memory`.

    Args:
        inner: keeps the state.
        inbox: holds the frames.
    """

    def __init__(self, inner: Memory, inbox: DatabaseInbox) -> None:
        self._inner = inner
        self._inbox = inbox
        self._judged: datetime | None = None

    def saw(self, frame: Frame) -> None:
        """The watch has taken `frame` in."""
        self._judged = frame.taken_at

    def save(self, camera: str, state: bytes) -> None:
        self._inner.save(camera, state)
        if self._judged is None:
            return
        try:
            self._inbox.judged(self._judged)
        except StorageError as error:
            _log.warning("%s: judged frames stay in the inbox for now: %s", camera, error)

    def load(self, camera: str) -> bytes | None:
        return self._inner.load(camera)

    def set_aside(self, camera: str) -> None:
        self._inner.set_aside(camera)

    def take_accepted_view(self, camera: str) -> bool:
        return self._inner.take_accepted_view(camera)
