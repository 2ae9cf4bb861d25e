"""Lets frames wait undecoded while nothing moves, so that a quiet street costs half."""

from __future__ import annotations

from collections import deque

import cv2

from pipeline.errors import InvalidValueError
from pipeline.frame import Frame
from pipeline.picture import Gray
from pipeline.view_signature import VIEW_SIZE
from pipeline.zone import Zone

# Frames begin to wait when the picture has not changed for this long: what came to rest is confirmed by then.
QUIET_S = 3.0
# A look at least this often, whatever the zones allow: the longest keyframe interval that serves them.
LONGEST_WAIT_S = 2.0
# ... and so many looks in the shortest dwell.
LOOKS_PER_DWELL = 5
# A picture is another one from so many pixels of (180, 320) on that differ by so many grey levels. The
# smallest vehicle that is judged covers 64 of them; noise and a codec's keyframes stay below 6 levels.
CHANGED_LEVELS = 12
CHANGED_PIXELS = 6
# Frames that were decoded already hold 3 MB each at 1080p.
MOST_WAITING = 4


class IdlePace:
    """Decides which frames of one camera may wait; belongs to its watch.

    Frames that wait are not thrown away: when the next one that is looked at shows another picture, they are
    judged first, in their order, as if they had never waited. Only those between two equal pictures are let
    go, and nothing is due at their time.

    Args:
        longest_s: longest time between two frames that are judged, seconds, not negative; 0 lets none wait.

    Raises:
        InvalidValueError: `longest_s` is negative.
    """

    def __init__(self, *, longest_s: float) -> None:
        if longest_s < 0.0:
            raise InvalidValueError(f"expected longest_s >= 0, got {longest_s}")
        self._longest_s = longest_s
        self._waiting: deque[Frame] = deque()
        self._gray: Gray | None = None
        self._seen_s: float | None = None
        self._judged_s = 0.0
        self._changed_s = 0.0
        self._due_s = float("-inf")

    def holds(self, frame: Frame) -> bool:
        """Whether `frame` may wait; it is then kept. Looks at its times only."""
        if self._seen_s is None or frame.discontinuity:
            return False
        next_s = frame.at_s + (frame.at_s - self._seen_s)
        may_wait = (
            next_s <= self._judged_s + self._longest_s
            and frame.at_s < self._due_s
            and frame.at_s - self._changed_s >= QUIET_S
            and len(self._waiting) < MOST_WAITING
        )
        if may_wait:
            self._waiting.append(frame)
            self._seen_s = frame.at_s
        return may_wait

    def take_changed(self, frame: Frame) -> tuple[Frame, ...]:
        """The waiting frames that have to be judged before `frame`: all if its picture is another one.

        Raises:
            PictureError: the picture of `frame` is damaged; the others go on waiting.
        """
        gray = frame.picture.gray(VIEW_SIZE)
        if frame.discontinuity or self._differs(gray):
            self._changed_s = frame.at_s
            waited = tuple(self._waiting)
        else:
            waited = ()
        self._waiting.clear()
        self._gray = gray
        self._seen_s = self._judged_s = frame.at_s
        return waited

    def take_waiting(self) -> tuple[Frame, ...]:
        """All that wait: the footage has ended, and its last frames are judged like the others."""
        waited = tuple(self._waiting)
        self._waiting.clear()
        return waited

    def wake(self) -> None:
        """No frame waits until `rest_until`."""
        self._due_s = float("-inf")

    def rest_until(self, due_s: float) -> None:
        """Nothing is due before media time `due_s`, unless the picture changes."""
        self._due_s = due_s

    def _differs(self, gray: Gray) -> bool:
        if self._gray is None:
            return True
        _, changed = cv2.threshold(cv2.absdiff(gray, self._gray), CHANGED_LEVELS - 1, 255, cv2.THRESH_BINARY)
        return cv2.countNonZero(changed) >= CHANGED_PIXELS


def longest_wait_s(zones: tuple[Zone, ...]) -> float:
    """How long frames of a camera with these zones may wait, seconds."""
    shortest = min((zone.dwell_s for zone in zones), default=float("inf"))
    return min(LONGEST_WAIT_S, shortest / LOOKS_PER_DWELL)
