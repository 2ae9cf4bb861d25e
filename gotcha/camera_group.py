"""The cameras a program watches, each in a thread: all of them by itself."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from time import monotonic
from typing import Protocol

from gotcha.camera_runner import CameraRunner


class CameraGroup(Protocol):
    """Cameras that are watched until their footage has ended or the program does."""

    def start(self) -> None: ...

    @property
    def over(self) -> bool:
        """There is nothing left to watch, and never will be."""
        ...

    def end(self, timeout_s: float) -> None:
        """Stop watching; a camera that blocks in its library longer than `timeout_s` is left behind."""
        ...


class OwnCameras:
    """Every camera of the configuration, watched by this program alone."""

    def __init__(self, runners: Mapping[str, CameraRunner]) -> None:
        self._ending = threading.Event()
        self._threads = [
            threading.Thread(target=runner.run, args=(self._ending,), name=f"watch-{name}", daemon=True)
            for name, runner in runners.items()
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    @property
    def over(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def end(self, timeout_s: float) -> None:
        self._ending.set()
        join_all(self._threads, timeout_s)


def join_all(threads: list[threading.Thread], timeout_s: float) -> None:
    """Wait for all of `threads` together, at most `timeout_s`."""
    deadline = monotonic() + timeout_s
    for thread in threads:
        if thread.ident is not None:
            thread.join(max(0.0, deadline - monotonic()))
