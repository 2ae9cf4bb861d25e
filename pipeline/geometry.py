"""Sizes, boxes and polygons in the plane: pixels of the full frame, or 0-1 fractions where said."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pipeline.errors import InvalidValueError


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Width and height of a picture in whole pixels, both at least 1."""

    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise InvalidValueError(f"expected a size of at least 1x1 pixels, got {self.width}x{self.height}")

    def fitted(self, long_side: int) -> Size:
        """The size with the same aspect whose longer side is at most `long_side`; never enlarges."""
        scale = min(1.0, long_side / max(self.width, self.height))
        return Size(width=max(1, round(self.width * scale)), height=max(1, round(self.height * scale)))

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A point; pixels or fractions as its owner says."""

    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """An axis-parallel box, float pixels, x1 < x2 and y1 < y2."""

    x1: float
    y1: float
    x2: float
    y2: float

    def __post_init__(self) -> None:
        values = (self.x1, self.y1, self.x2, self.y2)
        if not all(map(math.isfinite, values)) or self.x1 >= self.x2 or self.y1 >= self.y2:
            raise InvalidValueError(f"expected a box with x1 < x2 and y1 < y2, got {values}")

    @property
    def width(self) -> float:
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        return self.y2 - self.y1

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def center(self) -> Point:
        return Point(x=(self.x1 + self.x2) / 2, y=(self.y1 + self.y2) / 2)

    @property
    def ground(self) -> Point:
        """Where the vehicle touches the ground: the middle of the lower edge."""
        return Point(x=(self.x1 + self.x2) / 2, y=self.y2)

    def intersection_area(self, other: Box) -> float:
        """Area shared with `other`, square pixels."""
        width = min(self.x2, other.x2) - max(self.x1, other.x1)
        height = min(self.y2, other.y2) - max(self.y1, other.y1)
        return width * height if width > 0 and height > 0 else 0.0

    def iou(self, other: Box) -> float:
        """Intersection over union with `other`, 0-1."""
        shared = self.intersection_area(other)
        return shared / (self.area + other.area - shared)

    def share_inside(self, other: Box) -> float:
        """The share of this box's area that lies inside `other`, 0-1."""
        return self.intersection_area(other) / self.area

    def scaled(self, x_factor: float, y_factor: float) -> Box:
        """The box in a picture enlarged by the two factors."""
        return Box(x1=self.x1 * x_factor, y1=self.y1 * y_factor, x2=self.x2 * x_factor, y2=self.y2 * y_factor)

    def shifted(self, dx: float, dy: float) -> Box:
        """The box moved by (dx, dy) pixels."""
        return Box(x1=self.x1 + dx, y1=self.y1 + dy, x2=self.x2 + dx, y2=self.y2 + dy)

    def padded(self, share: float) -> Box:
        """The box grown by `share` of its width and height on each side."""
        dx, dy = self.width * share, self.height * share
        return Box(x1=self.x1 - dx, y1=self.y1 - dy, x2=self.x2 + dx, y2=self.y2 + dy)

    def clipped(self, size: Size) -> Box | None:
        """The part inside a picture of `size`, or None when nothing of it is."""
        x1, y1 = max(0.0, self.x1), max(0.0, self.y1)
        x2, y2 = min(float(size.width), self.x2), min(float(size.height), self.y2)
        return Box(x1=x1, y1=y1, x2=x2, y2=y2) if x1 < x2 and y1 < y2 else None

    def touches_edge(self, size: Size, margin: float = 2.0) -> bool:
        """Whether the box comes within `margin` pixels of the edge of a picture of `size`."""
        return (
            self.x1 <= margin
            or self.y1 <= margin
            or self.x2 >= size.width - margin
            or self.y2 >= size.height - margin
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Polygon:
    """A simple polygon of at least three corners; fractions 0-1 in configuration, pixels in rules."""

    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        if len(self.points) < 3:
            raise InvalidValueError(f"expected a polygon of at least 3 points, got {len(self.points)}")
        if self._crosses_itself():
            raise InvalidValueError(
                "expected a polygon whose edges do not cross, got one that crosses itself"
            )
        if self.area <= 0.0:
            raise InvalidValueError("expected a polygon with an area, got one that is flat")

    @property
    def area(self) -> float:
        """Area by the shoelace formula, always positive."""
        total = 0.0
        for a, b in zip(self.points, (*self.points[1:], self.points[0]), strict=True):
            total += a.x * b.y - b.x * a.y
        return abs(total) / 2

    @property
    def bounds(self) -> Box:
        """The smallest box around the polygon."""
        xs, ys = [p.x for p in self.points], [p.y for p in self.points]
        return Box(x1=min(xs), y1=min(ys), x2=max(xs), y2=max(ys))

    def contains(self, point: Point) -> bool:
        """Whether `point` lies inside, by the even-odd rule (W. R. Franklin, PNPOLY)."""
        inside = False
        previous = self.points[-1]
        for current in self.points:
            if (current.y > point.y) != (previous.y > point.y):
                slope = (previous.x - current.x) / (previous.y - current.y)
                if point.x < current.x + slope * (point.y - current.y):
                    inside = not inside
            previous = current
        return inside

    def in_pixels(self, size: Size) -> Polygon:
        """The polygon of a picture of `size`, from 0-1 fractions: the one place where they become pixels."""
        return Polygon(points=tuple(Point(x=p.x * size.width, y=p.y * size.height) for p in self.points))

    def _crosses_itself(self) -> bool:
        count = len(self.points)
        edges = [(self.points[i], self.points[(i + 1) % count]) for i in range(count)]
        for i in range(count):
            for j in range(i + 2, count):
                if i == 0 and j == count - 1:
                    continue
                if _cross(*edges[i], *edges[j]):
                    return True
        return False


def _side(a: Point, b: Point, c: Point) -> float:
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0
