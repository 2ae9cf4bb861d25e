"""CPU seconds by stage: each stage counts only what its inner stages do not."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Adds up CPU time of the whole process by stage."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.calls: defaultdict[str, int] = defaultdict(int)
        self._stack: list[str] = []
        self._since = 0.0

    def taken(self) -> Stopwatch:
        """What was measured so far, as a stopwatch of its own; this one begins anew."""
        apart = Stopwatch()
        apart.seconds, self.seconds = self.seconds, apart.seconds
        apart.calls, self.calls = self.calls, apart.calls
        return apart

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """What runs inside belongs to `name`, except what belongs to a stage inside it."""
        self._book()
        self._stack.append(name)
        self.calls[name] += 1
        try:
            yield
        finally:
            self._book()
            self._stack.pop()

    @property
    def total(self) -> float:
        """CPU seconds of all stages."""
        return sum(self.seconds.values())

    def _book(self) -> None:
        now = time.process_time()
        if self._stack:
            self.seconds[self._stack[-1]] += now - self._since
        self._since = now
