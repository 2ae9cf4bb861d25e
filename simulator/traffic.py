"""Who drives where: ways along the street with swerves to the kerb, and actors that follow them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulator.motion import Motion
from simulator.plate_numbers import PlateNumber
from simulator.sprite import Pose
from simulator.vehicle_model import VehicleModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Swerve:
    """A smooth sideways move by `shift_m`, over `length_m` metres from `start_m` of the way on."""

    start_m: float
    length_m: float
    shift_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way along the street: starts at (x, y), runs towards +y or -y, with swerves.

    Attributes:
        x, y: where progress 0 lies, metres.
        direction: +1 away from the camera, -1 towards it; 0 crosses the street towards +x.
        swerves: sideways moves, in world x.
    """

    x: float
    y: float
    direction: int
    swerves: tuple[Swerve, ...] = ()

    def pose(self, progress_m: float) -> Pose:
        """Place and heading after `progress_m` metres."""
        if self.direction == 0:
            return Pose(x=self.x + progress_m, y=self.y, heading=0.0)
        x, slope = self.x, 0.0
        for swerve in self.swerves:
            f = min(max((progress_m - swerve.start_m) / swerve.length_m, 0.0), 1.0)
            x += swerve.shift_m * f * f * (3 - 2 * f)
            slope += swerve.shift_m * 6 * f * (1 - f) / swerve.length_m
        y = self.y + self.direction * progress_m
        return Pose(x=x, y=y, heading=math.atan2(float(self.direction), slope))


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A vehicle or person with its way, motion and plate.

    Attributes:
        name: unique in the scene.
        model: its looks.
        way, motion: where it is when.
        plate: None for people, two-wheelers and plateless vehicles.
        from_s, to_s: when it is on the street at all.
        parks: whether its halts are illegal parking in the zone (not a wait in traffic).
    """

    name: str
    model: VehicleModel
    way: Way
    motion: Motion
    plate: PlateNumber | None = None
    from_s: float = -math.inf
    to_s: float = math.inf
    parks: bool = False

    def pose(self, t_s: float) -> Pose | None:
        """Where it is at `t_s`; None when it is not on the street."""
        if not self.from_s <= t_s <= self.to_s:
            return None
        return self.way.pose(self.motion.place(t_s))

    def footprint(self, pose: Pose) -> tuple[tuple[float, float], ...]:
        """The four corners on the road, counter-clockwise."""
        c, s = math.cos(pose.heading), math.sin(pose.heading)
        a, b = self.model.length / 2, self.model.width / 2
        return tuple(
            (pose.x + u * c - v * s, pose.y + u * s + v * c) for u, v in ((a, b), (-a, b), (-a, -b), (a, -b))
        )


def in_drawing_order(items: list[tuple[Actor, Pose]], eye: tuple[float, float]) -> list[tuple[Actor, Pose]]:
    """The items from far to near, by separating lines between footprints rather than by distance alone.

    A bus beside a car is nearer and farther than it at once; what counts is on which side of a line between
    the two the camera stands.
    """
    ordered = sorted(items, key=lambda i: -math.hypot(i[1].x - eye[0], i[1].y - eye[1]))
    feet = [i[0].footprint(i[1]) for i in ordered]
    remaining = list(range(len(ordered)))
    result: list[tuple[Actor, Pose]] = []
    while remaining:
        pick = next(
            (k for k in remaining if not any(_hides(feet[k], feet[j], eye) for j in remaining if j != k)),
            remaining[0],
        )
        remaining.remove(pick)
        result.append(ordered[pick])
    return result


def _hides(
    near: tuple[tuple[float, float], ...], far: tuple[tuple[float, float], ...], eye: tuple[float, float]
) -> bool:
    """Whether a line separates `near` with the eye from `far`: then `near` must be drawn later."""
    count = len(near)
    for k in range(count):
        a, b = near[k], near[(k + 1) % count]
        if _side(a, b, eye) > 0 and all(_side(a, b, p) <= 1e-6 for p in far):
            return True
        c, d = far[k], far[(k + 1) % count]
        if _side(c, d, eye) < 0 and all(_side(c, d, p) <= 1e-6 for p in near):
            return True
    return False


def _side(a: tuple[float, float], b: tuple[float, float], p: tuple[float, float]) -> float:
    """Positive when p lies to the left of a-b; inside a counter-clockwise polygon is left of its edges."""
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
