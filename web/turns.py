"""Pages that are made one after the other, each at its full speed."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

_P = ParamSpec("_P")
_R = TypeVar("_R")


def in_turn(make: Callable[_P, _R]) -> Callable[_P, Awaitable[_R]]:
    """A route that works in a thread of its own, a request at a time.

    For pages that take milliseconds of Python: threads that make them side by side only take the
    interpreter's lock from each other, and twenty readers wait a third longer. What waits for others (a
    bucket, a file that is sent) belongs into the threads that all routes share.

    Args:
        make: answers a request; not a coroutine.
    """
    turn = CapacityLimiter(1)

    @functools.wraps(make)
    async def answer(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        return await to_thread.run_sync(functools.partial(make, *args, **kwargs), limiter=turn)

    return answer
