"""Work that is done once an hour beside a program's own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gotcha.beside import beside, outlasting

_log = logging.getLogger(__name__)

EVERY_S = 3600.0
FIRST_AFTER_S = 60.0


@contextmanager
def hourly(name: str, work: Callable[[], None]) -> Iterator[None]:
    """Calls `work` a minute after the block begins and then once an hour while it runs, in a thread `name`.

    A round that fails is logged, and the next one comes an hour later.
    """
    waits = f"the {name} failed, the next is in an hour: %s"
    failed = f"the {name} failed with an unexpected error, the next is in an hour"

    def run(stop: threading.Event) -> None:
        wait_s = FIRST_AFTER_S
        while not stop.wait(wait_s):
            wait_s = EVERY_S
            with outlasting(_log, waits, failed, level=logging.ERROR):
                work()

    with beside(name, run):
        yield
