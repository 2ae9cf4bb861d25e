"""What is fixed to a body: wheels, lamps, grille, mirrors, handles, seams."""

from __future__ import annotations

import math

from simulator.mesh import Colour, Material, MeshBuilder
from simulator.vehicle_body import BELT_RING, GLASS, RUBBER, TRIM, Loft

RIM: Colour = (0.55, 0.55, 0.55)
DARK: Colour = (0.035, 0.035, 0.035)
CHROME: Colour = (0.62, 0.62, 0.62)
HEAD: Colour = (0.92, 0.92, 0.90)
TAIL: Colour = (0.10, 0.08, 0.55)
DECAL, WHEEL = 0.35, 0.6


def add_wheel(builder: MeshBuilder, x: float, y: float, radius: float, *, arch: Colour | None) -> None:
    """Add a wheel whose outer side is at `y` (sign gives the side), with the dark arch around it."""
    out = 1.0 if y > 0 else -1.0
    if arch is not None:
        builder.disc(x, y + 0.004 * out, radius * 1.06, radius * 1.17, arch, WHEEL)
    builder.disc(x, y + 0.012 * out, radius, radius, RUBBER, WHEEL + 0.05)
    builder.disc(x, y + 0.018 * out, radius, radius * 0.68, RIM, WHEEL + 0.1)
    builder.disc(x, y + 0.02 * out, radius, radius * 0.56, (0.2, 0.2, 0.2), WHEEL + 0.15)
    for k in range(5):
        _spoke(builder, x, y + 0.024 * out, radius, k)
    inner = y - 0.22 * out
    builder.box(
        (x - radius * 0.5, min(inner, y), 0.015), (x + radius * 0.5, max(inner, y), radius * 0.9), RUBBER
    )
    builder.box(
        (x - radius * 0.93, min(inner, y), radius * 0.35), (x + radius * 0.93, max(inner, y), radius), RUBBER
    )


def _spoke(builder: MeshBuilder, x: float, y: float, radius: float, k: int) -> None:
    a = 2 * math.pi * k / 5 + 0.3
    ca, sa = math.cos(a), math.sin(a)
    r, w = radius * 0.62, radius * 0.09
    ring = [
        (x - w * sa, y, radius + w * ca),
        (x + r * ca - w * sa, y, radius + r * sa + w * ca),
        (x + r * ca + w * sa, y, radius + r * sa - w * ca),
        (x + w * sa, y, radius - w * ca),
    ]
    builder.quad(ring, RIM, lift=WHEEL + 0.2, facing=(0.0, y, 0.0))


def add_wheels(builder: MeshBuilder, loft: Loft, shift_x: float = 0.0) -> None:
    """Add all wheels of a body at its axles."""
    s = loft.shape
    for x in s.wheel_x:
        y = s.width / 2 * 0.985
        for side in (y, -y):
            add_wheel(builder, s.length / 2 - x + shift_x, side, s.wheel_radius, arch=DARK)


def add_car_details(builder: MeshBuilder, loft: Loft) -> None:
    """Add lamps, grille, bumper, mirrors, handles and door seams of a passenger car."""
    s = loft.shape
    nose_z = s.top[0][1]
    front, rear = s.length / 2, -s.length / 2
    lamp_low, lamp_high = 2.95, 4.75
    for x0, x1 in ((0.012, 0.12), (0.12, 0.32), (0.32, 0.56)):
        builder.mirrored_quad(
            loft.patch(x0, x1, lamp_low + x0, lamp_high, 0.006), HEAD, Material.HEADLAMP, DECAL
        )
    w = loft.half_width(0.0)
    for side in (1, -1):
        y0, y1 = sorted((side * w * 0.76, side * w * 0.99))
        _quad_x(builder, front + 0.009, y0, y1, nose_z - 0.17, nose_z - 0.05, HEAD, Material.HEADLAMP)
    _add_lines(builder, loft)
    _front_quad(builder, front + 0.008, w * 0.72, nose_z - 0.2, nose_z - 0.05, DARK)
    for k in range(3):
        _front_quad(
            builder,
            front + 0.01,
            w * 0.7,
            nose_z - 0.185 + 0.048 * k,
            nose_z - 0.165 + 0.048 * k,
            (0.4, 0.4, 0.4),
        )
    _front_quad(builder, front + 0.008, w * 0.85, s.sill + 0.06, s.sill + 0.17, DARK)
    tail_z0, tail_z1 = (2.9, 4.8) if s.rear_window[1] - s.rear_window[0] > 0.5 else (3.6, 6.5)
    for x0, x1 in ((s.length - 0.3, s.length - 0.12), (s.length - 0.12, s.length - 0.015)):
        builder.mirrored_quad(loft.patch(x0, x1, tail_z0, tail_z1, 0.006), TAIL, Material.TAILLAMP, DECAL)
    wr = loft.half_width(s.length)
    _rear_quad(builder, rear - 0.008, wr * 0.97, s.sill + 0.05, s.sill + 0.2, TRIM)
    _rear_quad(
        builder, rear - 0.008, wr * 0.36, s.rear_plate_z - 0.09, s.rear_plate_z + 0.1, (0.16, 0.16, 0.16)
    )
    mirror_x = s.length / 2 - s.windows[0][0] - 0.08
    mirror_z = float(loft.section(s.windows[0][0])[BELT_RING][1]) + 0.03
    for side in (1, -1):
        y0, y1 = sorted((side * s.width * 0.47, side * (s.width / 2 + 0.17)))
        builder.box(
            (mirror_x - 0.05, y0, mirror_z), (mirror_x + 0.12, y1, mirror_z + 0.15), TRIM, Material.PAINT
        )
    seams = [s.windows[0][0] - 0.12, *(b + 0.05 for _, b in s.windows)]
    for x in seams[: 3 if s.length > 4 else 2]:
        builder.mirrored_quad(
            loft.patch(x - 0.008, x + 0.008, 1.2, 4.9, 0.003), (0.06, 0.06, 0.06), lift=DECAL
        )
    for _, b in s.windows[:2]:
        builder.mirrored_quad(loft.patch(b - 0.22, b - 0.02, 4.25, 4.45, 0.01), (0.3, 0.3, 0.3), lift=DECAL)


def _add_lines(builder: MeshBuilder, loft: Loft) -> None:
    """Add the bright strip below the side windows, the bonnet's edges and the cowl below the windscreen."""
    s = loft.shape
    first, last = s.windows[0][0] - 0.1, s.windows[-1][1]
    for k in range(4):
        a, b = first + (last - first) * k / 4, first + (last - first) * (k + 1) / 4
        builder.mirrored_quad(loft.patch(a, b, 5.5, 6.0, 0.006), CHROME, lift=DECAL)
    cowl = s.windscreen[0]
    for k in range(3):
        a, b = 0.35 + (cowl - 0.35) * k / 3, 0.35 + (cowl - 0.35) * (k + 1) / 3
        builder.mirrored_quad(loft.patch(a, b, 7.85, 8.1, 0.003), (0.05, 0.05, 0.05), lift=DECAL)
    for ring in (9, 10, 11):
        builder.mirrored_quad(loft.patch(cowl - 0.08, cowl + 0.03, ring, ring + 1, 0.004), DARK, lift=DECAL)


def add_plate_holder(builder: MeshBuilder, x: float, z: float) -> None:
    """Add the dark frame of a plate at the front (x > 0) or rear, so that white stands out from white."""
    _quad_x(builder, x, -0.285, 0.285, z - 0.085, z + 0.085, (0.13, 0.13, 0.13), Material.MATTE, DECAL + 0.05)


def add_cab_details(builder: MeshBuilder, loft: Loft, shift_x: float) -> None:
    """Add lamps, grille and mirrors of a light truck's cab."""
    s = loft.shape
    front = s.length / 2 + shift_x
    w = loft.half_width(0.0)
    nose = s.top[0][1]
    for side in (1, -1):
        y0, y1 = sorted((side * w * 0.58, side * w * 0.97))
        _quad_x(builder, front + 0.01, y0, y1, nose - 0.22, nose - 0.05, HEAD, Material.HEADLAMP)
        y0, y1 = sorted((side * s.width * 0.5, side * (s.width / 2 + 0.22)))
        builder.box((front - 0.45, y0, 1.25), (front - 0.38, y1, 1.6), TRIM)
    _front_quad(builder, front + 0.008, w * 0.5, nose - 0.2, nose - 0.06, DARK)
    _front_quad(builder, front + 0.012, w * 0.98, s.sill, s.sill + 0.2, (0.2, 0.2, 0.2))


def add_bus_details(builder: MeshBuilder, loft: Loft, stripe: Colour) -> None:
    """Add windscreen, destination sign, lamps, doors and stripe of a city bus."""
    s = loft.shape
    front, rear = s.length / 2, -s.length / 2
    x = front - 0.02
    w = s.width / 2
    windscreen = [
        (x + 0.03, -w * 0.8, 1.15),
        (x + 0.03, w * 0.8, 1.15),
        (x - 0.02, w * 0.8, 2.5),
        (x - 0.02, -w * 0.8, 2.5),
    ]
    builder.quad(windscreen, GLASS, Material.GLASS, DECAL)
    builder.quad(
        [(x + 0.02, -w * 0.7, 2.56), (x + 0.02, w * 0.7, 2.56), (x, w * 0.7, 2.86), (x, -w * 0.7, 2.86)],
        (0.03, 0.04, 0.05),
        lift=DECAL,
    )
    builder.quad(
        [
            (x + 0.03, -w * 0.4, 2.62),
            (x + 0.03, w * 0.4, 2.62),
            (x + 0.01, w * 0.4, 2.8),
            (x + 0.01, -w * 0.4, 2.8),
        ],
        (0.2, 0.6, 0.95),
        lift=DECAL + 0.1,
    )
    for side in (1, -1):
        y0, y1 = sorted((side * w * 0.5, side * w * 0.82))
        _quad_x(builder, front + 0.012, y0, y1, 0.72, 0.9, HEAD, Material.HEADLAMP)
        _quad_x(builder, rear - 0.012, y0, y1, 1.0, 1.3, TAIL, Material.TAILLAMP)
        y0, y1 = sorted((side * (w + 0.02), side * (w + 0.26)))
        builder.box((front + 0.02, y0, 1.9), (front + 0.2, y1, 2.5), DARK)
    _rear_quad(builder, rear - 0.012, w * 0.72, 1.75, 2.6, GLASS, Material.GLASS)
    _rear_quad(builder, rear - 0.012, w * 0.6, 0.95, 1.6, (0.2, 0.2, 0.2))
    builder.mirrored_quad(loft.patch(0.4, s.length - 0.4, 3.1, 4.0, 0.01), stripe, Material.PAINT, DECAL)
    for x0 in (0.55, 5.0):
        # doors open on the right-hand side, y < 0
        door = [(px, -py, pz) for px, py, pz in loft.patch(x0, x0 + 1.15, 1.2, 8.0, 0.015)]
        builder.quad(door, GLASS, Material.GLASS, DECAL + 0.1, facing=(0.0, -1.0, 0.0))


def _front_quad(builder: MeshBuilder, x: float, half: float, z0: float, z1: float, colour: Colour) -> None:
    _quad_x(builder, x, -half, half, z0, z1, colour, Material.MATTE)


def _rear_quad(
    builder: MeshBuilder,
    x: float,
    half: float,
    z0: float,
    z1: float,
    colour: Colour,
    material: Material = Material.MATTE,
) -> None:
    _quad_x(builder, x, -half, half, z0, z1, colour, material)


def _quad_x(
    builder: MeshBuilder,
    x: float,
    y0: float,
    y1: float,
    z0: float,
    z1: float,
    colour: Colour,
    material: Material,
    lift: float = DECAL,
) -> None:
    corners = [(x, y0, z0), (x, y1, z0), (x, y1, z1), (x, y0, z1)]
    builder.quad(corners if x > 0 else corners[::-1], colour, material, lift)
