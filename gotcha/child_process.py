"""A process that the program brings along: started again should it die, ended with the program."""

from __future__ import annotations

import ctypes
import logging
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from time import monotonic

_log = logging.getLogger(__name__)

STOP_S = 1.5
_RESTART_S, _LONGEST_RESTART_S = 1.0, 60.0
# Who lived this long was well: the next wait is a first one again.
HEALTHY_S = 60.0
_PR_SET_PDEATHSIG = 1


class ChildProcess:
    """One such process.

    Args:
        called: what the log calls it, such as "the dashboard".
        target: what it does; a function of a module, which begins with `tie_to_parent`.
        arguments: of `target`; they are pickled.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        called: str,
        target: Callable[..., None],
        arguments: tuple[object, ...],
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._called = called
        self._target = target
        self._arguments = arguments
        self._clock = clock
        self._process: BaseProcess | None = None
        self._started_s = 0.0
        self._wait_s = _RESTART_S
        self._died_s: float | None = None
        self._asked = False

    def start(self) -> None:
        """Start it; returns at once."""
        # `spawn`: a forked copy of a program with threads and open models may hang in their locks.
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=self._target, args=self._arguments, name=self._called)
        self._process.start()
        self._started_s = self._clock()

    def keep_alive(self) -> None:
        """Start it again when it has died; to be called now and then. Waits longer from death to death,
        until it has lived for a healthy time.
        """
        if self._process is None or self._asked or self._process.is_alive():
            return
        if self._died_s is None:
            self._died_s = self._clock()
            if self._died_s - self._started_s >= HEALTHY_S:
                self._wait_s = _RESTART_S
            _log.warning(
                "%s ended with status %s; starting it again in %g s",
                self._called,
                self._process.exitcode,
                self._wait_s,
            )
        elif self._clock() - self._died_s >= self._wait_s:
            self._died_s = None
            self._wait_s = min(2 * self._wait_s, _LONGEST_RESTART_S)
            self.start()

    def ask_to_stop(self) -> None:
        """Let it end after what it is doing; returns at once."""
        # A second SIGTERM would end it in the middle of that.
        if self._process is not None and not self._asked:
            self._asked = True
            self._process.terminate()

    def stop(self, within_s: float = STOP_S) -> None:
        """End it: in its own time if that is quick. A worker's job is done again at the next start."""
        self.ask_to_stop()
        process, self._process = self._process, None
        if process is None:
            return
        process.join(within_s)
        if process.is_alive():
            process.kill()
            process.join()


def tie_to_parent(parent: int) -> bool:
    """Let this process end with the one that started it; False when that one is gone already.

    Ctrl-C in a terminal reaches every process of the group: here it does nothing, as the program decides when
    its children end, by SIGTERM.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        return os.getppid() == parent
    return True
