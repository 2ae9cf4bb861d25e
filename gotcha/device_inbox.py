"""The frames of a camera that sleeps, from the database to its watch, and their end once they are judged."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from gotcha.camera_runner import Memory
from gotcha.config import Config
from pipeline.errors import StorageError
from pipeline.frame import Frame
from sources.device import InboxJpeg
from storage.database import open_database
from storage.device_store import SqlDevices

_log = logging.getLogger(__name__)


class DatabaseInbox:
    """Implements `sources.device.Inbox`; the database is opened when it is first asked.

    Args:
        config: whose database.
        camera: whose frames.
    """

    def __init__(self, config: Config, camera: str) -> None:
        self._config = config
        self._camera = camera
        self._devices: SqlDevices | None = None

    def waiting(self, after: InboxJpeg | None) -> Sequence[InboxJpeg]:
        since = None if after is None else (after.taken_at, after.number)
        return tuple(
            InboxJpeg(number=frame.number, data=frame.jpeg, taken_at=frame.taken_at)
            for frame in self._opened().waiting(self._camera, after=since)
        )

    def judged(self, until: datetime) -> None:
        """Forget the frames taken at or before `until`.

        Raises:
            StorageError: the database is away or refuses.
        """
        self._opened().judged(self._camera, until, at=datetime.now(UTC))

    def _opened(self) -> SqlDevices:
        if self._devices is None:
            self._devices = SqlDevices(open_database(self._config.database_url))
        return self._devices


class JudgingMemory:
    """A memory that lets frames go once a state that knows them is kept: a crash loses none.

    Implements `gotcha.camera_runner.Memory`.

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
