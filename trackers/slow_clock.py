"""A clock that runs slower than the true one, by a ratio that may change as it runs."""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.errors import InvalidValueError

_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
# So many changes back the past is told exactly; what stood longer is told by the oldest ratio that is known.
_MOST_KNOTS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class _Knot:
    """From `true` on, which is `slow` on the slow clock, one second of it takes `slower` true ones."""

    true: datetime
    slow: datetime
    slower: float


class SlowClock:
    """Tells true times in slow ones and back. Both always go forward, whatever the ratio becomes.

    Args:
        slower: by how much it runs slower, at least 1.
    """

    def __init__(self, slower: float) -> None:
        self._knots = [_Knot(true=_EPOCH, slow=_EPOCH, slower=_checked(slower))]

    def turn(self, at: datetime, slower: float) -> None:
        """Run slower by `slower` after `at`, which is no earlier than any turn before.

        Raises:
            InvalidValueError: it would run faster than time.
        """
        last = self._knots[-1]
        if _checked(slower) == last.slower:
            return
        knot = _Knot(true=at, slow=self.slow(at), slower=slower)
        if at <= last.true:
            self._knots[-1] = _Knot(true=last.true, slow=last.slow, slower=slower)
        else:
            self._knots = [*self._knots, knot][-_MOST_KNOTS:]

    def slow(self, true: datetime) -> datetime:
        """What the slow clock shows at a true time."""
        place = bisect_right(self._knots, true, key=lambda knot: knot.true)
        knot = self._knots[max(0, place - 1)]
        return knot.slow + (true - knot.true) / knot.slower

    def true(self, slow: datetime) -> datetime:
        """The true time at which the slow clock shows `slow`."""
        place = bisect_right(self._knots, slow, key=lambda knot: knot.slow)
        knot = self._knots[max(0, place - 1)]
        return knot.true + (slow - knot.slow) * knot.slower

    def snapshot(self) -> bytes:
        """All it knows, as one line."""
        rows = [(knot.true.isoformat(), knot.slow.isoformat(), knot.slower) for knot in self._knots]
        return json.dumps(rows).encode()

    @classmethod
    def restored(cls, line: bytes) -> SlowClock:
        """The clock of a `snapshot`.

        Raises:
            InvalidValueError: it is none.
        """
        try:
            knots = [
                _Knot(
                    true=datetime.fromisoformat(true), slow=datetime.fromisoformat(slow), slower=float(slower)
                )
                for true, slow, slower in json.loads(line)
            ]
            clock = cls(knots[0].slower)
        except (ValueError, TypeError, IndexError) as error:
            raise InvalidValueError(f"expected the snapshot of a slow clock, got {line[:40]!r}") from error
        clock._knots = knots
        return clock


def _checked(slower: float) -> float:
    if not slower >= 1.0:
        raise InvalidValueError(f"expected a clock slower by at least 1, got {slower}")
    return slower
