"""CPU seconds of the threads of each camera, while the program runs as it always does."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

_EVERY_S = 0.25


class ThreadCpu:
    """Adds up the CPU time of all threads whose name ends in a camera's name; a context manager.

    What a thread uses between the last look and its end is not seen: with a look four times a second, that
    is nothing for threads that live for minutes. Linux only.

    Args:
        cameras: their names.
    """

    def __init__(self, cameras: Iterable[str]) -> None:
        self._cameras = tuple(cameras)
        self._seconds: dict[tuple[str, int], float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_again, name="thread-cpu", daemon=True)

    def __enter__(self) -> ThreadCpu:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def seconds(self, camera: str) -> float:
        """CPU seconds of the threads of `camera` so far."""
        return sum(seconds for (name, _), seconds in self._seconds.items() if name == camera)

    def _look_again(self) -> None:
        ticks_per_s = os.sysconf("SC_CLK_TCK")
        while not self._stop.wait(_EVERY_S):
            for thread in threading.enumerate():
                camera = next((name for name in self._cameras if thread.name.endswith(name)), None)
                if camera is None or thread.native_id is None:
                    continue
                try:
                    stat = Path(f"/proc/self/task/{thread.native_id}/stat").read_text(encoding="ascii")
                except OSError:  # It has just ended.
                    continue
                # The second field, in brackets, may hold anything; user and system time follow it (proc(5)).
                fields = stat.rpartition(")")[2].split()
                self._seconds[camera, thread.native_id] = (int(fields[11]) + int(fields[12])) / ticks_per_s
