"""Work that is done once an hour beside a program's own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipeline.errors import GotchaError

_log = logging.getLogger(__name__)

EVERY_S = 3600.0
FIRST_AFTER_S = 60.0


@contextmanager
def hourly(name: str, work: Callable[[], None]) -> Iterator[None]:
    """Calls `work` a minute after the block begins and then once an hour while it runs, in a thread `name`.

    A round that fails is logged, and the next one comes an hour later.
    """
    stop = threading.Event()

    def run() -> None:
        wait_s = FIRST_AFTER_S
        while not stop.wait(wait_s):
            wait_s = EVERY_S
            try:
                work()
            except GotchaError as error:
                _log.error("the %s failed, the next is in an hour: %s", name, error)
            except Exception:  # noqa: BLE001 - the thread's border: the program beside it must go on
                _log.exception("the %s failed with an unexpected error, the next is in an hour", name)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(2.0)
