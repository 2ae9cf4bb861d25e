"""Whole vehicles and people: mesh, plates, lamps and class, drawn from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from enum import StrEnum

from pipeline.detection import ObjectClass
from simulator.mesh import Colour, Mesh, MeshBuilder
from simulator.two_wheelers import add_bicycle, add_motorcycle, add_person
from simulator.vehicle_body import Loft, add_body
from simulator.vehicle_shape import BUS, CITY_CAR, PAINTS, SEDAN, SUV, TRUCK_CAB, VAN, BodyShape
from simulator.vehicle_trim import (
    add_bus_details,
    add_cab_details,
    add_car_details,
    add_plate_holder,
    add_wheel,
    add_wheels,
)

Point3 = tuple[float, float, float]


class VehicleKind(StrEnum):
    """What can be on the street."""

    SEDAN = "sedan"
    SUV = "suv"
    CITY_CAR = "city_car"
    VAN = "van"
    TRUCK = "truck"
    BOX_TRUCK = "box_truck"
    BUS = "bus"
    MOTORCYCLE = "motorcycle"
    BICYCLE = "bicycle"
    PERSON = "person"


CLASS_OF: dict[VehicleKind, ObjectClass] = {
    VehicleKind.SEDAN: ObjectClass.CAR,
    VehicleKind.SUV: ObjectClass.CAR,
    VehicleKind.CITY_CAR: ObjectClass.CAR,
    VehicleKind.VAN: ObjectClass.CAR,
    VehicleKind.TRUCK: ObjectClass.TRUCK,
    VehicleKind.BOX_TRUCK: ObjectClass.TRUCK,
    VehicleKind.BUS: ObjectClass.BUS,
    VehicleKind.MOTORCYCLE: ObjectClass.MOTORCYCLE,
    VehicleKind.BICYCLE: ObjectClass.BICYCLE,
    VehicleKind.PERSON: ObjectClass.PERSON,
}
_SHAPES = {
    VehicleKind.SEDAN: SEDAN,
    VehicleKind.SUV: SUV,
    VehicleKind.CITY_CAR: CITY_CAR,
    VehicleKind.VAN: VAN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateMount:
    """Where a plate hangs: its middle in the vehicle frame, +1 at the front or -1 at the rear."""

    centre: Point3
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleModel:
    """A vehicle's looks, without its place.

    Attributes:
        kind, label: what it is, and the detector's class for it.
        mesh: its surface.
        length, width, height: metres.
        mounts: where plates hang (none for people and two-wheelers).
        headlamps, taillamps: lamp positions in the vehicle frame.
    """

    kind: VehicleKind
    label: ObjectClass
    mesh: Mesh
    length: float
    width: float
    height: float
    mounts: tuple[PlateMount, ...]
    headlamps: tuple[Point3, ...]
    taillamps: tuple[Point3, ...]


def build_vehicle(kind: VehicleKind, seed: int, *, rider: bool = True) -> VehicleModel:
    """A vehicle of `kind`; the same seed gives the same one. `rider` seats somebody on a two-wheeler."""
    rng = random.Random(f"vehicle-{kind}-{seed}")
    if kind in _SHAPES:
        return _car(kind, _SHAPES[kind], rng)
    if kind is VehicleKind.BUS:
        return _bus(rng)
    if kind in (VehicleKind.TRUCK, VehicleKind.BOX_TRUCK):
        return _truck(kind, rng)
    return _small(kind, rng, rider)


def _paint(rng: random.Random) -> Colour:
    colours, weights = zip(*PAINTS, strict=True)
    base = rng.choices(colours, weights)[0]
    shade = rng.uniform(0.92, 1.06)
    return (min(base[0] * shade, 0.96), min(base[1] * shade, 0.96), min(base[2] * shade, 0.96))


def _scaled(shape: BodyShape, rng: random.Random) -> BodyShape:
    """The shape with a slightly different height, so that no two cars of a class are twins."""
    k = rng.uniform(0.97, 1.04)
    return replace(
        shape,
        top=tuple((x, z if z < 0.9 else 0.9 + (z - 0.9) * k) for x, z in shape.top),
        width=shape.width * rng.uniform(0.97, 1.03),
    )


def _car(kind: VehicleKind, base: BodyShape, rng: random.Random) -> VehicleModel:
    shape = _scaled(base, rng)
    loft, builder = Loft(shape), MeshBuilder()
    add_body(builder, loft, _paint(rng))
    add_wheels(builder, loft)
    add_car_details(builder, loft)
    half, w = shape.length / 2, shape.width * 0.38
    add_plate_holder(builder, half + 0.02, shape.front_plate_z)
    add_plate_holder(builder, -half - 0.02, shape.rear_plate_z)
    nose = shape.top[0][1] - 0.08
    return VehicleModel(
        kind=kind,
        label=CLASS_OF[kind],
        mesh=builder.build(),
        length=shape.length,
        width=shape.width,
        height=shape.height,
        mounts=(
            PlateMount(centre=(half + 0.03, 0.0, shape.front_plate_z), end=1),
            PlateMount(centre=(-half - 0.03, 0.0, shape.rear_plate_z), end=-1),
        ),
        headlamps=((half - 0.12, w, nose), (half - 0.12, -w, nose)),
        taillamps=((-half + 0.05, w, shape.rear_plate_z), (-half + 0.05, -w, shape.rear_plate_z)),
    )


def _bus(rng: random.Random) -> VehicleModel:
    shape = BUS
    loft, builder = Loft(shape), MeshBuilder()
    paint: Colour = rng.choice([(0.72, 0.38, 0.12), (0.32, 0.62, 0.22), (0.2, 0.2, 0.72), (0.85, 0.85, 0.85)])
    add_body(builder, loft, paint, fineness=0.7)
    add_wheels(builder, loft)
    add_bus_details(builder, loft, (0.88, 0.88, 0.88) if paint[0] != 0.85 else (0.3, 0.5, 0.2))
    half, w = shape.length / 2, shape.width / 2
    add_plate_holder(builder, half + 0.03, 0.62)
    add_plate_holder(builder, -half - 0.02, 0.75)
    builder.box((-3.5, -0.8, 3.18), (-1.2, 0.8, 3.42), (0.75, 0.75, 0.75), cuts=(2, 2, 1), lift=0.3)
    return VehicleModel(
        kind=VehicleKind.BUS,
        label=ObjectClass.BUS,
        mesh=builder.build(),
        length=shape.length,
        width=shape.width,
        height=3.4,
        mounts=(
            PlateMount(centre=(half + 0.04, 0.0, 0.62), end=1),
            PlateMount(centre=(-half - 0.03, 0.0, 0.75), end=-1),
        ),
        headlamps=((half, w * 0.66, 0.8), (half, -w * 0.66, 0.8)),
        taillamps=((-half, w * 0.66, 1.1), (-half, -w * 0.66, 1.1)),
    )


def _truck(kind: VehicleKind, rng: random.Random) -> VehicleModel:
    length, cab = 5.1, TRUCK_CAB
    loft, builder = Loft(cab), MeshBuilder()
    shift = length / 2 - cab.length / 2
    paint: Colour = rng.choice([(0.9, 0.9, 0.9), (0.9, 0.9, 0.9), (0.55, 0.3, 0.12), (0.6, 0.6, 0.6)])
    add_body(builder, loft, paint, shift_x=shift)
    add_cab_details(builder, loft, shift)
    bed_front, half_width = length / 2 - cab.length - 0.06, 0.86
    builder.box((-length / 2, -0.5, 0.45), (bed_front + 0.1, 0.5, 0.66), (0.08, 0.08, 0.08))
    if kind is VehicleKind.BOX_TRUCK:
        top = rng.uniform(2.35, 2.6)
        white: Colour = rng.choice([(0.9, 0.9, 0.9), (0.82, 0.85, 0.86), (0.7, 0.66, 0.5)])
        builder.box((-length / 2, -half_width, 0.72), (bed_front, half_width, top), white, cuts=(4, 2, 2))
        for x in (-length / 2 - 0.01,):
            builder.quad(
                [(x, -0.01, 0.78), (x, 0.01, 0.78), (x, 0.01, top - 0.06), (x, -0.01, top - 0.06)],
                (0.3, 0.3, 0.3),
                lift=0.3,
                facing=(-1.0, 0.0, 0.0),
            )
        height = top
    else:
        _open_bed(builder, bed_front, -length / 2, half_width, paint, rng)
        height = 1.95
    y = 0.86
    for x, radius in ((length / 2 - 0.78, 0.33), (-length / 2 + 1.15, 0.31)):
        for side in (y, -y):
            add_wheel(builder, x, side, radius, arch=(0.05, 0.05, 0.05) if x > 0 else None)
    half = length / 2
    add_plate_holder(builder, half + 0.02, cab.front_plate_z)
    add_plate_holder(builder, -half - 0.04, 0.56)
    for side in (1, -1):
        y0, y1 = sorted((side * 0.6, side * 0.84))
        builder.box((-half - 0.03, y0, 0.52), (-half, y1, 0.66), (0.1, 0.08, 0.5), lift=0.3)
    return VehicleModel(
        kind=kind,
        label=ObjectClass.TRUCK,
        mesh=builder.build(),
        length=length,
        width=1.76,
        height=height,
        mounts=(
            PlateMount(centre=(half + 0.03, 0.0, cab.front_plate_z), end=1),
            PlateMount(centre=(-half - 0.05, 0.0, 0.56), end=-1),
        ),
        headlamps=((half, 0.62, 0.82), (half, -0.62, 0.82)),
        taillamps=((-half, 0.72, 0.6), (-half, -0.72, 0.6)),
    )


def _open_bed(
    builder: MeshBuilder, front: float, rear: float, half: float, paint: Colour, rng: random.Random
) -> None:
    """Floor, side boards, and a load under a tarpaulin."""
    builder.box((rear, -half, 0.7), (front, half, 0.78), (0.3, 0.34, 0.38), cuts=(3, 1, 1))
    wall = 0.05
    for y0, y1 in ((-half, -half + wall), (half - wall, half)):
        builder.box((rear, y0, 0.76), (front, y1, 1.14), paint, cuts=(3, 1, 1))
    builder.box((rear, -half, 0.76), (rear + wall, half, 1.14), paint)
    builder.box((front - wall, -half, 0.76), (front, half, 1.7), (0.25, 0.25, 0.25))
    tarpaulin: Colour = rng.choice(
        [(0.42, 0.28, 0.1), (0.2, 0.32, 0.14), (0.35, 0.35, 0.35), (0.6, 0.62, 0.62)]
    )
    top = rng.uniform(1.75, 2.1)
    builder.box((rear + 0.02, -half, 1.12), (front, half, top), tarpaulin, cuts=(4, 2, 2))
    builder.box((rear + 0.3, -half * 0.8, top), (front - 0.3, half * 0.8, top + 0.08), tarpaulin, lift=0.2)


def _small(kind: VehicleKind, rng: random.Random, rider: bool) -> VehicleModel:
    builder = MeshBuilder()
    if kind is VehicleKind.MOTORCYCLE:
        add_motorcycle(builder, rng, rider=rider)
        length, width, height = 1.95, 0.75, 1.65 if rider else 1.15
    elif kind is VehicleKind.BICYCLE:
        add_bicycle(builder, rng)
        length, width, height = 1.7, 0.6, 1.7
    else:
        add_person(builder, rng)
        length, width, height = 0.45, 0.55, 1.72
    lamps: tuple[Point3, ...] = ((0.75, 0.0, 0.85),) if kind is VehicleKind.MOTORCYCLE else ()
    tails: tuple[Point3, ...] = ((-0.9, 0.0, 0.75),) if kind is VehicleKind.MOTORCYCLE else ()
    return VehicleModel(
        kind=kind,
        label=CLASS_OF[kind],
        mesh=builder.build(),
        length=length,
        width=width,
        height=height,
        mounts=(),
        headlamps=lamps,
        taillamps=tails,
    )
