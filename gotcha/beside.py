"""Work beside a program's own: a thread that lasts as long as a block, and rounds that outlast an error."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import redis

from pipeline.errors import GotchaError


@contextmanager
def beside(
    name: str, work: Callable[[threading.Event], None], *, patience_s: float | None = 2.0
) -> Iterator[None]:
    """Does `work` in a thread `name` while the block runs; the event that it is given is set at the end.

    Args:
        name: of the thread.
        work: ends soon after its event is set.
        patience_s: it is waited for so long then, and left behind after that; None waits until it ends.
    """
    stop = threading.Event()
    thread = threading.Thread(target=work, args=(stop,), name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(patience_s)


@contextmanager
def outlasting(
    log: logging.Logger, waits: str, failed: str, *, level: int = logging.WARNING
) -> Iterator[None]:
    """Tells of an error of the block, one round of work after which another comes.

    Args:
        log: of the module whose work it is.
        waits: its sentence, with %s for the error, where the next round may find all well.
        failed: the sentence before the traceback of an unexpected error.
        level: of the first.
    """
    try:
        yield
    except (GotchaError, redis.RedisError) as error:
        log.log(level, waits, error)
    # The border of a thread: the program beside it must go on.
    except Exception:
        log.exception(failed)
