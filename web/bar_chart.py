"""Bars as an SVG drawing: where each lies, with a scale that people can read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720.0, 190.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 4.0, 8.0, 22.0
_GAP = 0.18
_MOST_LABELS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar, in the drawing's own units; `shown` is whether its label has room below the axis."""

    label: str
    value: int
    x: float
    y: float
    width: float
    height: float
    shown: bool

    @property
    def middle(self) -> float:
        """Where its label stands."""
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the scale."""

    value: int
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BarChart:
    """A drawing of `WIDTH` x `HEIGHT` units, its bars from left to right and its scale."""

    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    floor: float = HEIGHT - _BOTTOM
    width: float = WIDTH
    height: float = HEIGHT


def bar_chart(values: Sequence[tuple[str, int]]) -> BarChart:
    """The drawing of labelled counts.

    Args:
        values: (label, count) from left to right, counts 0 or more.
    """
    top = _scale(max((value for _, value in values), default=0))
    floor = HEIGHT - _BOTTOM
    unit = (floor - _TOP) / top[-1]
    step = (WIDTH - _LEFT - _RIGHT) / max(1, len(values))
    every = math.ceil(len(values) / _MOST_LABELS)
    bars = tuple(
        Bar(
            label=label,
            value=value,
            x=round(_LEFT + number * step + step * _GAP / 2, 2),
            y=round(floor - value * unit, 2),
            width=round(step * (1 - _GAP), 2),
            height=round(value * unit, 2),
            shown=number % every == 0,
        )
        for number, (label, value) in enumerate(values)
    )
    return BarChart(
        bars=bars, lines=tuple(Line(value=value, y=round(floor - value * unit, 2)) for value in top)
    )


def _scale(most: int) -> tuple[int, ...]:
    """Round numbers from 0 to at least `most`, two to six of them, whole because they count."""
    raw = max(most, 1) / 4
    power = 10 ** math.floor(math.log10(raw)) if raw >= 1 else 1
    step = next(int(power * factor) for factor in (1, 2, 5, 10) if power * factor >= raw)
    return tuple(range(0, step * math.ceil(max(most, 1) / step) + 1, step))
