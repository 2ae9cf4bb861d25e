"""Lofted vehicle bodies: cross-sections along the length become painted panels and glass."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from simulator.mesh import Colour, Material, MeshBuilder
from simulator.vehicle_shape import BodyShape
from simulator.viewpoint import Floats

RINGS = 12
"""Points of half a cross-section minus one; the section runs from the sill (0) up to the roof's middle."""
BELT_RING, GLASS_LOW, GLASS_HIGH, ROOF_EDGE = 5, 6, 8, 9
_BELOW = (0.0, 0.1, 0.32, 0.62, 0.9, 1.0)
_BELOW_WIDTH = (0.88, 0.97, 1.0, 0.995, 0.975, 0.94)

GLASS: Colour = (0.07, 0.065, 0.06)
RUBBER: Colour = (0.055, 0.055, 0.055)
TRIM: Colour = (0.11, 0.11, 0.11)


class Loft:
    """The surface of a BodyShape, asked for points by position along it and around it."""

    def __init__(self, shape: BodyShape) -> None:
        self.shape = shape
        self._top = np.array(shape.top, np.float64)
        self._belt = np.array(shape.belt, np.float64)

    def half_width(self, x: float) -> float:
        """Half of the width at `x` metres from the front, with rounded corners in the plan view."""
        s = self.shape
        front = s.nose + (1 - s.nose) * _ease_out(x / s.nose_length)
        rear = s.tail + (1 - s.tail) * _ease_out((s.length - x) / 0.6)
        return s.width / 2 * min(front, rear)

    def section(self, x: float) -> list[tuple[float, float]]:
        """(y, z) of the half-section at `x`, from the sill to the middle of the roof."""
        s = self.shape
        w = self.half_width(x)
        top = float(np.interp(x, self._top[:, 0], self._top[:, 1]))
        belt = min(float(np.interp(x, self._belt[:, 0], self._belt[:, 1])), top - 0.02)
        points = [(w * k, s.sill + (belt - s.sill) * f) for k, f in zip(_BELOW_WIDTH, _BELOW, strict=True)]
        glass = top - belt
        lean = s.tumblehome * min(1.0, glass / 0.45)
        foot, edge = w * 0.925, w * 0.925 * (1 - lean)
        points.append((foot, belt + 0.012))
        points.append(((foot + edge) / 2 + 0.004, belt + glass * 0.45))
        points.append((edge, belt + glass * 0.84))
        points.append((edge * 0.95, belt + glass * 0.93))
        points.append((edge * 0.78, belt + glass * 0.985))
        points.append((edge * 0.4, top + 0.0))
        points.append((0.0, top + 0.012))
        return points

    def point(self, x: float, ring: float) -> tuple[float, float, float]:
        """Vehicle-frame point at `x` and the (fractional) ring on the left side (y >= 0)."""
        section = self.section(x)
        k = min(int(ring), RINGS - 1)
        f = ring - k
        (ya, za), (yb, zb) = section[k], section[k + 1]
        return (self.shape.length / 2 - x, ya + (yb - ya) * f, za + (zb - za) * f)

    def patch(
        self, x0: float, x1: float, ring0: float, ring1: float, out: float
    ) -> list[tuple[float, float, float]]:
        """Four corners of a decal on the left side, lifted `out` metres, counter-clockwise from outside."""
        corners = [self.point(x0, ring0), self.point(x1, ring0), self.point(x1, ring1), self.point(x0, ring1)]
        a, b, c, d = (np.array(p) for p in corners)
        normal = np.cross(c - a, d - b)
        normal /= max(float(np.linalg.norm(normal)), 1e-6)
        return [(float(q[0]), float(q[1]), float(q[2])) for q in (p + out * normal for p in (a, b, c, d))]


def _ease_out(f: float) -> float:
    f = min(max(f, 0.0), 1.0)
    return math.pow(1 - (1 - f) ** 2, 0.4)


def stations(shape: BodyShape, fineness: float) -> Floats:
    """Positions along the length where the loft is cut: all bends of profile and windows, and between."""
    marks = {x for x, _ in shape.top} | {x for span in shape.windows for x in span}
    marks |= {0.1, 0.3, shape.length - 0.1, shape.length - 0.3} | {*shape.windscreen, *shape.rear_window}
    ordered = sorted(x for x in marks if 0.0 <= x <= shape.length)
    out: list[float] = []
    for a, b in pairwise(ordered):
        pieces = max(1, round((b - a) / fineness))
        out += [a + (b - a) * k / pieces for k in range(pieces)]
    out.append(shape.length)
    kept = [out[0]]
    for x in out[1:]:
        if x - kept[-1] > 0.012:
            kept.append(x)
    return np.array(kept, np.float32)


def add_body(
    builder: MeshBuilder, loft: Loft, paint: Colour, shift_x: float = 0.0, fineness: float = 0.3
) -> None:
    """Add the lofted body in `paint`, moved `shift_x` metres forward."""
    shape = loft.shape
    xs = stations(shape, fineness)
    sections = [loft.section(float(x)) for x in xs]
    half = shape.length / 2
    for i in range(len(xs) - 1):
        xa, xb = float(xs[i]), float(xs[i + 1])
        middle = (xa + xb) / 2
        for ring in range(RINGS):
            colour, material = _panel(shape, middle, ring, sections[i], paint)
            (ya0, za0), (ya1, za1) = sections[i][ring], sections[i][ring + 1]
            (yb0, zb0), (yb1, zb1) = sections[i + 1][ring], sections[i + 1][ring + 1]
            builder.mirrored_quad(
                [
                    (half - xa + shift_x, ya0, za0),
                    (half - xb + shift_x, yb0, zb0),
                    (half - xb + shift_x, yb1, zb1),
                    (half - xa + shift_x, ya1, za1),
                ],
                colour,
                material,
            )
    _cap(builder, sections[0], half + shift_x, paint, front=True)
    _cap(builder, sections[-1], shift_x - half, paint, front=False)


def _panel(
    shape: BodyShape, x: float, ring: int, section: list[tuple[float, float]], paint: Colour
) -> tuple[Colour, Material]:
    tall = section[-1][1] - section[BELT_RING][1] > 0.1
    if ring == 0:
        return TRIM, Material.MATTE
    if shape.windscreen[0] < x < shape.windscreen[1] and ring >= ROOF_EDGE:
        return GLASS, Material.GLASS
    if shape.rear_window[0] < x < shape.rear_window[1] and ring >= ROOF_EDGE:
        return GLASS, Material.GLASS
    if tall and GLASS_LOW <= ring < GLASS_HIGH and any(a < x < b for a, b in shape.windows):
        return GLASS, Material.GLASS
    return paint, Material.PAINT


def _cap(
    builder: MeshBuilder, section: list[tuple[float, float]], x: float, paint: Colour, *, front: bool
) -> None:
    """Close the front or rear: strips from left to right between neighbouring rings."""
    for ring in range(len(section) - 1):
        (y0, z0), (y1, z1) = section[ring], section[ring + 1]
        corners = [(x, -y0, z0), (x, y0, z0), (x, y1, z1), (x, -y1, z1)]
        colour = TRIM if ring == 0 else paint
        material = Material.MATTE if ring == 0 else Material.PAINT
        builder.quad(corners if front else corners[::-1], colour, material)
