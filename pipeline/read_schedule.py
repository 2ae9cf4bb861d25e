"""When to try to read a standing vehicle's plate again."""

from __future__ import annotations

from pipeline.errors import InvalidValueError


class ReadSchedule:
    """Attempts at once, then after 1, 2, 4 ... up to 60 seconds, until a text is accepted.

    A vehicle that already stood there at the start is read like any other: the light changes, people walk
    away, and a plate that was hidden may show (attempts never stop by themselves).

    Args:
        first_s: seconds between the first two attempts, > 0.
        longest_s: the longest wait, at least `first_s`.

    Raises:
        InvalidValueError: the bounds are not in order.
    """

    def __init__(self, *, first_s: float = 1.0, longest_s: float = 60.0) -> None:
        if not 0 < first_s <= longest_s:
            raise InvalidValueError(
                f"expected 0 < first_s <= longest_s, got first_s {first_s} and longest_s {longest_s}"
            )
        self._longest_s = longest_s
        self._wait_s = first_s
        self._next_s: float | None = None
        self._accepted = False

    @property
    def due_s(self) -> float:
        """Media time of the next attempt; infinite once a text is accepted."""
        if self._accepted:
            return float("inf")
        return float("-inf") if self._next_s is None else self._next_s

    def due(self, at_s: float) -> bool:
        """Whether to read now, at media time `at_s`; ask only while the vehicle is visible."""
        return at_s >= self.due_s

    def attempted(self, at_s: float, *, accepted: bool) -> None:
        """Say that a reading was tried at `at_s`, and whether the vehicle's text is now accepted."""
        self._accepted = accepted
        self._next_s = at_s + self._wait_s
        self._wait_s = min(self._longest_s, 2 * self._wait_s)
