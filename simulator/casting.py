"""Puts traffic on a street without collisions: parkers, through traffic, queues, people."""

from __future__ import annotations

import math
import random

import numpy as np

from pipeline.errors import InvalidValueError
from simulator.motion import Journey, Motion
from simulator.plate_numbers import PlateNumber, draw_plate
from simulator.street import StreetLayout
from simulator.traffic import Actor, Swerve, Way
from simulator.vehicle_model import VehicleKind, VehicleModel, build_vehicle
from simulator.viewpoint import Floats

SWERVE_M = 7.5
APPROACH_S = 19.0
"""Time in which a parking vehicle comes from beyond the view, or gets out of it."""
_CARS = (VehicleKind.SEDAN, VehicleKind.SUV, VehicleKind.CITY_CAR, VehicleKind.VAN)
_CAR_SHARES = (0.44, 0.34, 0.13, 0.09)
_FAR_Y, _NEAR_Y = 95.0, -14.0


class Cast:
    """Collects the actors of one scene.

    Args:
        layout: the street.
        rng: the scene's chance.
        flow: direction of a one-way street (+1 away from the camera, -1 towards it); 0 for two-way.
    """

    def __init__(self, layout: StreetLayout, rng: random.Random, *, flow: int) -> None:
        self._layout, self._rng, self._flow = layout, rng, flow
        self.actors: list[Actor] = []
        self._texts: set[str] = set()

    def car_kind(self) -> VehicleKind:
        """A passenger car's kind by market share, now and then a light truck."""
        if self._rng.random() < 0.14:
            return self._rng.choices([VehicleKind.TRUCK, VehicleKind.BOX_TRUCK], [0.4, 0.6])[0]
        return self._rng.choices(_CARS, _CAR_SHARES)[0]

    def park(
        self,
        side: str,
        y: float,
        arrive_s: float,
        leave_s: float,
        kind: VehicleKind | None = None,
        seed: int | None = None,
    ) -> Actor:
        """A vehicle that stops at the kerb ("left" or "right") at `y` from `arrive_s` to `leave_s`.

        Infinite times mean that it stands there from the beginning or never leaves. Both times are put off by
        whole seconds until nobody is in the way.

        Raises:
            InvalidValueError: somebody is in the way for 40 s.
        """
        rng = self._rng
        chosen = kind or self.car_kind()
        model = build_vehicle(chosen, rng.randrange(1 << 30) if seed is None else seed, rider=False)
        direction = self._flow or (1 if side == "right" else -1)
        lane = self._layout.forward_x if direction > 0 else self._layout.oncoming_x
        kerb = self._layout.kerb_x(side, model.width) + rng.uniform(-0.08, 0.08)
        start_y = y - direction * 100.0
        shift = kerb - lane
        way = Way(
            x=lane, y=start_y, direction=direction,
            swerves=(
                Swerve(start_m=99.6 - SWERVE_M, length_m=SWERVE_M, shift_m=shift),
                Swerve(start_m=100.6, length_m=SWERVE_M, shift_m=-shift),
            ),
        )  # fmt: skip
        speed, brake = rng.uniform(6.5, 8.0), rng.uniform(1.6, 2.2)
        name, plate = self._name(chosen), self._plate(chosen, model)
        for delay in range(40):
            arrive, leave = arrive_s + delay, leave_s + delay
            actor = Actor(
                name=name, model=model, way=way, plate=plate, parks=True,
                motion=Journey(speed, brake).halt(arrive, leave, 100.0).leave(),
                from_s=arrive - APPROACH_S, to_s=leave + APPROACH_S,
            )  # fmt: skip
            coming = [t for t in (arrive - APPROACH_S, leave - 2.0) if math.isfinite(t)]
            if not any(self._collides(actor, t, t + APPROACH_S + 2.0) for t in coming):
                return self._keep(actor)
        raise InvalidValueError(
            f"expected a free way to the {side} kerb at {y:.1f} m around {arrive_s:.0f} s"
        )

    def drive(
        self,
        t_s: float,
        direction: int | None = None,
        kind: VehicleKind | None = None,
        speed: float | None = None,
    ) -> Actor | None:
        """A vehicle that drives through, near the camera at about `t_s`; None when the road is never free."""
        rng = self._rng
        chosen = kind or self.car_kind()
        model = build_vehicle(chosen, rng.randrange(1 << 30))
        heading = self._flow or direction or rng.choice([1, -1])
        lane = self._layout.forward_x if heading > 0 else self._layout.oncoming_x
        if chosen in (VehicleKind.MOTORCYCLE, VehicleKind.BICYCLE):
            lane += heading * rng.uniform(0.4, 1.0)
        way = Way(x=lane, y=15.0 - heading * 60.0, direction=heading)
        name, plate = self._name(chosen), self._plate(chosen, model)
        pace = speed or (rng.uniform(3.5, 5.0) if chosen is VehicleKind.BICYCLE else rng.uniform(6.5, 10.0))
        for k in range(60):
            offset = 0.8 * ((k + 1) // 2) * (1 if k % 2 else -1)
            motion = Journey(pace).pass_by(t_s + offset, 60.0)
            middle, reach = t_s + offset, 85.0 / pace
            actor = Actor(
                name=name, model=model, way=way, motion=motion, plate=plate,
                from_s=middle - reach, to_s=middle + reach,
            )  # fmt: skip
            if not self._collides(actor, actor.from_s, actor.to_s):
                return self._keep(actor)
        return None

    def queue(
        self, direction: int, stop_y: float, arrive_s: float, go_s: float, count: int, creep: bool
    ) -> None:
        """Vehicles that wait in line behind `stop_y`, or creep towards it in small steps."""
        rng = self._rng
        lane = self._layout.forward_x if direction > 0 else self._layout.oncoming_x
        behind, clock = 0.0, arrive_s
        for k in range(count):
            chosen = self.car_kind()
            model = build_vehicle(chosen, rng.randrange(1 << 30))
            middle = behind + model.length / 2
            way = Way(
                x=lane + rng.uniform(-0.1, 0.1), y=stop_y - direction * (100.0 + middle), direction=direction
            )
            journey = Journey(rng.uniform(5.5, 7.0), 2.0)
            leave = go_s + 1.3 * k
            if creep:
                steps = 5
                start = clock
                for s in range(steps):
                    place = 100.0 - 2.4 * (steps - 1 - s)
                    pause = rng.uniform(0.9, 1.4) if s < steps - 1 else max(1.0, leave - start)
                    journey.halt(start, start + pause, place)
                    start = start + pause + 2.2
            else:
                journey.halt(clock, leave, 100.0)
            motion = journey.leave()
            self._keep(
                self._actor(
                    chosen, model, way, motion, parks=False, from_s=arrive_s - 25.0, to_s=leave + 25.0
                )
            )
            behind += model.length + rng.uniform(1.6, 2.4)
            clock += rng.uniform(1.5, 2.5)

    def walk(self, t_s: float, *, along: bool) -> Actor:
        """Somebody on foot: along the far pavement, or across the street."""
        rng = self._rng
        model = build_vehicle(VehicleKind.PERSON, rng.randrange(1 << 30))
        pace = rng.uniform(1.1, 1.6)
        if along:
            direction = rng.choice([1, -1])
            way = Way(x=self._layout.x1 + rng.uniform(1.6, 2.4), y=20 - direction * 40, direction=direction)
            motion = Journey(pace).pass_by(t_s, 40.0)
        else:
            y = self._layout.crossing_y or rng.uniform(22, 30)
            way = Way(x=self._layout.x0 - 3.0, y=y + rng.uniform(-1.2, 1.2), direction=0)
            motion = Journey(pace).pass_by(t_s, 0.0)
        length = (self._layout.x1 - self._layout.x0 + 5.5) / pace
        to_s = math.inf if along else t_s + length
        actor = Actor(
            name=f"person-{len(self.actors) + 1}", model=model, way=way, motion=motion,
            from_s=-math.inf if along else t_s, to_s=to_s,
        )  # fmt: skip
        return self._keep(actor)

    def _keep(self, actor: Actor) -> Actor:
        self.actors.append(actor)
        return actor

    def _name(self, kind: VehicleKind) -> str:
        return f"{kind}-{len(self.actors) + 1}"

    def _plate(self, kind: VehicleKind, model: VehicleModel) -> PlateNumber | None:
        """A number that no other vehicle of the scene has; None where there is no place for a plate."""
        if not model.mounts:
            return None
        hired = kind is VehicleKind.BUS or (kind is VehicleKind.BOX_TRUCK and self._rng.random() < 0.5)
        while True:
            plate = draw_plate(self._rng, commercial=hired or self._rng.random() < 0.06)
            if plate.text not in self._texts:
                self._texts.add(plate.text)
                return plate

    def _actor(
        self, kind: VehicleKind, model: VehicleModel, way: Way, motion: Motion, *,
        parks: bool, from_s: float, to_s: float,
    ) -> Actor:  # fmt: skip
        return Actor(
            name=self._name(kind), model=model, way=way, motion=motion, plate=self._plate(kind, model),
            parks=parks, from_s=from_s, to_s=to_s,
        )  # fmt: skip

    def _collides(self, actor: Actor, from_s: float, to_s: float) -> bool:
        """Whether the actor's body meets another vehicle's between two times while near the camera."""
        times = np.arange(from_s, to_s, 0.25)
        own = _trail(actor, times, absent=1e6)
        for other in self.actors:
            if other.from_s > to_s or other.to_s < from_s:
                continue
            theirs = _trail(other, times, absent=-1e6)
            for a in range(own.shape[1]):
                gap = np.hypot(theirs[:, :, 0] - own[:, a : a + 1, 0], theirs[:, :, 1] - own[:, a : a + 1, 1])
                limit = (actor.model.width + other.model.width) / 2 + 0.12
                if bool((gap < limit).any()):
                    return True
        return False


def _trail(actor: Actor, times: Floats, *, absent: float) -> Floats:
    """Points along the body's middle line at each time, (n, k, 2); `absent` while not on the street."""
    count = max(2, math.ceil(actor.model.length / 0.9))
    half = max(actor.model.length / 2 - actor.model.width / 2, 0.05) + 0.3
    out = np.full((len(times), count, 2), absent)
    offsets = np.linspace(-half, half, count)
    for i, t in enumerate(times):
        pose = actor.pose(float(t))
        if pose is None or not _NEAR_Y < pose.y < _FAR_Y:
            continue
        out[i, :, 0] = pose.x + offsets * math.cos(pose.heading)
        out[i, :, 1] = pose.y + offsets * math.sin(pose.heading)
    return out
