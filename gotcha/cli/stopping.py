"""Ctrl-C and SIGTERM: end in order, and at once when asked a second time."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from gotcha.cli.console import err


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set; a second signal acts as if nothing had been installed.

    Only for the main thread, where Python delivers signals.
    """
    stop = threading.Event()
    earlier = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in earlier.items():
            signal.signal(number, handler)

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        restore()
        err().print("Ending; once more to end at once.", style="yellow")

    for number in earlier:
        signal.signal(number, ask)
    try:
        yield stop
    finally:
        restore()
