"""A lease on a camera: the right to watch it, which runs out by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


def now_s() -> float:
    """Seconds of a clock that nobody sets and that goes on while the machine sleeps, where there is one."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


@dataclass(slots=True, kw_only=True)
class Lease:
    """One node's right to watch one camera. The node's threads share it.

    Attributes:
        camera: the camera's name.
        token: what stands in Redis while it is held; no two leases have the same.
        fence: rises with each lease of any camera: tells a later holder's writes from an earlier one's.
        ends_s: when it runs out unless renewed, seconds of `clock`.
        clock: `now_s`, but for tests.
        lost: another node has it, or it was given back.
    """

    camera: str
    token: str
    fence: int
    ends_s: float
    clock: Callable[[], float] = field(default=now_s, repr=False)
    lost: bool = False

    def held(self, *, for_s: float = 0.0) -> bool:
        """Whether this node may watch the camera, now and for `for_s` seconds more."""
        return not self.lost and self.clock() + for_s < self.ends_s
