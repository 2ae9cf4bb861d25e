"""Proportions of the vehicles: side profiles and windows, from which the bodies are lofted.

Lengths are metres from the front bumper; profiles are polylines read off type drawings of common classes.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.mesh import Colour

Line = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyShape:
    """A body that is lofted along its length.

    Attributes:
        length, width: metres.
        sill: height of the lower edge, metres.
        top: (x, z) of the upper outline from front to rear.
        belt: (x, z) of the line between body and side windows.
        nose, tail: share of the width left at the very front and rear (rounded plan view).
        nose_length: metres over which the width grows from `nose` to 1.
        windscreen, rear_window: x range of the sloping glass; equal ends for none.
        windows: x ranges of the side windows.
        tumblehome: share of the width the roof edge is narrower than the belt.
        wheel_x: axle positions; wheel_radius in metres.
        front_plate_z, rear_plate_z: middle of the plates above the ground.
    """

    length: float
    width: float
    sill: float
    top: Line
    belt: Line
    nose: float = 0.62
    tail: float = 0.72
    nose_length: float = 0.7
    windscreen: tuple[float, float] = (0.0, 0.0)
    rear_window: tuple[float, float] = (0.0, 0.0)
    windows: Line = ()
    tumblehome: float = 0.2
    wheel_x: tuple[float, ...] = ()
    wheel_radius: float = 0.33
    front_plate_z: float = 0.46
    rear_plate_z: float = 0.8

    @property
    def height(self) -> float:
        """Highest point of the outline, metres."""
        return max(z for _, z in self.top)


SEDAN = BodyShape(
    length=4.8,
    width=1.84,
    sill=0.2,
    top=(
        (0, 0.62),
        (0.04, 0.7),
        (0.25, 0.76),
        (1.1, 0.92),
        (1.4, 0.97),
        (2.2, 1.38),
        (2.5, 1.44),
        (3.0, 1.44),
        (3.5, 1.38),
        (4.2, 1.1),
        (4.62, 1.06),
        (4.76, 1.0),
        (4.8, 0.9),
    ),
    belt=((0, 0.62), (1.2, 0.9), (4.4, 1.0), (4.8, 0.9)),
    windscreen=(1.42, 2.22),
    rear_window=(3.5, 4.16),
    windows=((1.85, 2.72), (2.82, 3.62)),
    wheel_x=(0.92, 3.74),
    wheel_radius=0.33,
    rear_plate_z=0.78,
)
SUV = BodyShape(
    length=4.65,
    width=1.88,
    sill=0.26,
    top=(
        (0, 0.74),
        (0.04, 0.84),
        (0.2, 0.94),
        (1.0, 1.06),
        (1.25, 1.1),
        (1.95, 1.56),
        (2.3, 1.66),
        (3.8, 1.64),
        (4.2, 1.57),
        (4.5, 1.14),
        (4.6, 1.08),
        (4.65, 0.95),
    ),
    belt=((0, 0.74), (1.1, 1.04), (4.5, 1.13), (4.65, 0.95)),
    windscreen=(1.27, 1.98),
    rear_window=(4.2, 4.5),
    windows=((1.7, 2.55), (2.65, 3.4), (3.48, 4.05)),
    nose=0.7,
    tail=0.82,
    wheel_x=(0.9, 3.6),
    wheel_radius=0.37,
    front_plate_z=0.52,
    rear_plate_z=0.85,
    tumblehome=0.15,
)
CITY_CAR = BodyShape(
    length=3.6,
    width=1.6,
    sill=0.2,
    top=(
        (0, 0.66),
        (0.03, 0.74),
        (0.2, 0.82),
        (0.75, 0.96),
        (0.95, 1.0),
        (1.65, 1.4),
        (1.95, 1.48),
        (2.9, 1.47),
        (3.2, 1.41),
        (3.46, 1.02),
        (3.56, 0.96),
        (3.6, 0.85),
    ),
    belt=((0, 0.66), (0.9, 0.95), (3.4, 1.01), (3.6, 0.85)),
    windscreen=(0.96, 1.68),
    rear_window=(3.2, 3.46),
    windows=((1.35, 2.1), (2.2, 3.0)),
    nose=0.66,
    tail=0.8,
    wheel_x=(0.65, 3.0),
    wheel_radius=0.29,
    rear_plate_z=0.72,
)
VAN = BodyShape(
    length=5.15,
    width=1.94,
    sill=0.22,
    top=(
        (0, 0.74),
        (0.05, 0.86),
        (0.2, 0.95),
        (0.95, 1.08),
        (1.15, 1.12),
        (2.0, 1.6),
        (2.35, 1.71),
        (4.5, 1.69),
        (4.8, 1.6),
        (5.05, 1.14),
        (5.12, 1.06),
        (5.15, 0.95),
    ),
    belt=((0, 0.74), (1.0, 1.05), (5.0, 1.12), (5.15, 0.95)),
    windscreen=(1.17, 2.03),
    rear_window=(4.78, 5.05),
    windows=((1.65, 2.55), (2.65, 3.6), (3.7, 4.65)),
    nose=0.68,
    tail=0.86,
    wheel_x=(0.95, 4.05),
    wheel_radius=0.35,
    tumblehome=0.14,
    rear_plate_z=0.85,
    front_plate_z=0.5,
)
TRUCK_CAB = BodyShape(
    length=1.85,
    width=1.74,
    sill=0.42,
    top=(
        (0, 0.95),
        (0.03, 1.05),
        (0.12, 1.1),
        (0.2, 1.14),
        (0.62, 1.8),
        (0.85, 1.94),
        (1.7, 1.95),
        (1.82, 1.9),
        (1.85, 1.8),
    ),
    belt=((0, 0.95), (0.2, 1.12), (1.85, 1.14)),
    nose=0.84,
    tail=0.97,
    nose_length=0.35,
    windscreen=(0.2, 0.64),
    windows=((0.5, 1.4),),
    tumblehome=0.1,
    wheel_x=(0.78,),
    wheel_radius=0.34,
    front_plate_z=0.55,
)
BUS = BodyShape(
    length=10.9,
    width=2.49,
    sill=0.32,
    top=(
        (0, 1.1),
        (0.05, 2.75),
        (0.12, 3.02),
        (0.4, 3.2),
        (10.4, 3.2),
        (10.8, 3.05),
        (10.87, 2.7),
        (10.9, 1.1),
    ),
    belt=((0, 1.05), (0.1, 1.12), (10.85, 1.2), (10.9, 1.1)),
    nose=0.86,
    tail=0.94,
    nose_length=0.35,
    windows=((0.75, 2.0), (2.1, 3.9), (4.0, 5.8), (5.9, 7.7), (7.8, 10.1)),
    tumblehome=0.03,
    wheel_x=(2.6, 8.1),
    wheel_radius=0.48,
    front_plate_z=0.62,
    rear_plate_z=0.9,
)

PAINTS: tuple[tuple[Colour, float], ...] = (
    ((0.93, 0.94, 0.94), 0.30),
    ((0.07, 0.07, 0.07), 0.17),
    ((0.42, 0.41, 0.40), 0.16),
    ((0.66, 0.66, 0.65), 0.17),
    ((0.42, 0.25, 0.14), 0.07),
    ((0.14, 0.12, 0.58), 0.06),
    ((0.60, 0.68, 0.74), 0.02),
    ((0.26, 0.38, 0.20), 0.03),
)
"""Body colours (BGR) and their shares; two thirds of Korean cars are white, black or grey (BASF colour
report for OEM coatings, 2023)."""
