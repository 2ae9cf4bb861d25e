"""How often a password may be wrong: few times for one name and address, more for each of them alone."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=15)
# A person mistypes a handful of times. The limit of a name alone is wide, as anybody can run into it on
# purpose and so lock its owner out for the window.
PER_PAIR, PER_ADDRESS, PER_NAME = 5, 20, 50
_KEPT = 10_000


@dataclass(slots=True)
class _Failures:
    begun_at: datetime
    count: int


class LoginLimits:
    """Counts wrong passwords in the memory of this process. Threads may share it."""

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, str, str], _Failures] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, name: str, address: str, *, at: datetime) -> timedelta | None:
        """How long until the next try is taken; None when it is taken now."""
        with self._lock:
            waits = [
                found.begun_at + WINDOW - at
                for key, limit in _keys(name, address)
                if (found := self._failures.get(key)) is not None
                and found.count >= limit
                and found.begun_at + WINDOW > at
            ]
        return max(waits, default=None)

    def failed(self, name: str, address: str, *, at: datetime) -> None:
        """Count a wrong password."""
        with self._lock:
            for key, _limit in _keys(name, address):
                found = self._failures.pop(key, None)
                if found is None or found.begun_at + WINDOW <= at:
                    found = _Failures(begun_at=at, count=0)
                found.count += 1
                self._failures[key] = found
            # Names and addresses are the sender's choice: what is kept has an end.
            while len(self._failures) > _KEPT:
                self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """Forget what was mistyped before; an address that tries many names keeps its count."""
        with self._lock:
            self._failures.pop(("pair", name, address), None)


def _keys(name: str, address: str) -> Iterator[tuple[tuple[str, str, str], int]]:
    yield ("pair", name, address), PER_PAIR
    yield ("address", "", address), PER_ADDRESS
    yield ("name", name, ""), PER_NAME
