"""What a camera's watch works with while it is leased: a sink and a memory that know whose turn it is."""

from __future__ import annotations

import logging

from jobs.lease import Lease
from jobs.redis_watch_memory import RedisWatchMemory
from pipeline.errors import QueueError, StorageError
from pipeline.report import CameraEvent, Report, ReportSink
from storage.watch_memory import WatchMemory

_log = logging.getLogger(__name__)


class LeasedSink:
    """Passes reports on while the lease lasts; afterwards the node that has it makes them."""

    def __init__(self, sink: ReportSink, lease: Lease) -> None:
        self._sink = sink
        self._lease = lease

    def offer(self, item: Report | CameraEvent) -> None:
        if not self._lease.held():
            raise QueueError(
                f"the lease of camera {self._lease.camera} has run out: the node that has it now reports"
            )
        self._sink.offer(item)


class LeasedMemory:
    """Keeps a camera's state in Redis, where the next node finds it, and in a folder, should Redis lose it.

    Args:
        shared: in Redis.
        own: this node's folder.
        lease: under which it is written.
    """

    def __init__(self, shared: RedisWatchMemory, own: WatchMemory, lease: Lease) -> None:
        self._shared = shared
        self._own = own
        self._lease = lease

    def save(self, camera: str, state: bytes) -> None:
        """Replace what is kept.

        Raises:
            StorageError: neither place took it.
        """
        try:
            if not self._shared.save(camera, state, fence=self._lease.fence):
                _log.info("%s: another node has gone on with it; its memory stays as it is", camera)
                self._lease.lost = True
                return
        except StorageError as error:
            _log.debug("%s", error)
        self._own.save(camera, state)

    def set_aside(self, camera: str) -> None:
        """Keep what could not be used, on this node, so that the next save does not overwrite it."""
        try:
            state = self._shared.load(camera)
        except StorageError as error:
            _log.debug("%s", error)
            state = None
        if state is not None:
            self._own.save(camera, state)
        self._own.set_aside(camera)

    def take_accepted_view(self, camera: str) -> bool:
        """Whether word was left on this node that the camera's view is right as it is; taken once."""
        return self._own.take_accepted_view(camera)

    def load(self, camera: str) -> bytes | None:
        """What any node kept last; what this one kept where Redis has nothing.

        Raises:
            StorageError: neither place gave it.
        """
        try:
            state = self._shared.load(camera)
        except StorageError as error:
            _log.warning("%s", error)
            state = None
        return state if state is not None else self._own.load(camera)
