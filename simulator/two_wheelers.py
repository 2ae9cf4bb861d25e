"""Motorcycles, bicycles and people, built of tubes and boxes."""

from __future__ import annotations

import math
import random
from itertools import pairwise

from simulator.mesh import Colour, Material, MeshBuilder

SKIN: Colour = (0.45, 0.56, 0.75)
BLACK: Colour = (0.06, 0.06, 0.06)
CLOTHES: tuple[Colour, ...] = (
    (0.1, 0.1, 0.1),
    (0.35, 0.2, 0.12),
    (0.15, 0.15, 0.45),
    (0.6, 0.6, 0.6),
    (0.2, 0.35, 0.25),
    (0.75, 0.75, 0.72),
)


def add_motorcycle(builder: MeshBuilder, rng: random.Random, *, rider: bool) -> None:
    """Add a small delivery motorcycle, with a box on the carrier and, if asked, its rider."""
    paint: Colour = rng.choice([(0.1, 0.1, 0.5), (0.1, 0.1, 0.1), (0.5, 0.3, 0.1), (0.7, 0.7, 0.7)])
    for x in (0.64, -0.6):
        _ring(builder, x, 0.27, 0.06)
    for side in (1, -1):
        builder.tube((0.64, 0.08 * side, 0.27), (0.44, 0.1 * side, 0.9), 0.035, (0.55, 0.55, 0.55))
    builder.box((0.48, -0.06, 0.5), (0.8, 0.06, 0.6), paint, Material.PAINT)
    _slab(builder, (0.4, 0.42), (0.46, 0.98), 0.2, paint)
    builder.box((0.44, -0.12, 0.86), (0.58, 0.12, 1.06), paint, Material.PAINT)
    builder.box((0.57, -0.1, 0.9), (0.61, 0.1, 1.02), (0.92, 0.92, 0.9), Material.HEADLAMP, lift=0.1)
    builder.tube((0.46, -0.31, 1.06), (0.46, 0.31, 1.06), 0.022, BLACK)
    for side in (1, -1):
        builder.tube((0.45, 0.2 * side, 1.07), (0.42, 0.27 * side, 1.22), 0.012, BLACK)
        builder.box((0.4, 0.29 * side - 0.06, 1.19), (0.43, 0.29 * side + 0.06, 1.27), BLACK)
    builder.box((-0.15, -0.17, 0.3), (0.42, 0.17, 0.42), (0.18, 0.18, 0.18))
    builder.box((-0.75, -0.17, 0.42), (-0.02, 0.17, 0.74), paint, Material.PAINT)
    builder.box((-0.6, -0.16, 0.74), (0.06, 0.16, 0.84), BLACK, lift=0.1)
    builder.box((-0.98, -0.1, 0.56), (-0.7, 0.1, 0.7), paint, Material.PAINT)
    builder.box((-0.45, -0.22, 0.2), (-0.05, -0.14, 0.4), (0.3, 0.3, 0.3))
    builder.tube((-0.25, -0.2, 0.3), (-0.85, -0.22, 0.36), 0.06, (0.5, 0.5, 0.5))
    builder.box((-1.0, -0.1, 0.6), (-0.97, 0.1, 0.68), (0.1, 0.08, 0.55), Material.TAILLAMP, lift=0.1)
    if rng.random() < 0.5:
        box: Colour = rng.choice([(0.15, 0.15, 0.6), (0.75, 0.75, 0.75), (0.5, 0.6, 0.2), (0.12, 0.12, 0.12)])
        builder.box((-1.0, -0.22, 0.84), (-0.55, 0.22, 1.22), box)
    if rider:
        _rider(builder, rng, seat=(-0.22, 0.84), hands=(0.44, 1.06), feet=(0.22, 0.44), helmet=True)


def _slab(
    builder: MeshBuilder, low: tuple[float, float], high: tuple[float, float], half: float, paint: Colour
) -> None:
    """A leg shield: a leaning panel from (x, z) `low` to `high`, `half` metres to either side."""
    (x0, z0), (x1, z1) = low, high
    corners = [(x0, -half, z0), (x0, half, z0), (x1, half * 0.7, z1), (x1, -half * 0.7, z1)]
    builder.quad(corners, paint, Material.PAINT, facing=(1.0, 0.0, 0.0))
    builder.quad(corners, paint, Material.PAINT, facing=(-1.0, 0.0, 0.0))


def add_bicycle(builder: MeshBuilder, rng: random.Random) -> None:
    """Add a bicycle and its rider."""
    paint: Colour = rng.choice([(0.15, 0.15, 0.5), (0.5, 0.5, 0.5), (0.4, 0.25, 0.1)])
    for x in (0.52, -0.52):
        _ring(builder, x, 0.33, 0.025)
    for a, b in (
        ((-0.52, 0.33), (-0.15, 0.8)),
        ((-0.15, 0.8), (0.38, 0.85)),
        ((0.38, 0.85), (-0.05, 0.3)),
        ((-0.05, 0.3), (-0.52, 0.33)),
        ((-0.05, 0.3), (-0.15, 0.8)),
        ((0.38, 0.95), (0.52, 0.33)),
    ):
        builder.tube((a[0], 0, a[1]), (b[0], 0, b[1]), 0.025, paint)
    builder.tube((0.36, -0.27, 1.0), (0.36, 0.27, 1.0), 0.02, BLACK)
    builder.box((-0.28, -0.07, 0.84), (0.0, 0.07, 0.92), BLACK)
    _rider(builder, rng, seat=(-0.14, 0.92), hands=(0.35, 1.02), feet=(0.0, 0.25), helmet=False)


def add_person(builder: MeshBuilder, rng: random.Random) -> None:
    """Add somebody in mid-stride, facing forward."""
    shirt, trousers = rng.choice(CLOTHES), rng.choice(CLOTHES)
    stride = rng.uniform(0.12, 0.26)
    for side, swing in ((1, stride), (-1, -stride)):
        hip, knee, foot = (
            (0, 0.09 * side, 0.88),
            (swing * 0.6 + 0.04, 0.1 * side, 0.48),
            (swing, 0.1 * side, 0.06),
        )
        builder.tube(hip, knee, 0.09, trousers, end_radius=0.07)
        builder.tube(knee, foot, 0.07, trousers, end_radius=0.05)
        builder.box((swing - 0.06, 0.1 * side - 0.05, 0.0), (swing + 0.17, 0.1 * side + 0.05, 0.09), BLACK)
        shoulder, elbow, hand = (
            (0, 0.2 * side, 1.42),
            (-swing * 0.4, 0.27 * side, 1.15),
            (-swing * 0.5 + 0.1, 0.26 * side, 0.92),
        )
        builder.tube(shoulder, elbow, 0.06, shirt, end_radius=0.05)
        builder.tube(elbow, hand, 0.05, SKIN if rng.random() < 0.4 else shirt, end_radius=0.035)
    builder.tube((0, 0, 0.84), (0, 0, 1.18), 0.16, shirt, end_radius=0.17)
    builder.tube((0, 0, 1.18), (0, 0, 1.5), 0.18, shirt, end_radius=0.12)
    builder.tube((0, 0, 1.48), (0.01, 0, 1.56), 0.055, SKIN)
    _head(builder, 0.02, 1.65, rng.choice([(0.05, 0.05, 0.06), (0.1, 0.12, 0.18), BLACK]))


def _rider(
    builder: MeshBuilder,
    rng: random.Random,
    *,
    seat: tuple[float, float],
    hands: tuple[float, float],
    feet: tuple[float, float],
    helmet: bool,
) -> None:
    jacket, trousers = rng.choice(CLOTHES), rng.choice(CLOTHES)
    x, z = seat
    shoulder_x, shoulder_z = x + 0.12, z + 0.52
    builder.tube((x, 0, z), (shoulder_x, 0, shoulder_z), 0.15, jacket, end_radius=0.16)
    for side in (1, -1):
        knee = (x + 0.42, 0.2 * side, z - 0.08)
        builder.tube((x, 0.1 * side, z + 0.02), knee, 0.09, trousers, end_radius=0.075)
        builder.tube(knee, (feet[0], 0.2 * side, feet[1]), 0.075, trousers, end_radius=0.05)
        builder.box(
            (feet[0] - 0.06, 0.2 * side - 0.05, feet[1] - 0.08),
            (feet[0] + 0.18, 0.2 * side + 0.05, feet[1]),
            BLACK,
        )
        elbow = (shoulder_x + 0.12, 0.28 * side, shoulder_z - 0.22)
        builder.tube((shoulder_x, 0.19 * side, shoulder_z - 0.03), elbow, 0.06, jacket)
        builder.tube(elbow, (hands[0], 0.28 * side, hands[1]), 0.055, jacket, end_radius=0.04)
    hair: Colour = rng.choice([(0.8, 0.8, 0.8), (0.08, 0.08, 0.08), (0.12, 0.12, 0.5)]) if helmet else BLACK
    _head(builder, shoulder_x + 0.04, shoulder_z + 0.2, hair, 0.135 if helmet else 0.115)


def _head(builder: MeshBuilder, x: float, z: float, hair: Colour, radius: float = 0.115) -> None:
    """A ball of rings: hair above and behind, face in front below."""
    rows, columns = 6, 8
    for r in range(rows):
        for c in range(columns):
            corners = []
            for rr, cc in ((r, c), (r, c + 1), (r + 1, c + 1), (r + 1, c)):
                polar, turn = math.pi * rr / rows, 2 * math.pi * cc / columns
                corners.append(
                    (
                        x + radius * math.sin(polar) * math.cos(turn),
                        radius * math.sin(polar) * math.sin(turn),
                        z + radius * 1.15 * math.cos(polar),
                    )
                )
            middle = [sum(p[k] for p in corners) / 4 for k in range(3)]
            is_face = middle[0] - x > radius * 0.35 and -0.75 * radius < middle[2] - z < 0.25 * radius
            out = (middle[0] - x, middle[1], middle[2] - z)
            builder.quad(corners, SKIN if is_face else hair, facing=out)


def _ring(builder: MeshBuilder, x: float, radius: float, half: float) -> None:
    """A wheel: tyre tread and two thin discs of spokes."""
    steps = 14
    points = [
        (math.cos(2 * math.pi * k / steps), math.sin(2 * math.pi * k / steps)) for k in range(steps + 1)
    ]
    for (c0, s0), (c1, s1) in pairwise(points):
        outer = [(x + radius * c0, radius + radius * s0), (x + radius * c1, radius + radius * s1)]
        inner = [
            (x + radius * 0.72 * c0, radius + radius * 0.72 * s0),
            (x + radius * 0.72 * c1, radius + radius * 0.72 * s1),
        ]
        (ax, az), (bx, bz) = outer
        builder.quad(
            [(ax, -half, az), (bx, -half, bz), (bx, half, bz), (ax, half, az)], BLACK, facing=(c0, 0.0, s0)
        )
        for y in (half, -half):
            ring = [(ax, y, az), (bx, y, bz), (inner[1][0], y, inner[1][1]), (inner[0][0], y, inner[0][1])]
            builder.quad(ring, BLACK, facing=(0.0, y, 0.0))
    for k in range(6):
        a = math.pi * k / 6
        dx, dz = radius * 0.7 * math.cos(a), radius * 0.7 * math.sin(a)
        builder.tube((x - dx, 0, radius - dz), (x + dx, 0, radius + dz), 0.008, (0.4, 0.4, 0.4))
