"""When and where the detector looks closer: at what stands too small for a look at the whole.

A series of looks at the same parts of the picture, each so small that a vehicle in it is large in the
network's input. Series are rare: every part of every look is paid from an allowance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.geometry import Box, Point, Size

_STEP_S = 0.9  # between the looks of a series; a vehicle is confirmed after three seconds of looks
_PATIENT_STEP_S = 3.0  # ... once the looks that a well seen vehicle needs are made
_FIRST_LOOKS = 5
_MOST_LOOKS = 9
_MOST_PARTS = 3
_MARGIN = 0.05  # of a part's size: nearer to its edge a vehicle may be cut off
# A part is seven or eight vehicles wide: one takes 80 to 90 of the input's 640 px, where networks see best.
# Looks take turns: neighbours that melt into one at one size are often apart at the other.
_PART_SIDES = (7.0, 8.0)
_LEAST_SHARE, _MOST_SHARE = 0.25, 0.5  # of the picture's sides; enlarging more adds nothing to the pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How often the detector may look closer.

    Attributes:
        runs: most detector runs at once; what a start may cost.
        per_minute: runs earned in a minute.
    """

    runs: float = 30.0
    per_minute: float = 2.0


class CloseUps:
    """The series of one camera.

    Args:
        allowance: what it may cost.
    """

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._left = allowance.runs
        self._earned_s: float | None = None
        # For each size of the parts those of the series; empty when there is none.
        self._series: tuple[tuple[Box, ...], ...] = ()
        self._looks = 0
        self._due_s = 0.0

    @property
    def go_on(self) -> bool:
        """Whether a series has begun and not ended."""
        return bool(self._series)

    def due(self, at_s: float) -> bool:
        """Whether the next look of a series is to be made now."""
        return bool(self._series) and at_s >= self._due_s - 1e-6

    def waits(self, at_s: float) -> bool:
        """Whether a series is in its first looks and the next is not due: looks at the whole add nothing."""
        return bool(self._series) and self._looks < _FIRST_LOOKS and not self.due(at_s)

    def begin(self, boxes: Sequence[Box], size: Size, at_s: float) -> bool:
        """Begin a series at `boxes` if it can be paid; whether it begins."""
        self._earn(at_s)
        affordable = int(self._left / _FIRST_LOOKS)
        if not boxes or affordable < 1:
            return False
        most = min(_MOST_PARTS, affordable)
        self._series = tuple(parts_around(boxes, size, sides)[:most] for sides in _PART_SIDES)
        self._looks, self._due_s = 0, at_s
        return True

    def look(self, at_s: float, *, undecided: bool) -> tuple[Box, ...]:
        """The parts to look at now, when a look is due; the series ends when nothing is `undecided`."""
        self._earn(at_s)
        if not self.due(at_s):
            return ()
        parts = self._series[self._looks % len(self._series)]
        tired = self._looks >= _MOST_LOOKS or self._left < len(parts)
        if tired or (self._looks >= _FIRST_LOOKS and not undecided):
            self.end()
            return ()
        self._looks += 1
        self._left -= len(parts)
        self._due_s = at_s + (_STEP_S if self._looks < _FIRST_LOOKS else _PATIENT_STEP_S)
        return parts

    def end(self) -> None:
        """Break the series off."""
        self._series = ()

    def _earn(self, at_s: float) -> None:
        if self._earned_s is not None and at_s > self._earned_s:
            earned = (at_s - self._earned_s) / 60.0 * self._allowance.per_minute
            self._left = min(self._allowance.runs, self._left + earned)
        self._earned_s = at_s


def parts_around(boxes: Sequence[Box], size: Size, sides: float) -> tuple[Box, ...]:
    """Parts of a picture of `size`, of its aspect, that hold all `boxes` whole; those that hold most first.

    The smallest box decides how large a part is: `sides` times its side; what is much larger fills parts of
    its own.
    """
    rest = sorted(boxes, key=lambda box: box.area)
    found: list[tuple[int, Box]] = []
    while rest:
        part = max(_choices(rest, size, sides), key=lambda one: sum(_holds(one, box, size) for box in rest))
        held = [box for box in rest[1:] if _holds(part, box, size)]
        found.append((len(held) + 1, part))
        rest = [box for box in rest[1:] if all(box is not one for one in held)]
    found.sort(key=lambda one: one[0], reverse=True)
    return tuple(part for _, part in found)


def _choices(boxes: Sequence[Box], size: Size, sides: float) -> list[Box]:
    """Parts that hold the first of `boxes`: it in their middle, or another one at their edge."""
    first = boxes[0]
    share = sides * math.sqrt(first.area) / max(size.width, size.height)
    share = min(max(share, _LEAST_SHARE), _MOST_SHARE)
    width, height = share * size.width, share * size.height
    dx, dy = _MARGIN * width, _MARGIN * height
    middle = first.center
    lefts = [middle.x - width / 2, *(b.x1 - dx for b in boxes), *(b.x2 + dx - width for b in boxes)]
    tops = [middle.y - height / 2, *(b.y1 - dy for b in boxes), *(b.y2 + dy - height for b in boxes)]
    found = []
    for left in lefts:
        x = min(max(0.0, left), size.width - width)
        for top in tops:
            y = min(max(0.0, top), size.height - height)
            part = Box(x1=x, y1=y, x2=x + width, y2=y + height)
            if _holds(part, first, size):
                found.append(part)
    return found or [_around(middle, width, height, size)]


def _around(point: Point, width: float, height: float, size: Size) -> Box:
    x = min(max(0.0, point.x - width / 2), size.width - width)
    y = min(max(0.0, point.y - height / 2), size.height - height)
    return Box(x1=x, y1=y, x2=x + width, y2=y + height)


def _holds(part: Box, box: Box, size: Size) -> bool:
    """Whether `box` lies so far inside that the part's edge cuts nothing off it."""
    dx, dy = 0.9 * _MARGIN * part.width, 0.9 * _MARGIN * part.height
    return (
        (box.x1 >= part.x1 + dx or part.x1 <= 0)
        and (box.y1 >= part.y1 + dy or part.y1 <= 0)
        and (box.x2 <= part.x2 - dx or part.x2 >= size.width)
        and (box.y2 <= part.y2 - dy or part.y2 >= size.height)
    )
