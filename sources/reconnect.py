"""One connection after another: waits between them, and says once what went wrong."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.errors import (
    InvalidValueError,
    SourceError,
    SourceFault,
    SourcePermanentError,
    SourceStalledError,
)
from pipeline.frame import StreamFacts
from sources.clocks import Clocks
from sources.notifier import Notifier


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryOptions:
    """How long a source waits before it tries again.

    Attributes:
        first_s: wait after the first failure; doubles with each further one.
        longest_s: never waits longer than this.
        healthy_s: a connection that lasted this long makes the next wait a first one again.
        refused_s: wait after a refusal that trying again does not cure (401, 404).
    """

    first_s: float = 1.0
    longest_s: float = 60.0
    healthy_s: float = 60.0
    refused_s: float = 300.0

    def __post_init__(self) -> None:
        if not 0.0 < self.first_s <= self.longest_s or self.healthy_s < 0.0 or self.refused_s <= 0.0:
            raise InvalidValueError(f"expected 0 < first_s <= longest_s and positive waits, got {self}")


class Backoff:
    """Exponential waits with jitter, so that a hundred cameras behind one switch do not return at once.

    Half of each wait is fixed and half is random ("equal jitter",
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    """

    def __init__(self, options: RetryOptions, rng: random.Random | None = None) -> None:
        self._options = options
        self._rng = rng or random.Random()
        self._failures = 0

    def wait_s(self, connected_s: float) -> float:
        """Seconds to wait after a connection that lived `connected_s` (0 when none came about)."""
        if connected_s >= self._options.healthy_s:
            self._failures = 0
        longest = min(self._options.longest_s, self._options.first_s * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return longest * self._rng.uniform(0.5, 1.0)


class Connections:
    """Runs a source's connections until it is told to stop.

    Args:
        notifier: who is told.
        options: the waits.
        clocks: where time comes from.
        rng: jitter.
    """

    def __init__(
        self,
        notifier: Notifier,
        options: RetryOptions,
        clocks: Clocks,
        rng: random.Random | None = None,
    ) -> None:
        self._notifier = notifier
        self._options = options
        self._clocks = clocks
        self._backoff = Backoff(options, rng)
        self._connected_at: float | None = None
        self._said: tuple[str, str] | None = None

    def connected(self, text: str, facts: StreamFacts | None = None) -> None:
        """Called by a connection as soon as its first data are there."""
        self._connected_at = self._clocks.monotonic()
        self._said = None
        self._notifier.say("connected", text, facts=facts)

    def run(self, connection: Callable[[], None], ending: threading.Event) -> None:
        """Calls `connection` again and again; it returns when its stream ended, or raises a SourceError."""
        while not ending.is_set():
            self._connected_at = None
            kind, text = "lost", "the camera ended its stream"
            fault: SourceFault | None = None
            try:
                connection()
            except SourcePermanentError as error:
                kind, text, fault = "refused", str(error), error.fault
            except SourceStalledError as error:
                kind, text, fault = "stalled", str(error), error.fault
            except SourceError as error:
                text, fault = str(error), error.fault
            if ending.is_set():
                return
            began = self._connected_at
            lived_s = 0.0 if began is None else self._clocks.monotonic() - began
            wait_s = self._options.refused_s if kind == "refused" else self._backoff.wait_s(lived_s)
            # A camera that stays away is said once, not at each attempt.
            if self._said != (kind, text):
                self._said = (kind, text)
                self._notifier.say(
                    kind, f"{text}; trying again in {max(1.0, wait_s):.0f} s and from then on", fault=fault
                )
            ending.wait(wait_s)
