"""The cameras a program watches, each in a thread: all of them by itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

from gotcha.camera_runner import CameraRunner
from pipeline.errors import GotchaError

_log = logging.getLogger(__name__)

# A camera that another program has is asked for again after this long.
_AGAIN_S = 10.0

# The cameras that are to be watched now, each with a number that changes when it has to be opened anew; 0 for
# one as it was at the start.
Wanted = Callable[[], Mapping[str, int]]


class CameraGroup(Protocol):
    """Cameras that are watched until their footage has ended or the program does."""

    def start(self) -> None: ...

    def keep_up(self) -> None:
        """Begin with cameras that were added and end with those that were removed; to be called often."""
        ...

    @property
    def over(self) -> bool:
        """There were cameras, and nothing is left to watch of any."""
        ...

    def end(self, timeout_s: float) -> None:
        """Stop watching; a camera that blocks in its library longer than `timeout_s` is left behind."""
        ...


@dataclass(slots=True, kw_only=True)
class _Seat:
    """A camera that is being watched."""

    edition: int
    runner: CameraRunner
    thread: threading.Thread
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def over(self) -> bool:
        # One that was added or changed just now and cannot be watched is changed again, not the end.
        return not self.thread.is_alive() and (self.runner.footage_over or self.edition == 0)


class OwnCameras:
    """Every camera of the configuration, watched by this program alone.

    Args:
        wanted: the cameras.
        runner: makes a camera's runner.
        dropped: is told of a camera that is not watched any more, as it was removed.
    """

    def __init__(
        self, wanted: Wanted, runner: Callable[[str], CameraRunner], dropped: Callable[[str], None]
    ) -> None:
        self._wanted = wanted
        self._runner = runner
        self._dropped = dropped
        self._seats: dict[str, _Seat] = {}
        self._refused_s: dict[str, float] = {}

    def start(self) -> None:
        self.keep_up()

    def keep_up(self) -> None:
        wanted = self._wanted()
        for name, seat in tuple(self._seats.items()):
            if wanted.get(name) == seat.edition:
                continue
            seat.stop.set()
            # Its successor waits: a camera may take one viewer, and the memory has one writer.
            if not seat.thread.is_alive():
                del self._seats[name]
                if name not in wanted:
                    self._dropped(name)
                    _log.info("%s: removed, not watched any more", name)
        for name, edition in wanted.items():
            if name not in self._seats and monotonic() >= self._refused_s.get(name, 0.0):
                self._sit_down(name, edition)

    @property
    def over(self) -> bool:
        seats = tuple(self._seats.values())
        return bool(seats) and all(seat.over for seat in seats)

    def end(self, timeout_s: float) -> None:
        for seat in self._seats.values():
            seat.stop.set()
        join_all([seat.thread for seat in self._seats.values()], timeout_s)

    def _sit_down(self, name: str, edition: int) -> None:
        try:
            runner = self._runner(name)
        except GotchaError as error:
            self._refused_s[name] = monotonic() + _AGAIN_S
            _log.error("%s: not watched: %s", name, error)
            return
        stop = threading.Event()
        thread = threading.Thread(target=runner.run, args=(stop,), name=f"watch-{name}", daemon=True)
        self._seats[name] = _Seat(edition=edition, runner=runner, thread=thread, stop=stop)
        if edition:
            _log.info("%s: watched from now on with its new settings", name)
        thread.start()


def join_all(threads: list[threading.Thread], timeout_s: float) -> None:
    """Wait for all of `threads` together, at most `timeout_s`."""
    deadline = monotonic() + timeout_s
    for thread in threads:
        if thread.ident is not None:
            thread.join(max(0.0, deadline - monotonic()))
