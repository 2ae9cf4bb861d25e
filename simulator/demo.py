"""The street of the demonstration, and a whole day on a street."""

from __future__ import annotations

import math
import random

from pipeline.errors import InvalidValueError
from pipeline.geometry import Size
from simulator.casting import Cast
from simulator.light_courses import day_light, light_track
from simulator.scene import Scene, SceneScript
from simulator.scenes import CLOSE_PLACES, CLOSE_SIZE, WIDE_PLACES, WIDE_SIZE, kerb_zones, viewpoint
from simulator.street import make_layout
from simulator.vehicle_model import VehicleKind

DEMO_DURATION_S = 75.0


def demo_street(seed: int = 1, fps: float = 10.0) -> Scene:
    """The street of `make demo`: 75 s, 1920x1080, made for a dwell of 10 s and a photo gap of 5 s.

    Three vehicles park long enough, one of them in the place that another has just left; a bus passes in
    front of a parked one; one vehicle stops for 5 s only; others drive through. Every plate of those that
    park is of readable size.
    """
    rng = random.Random(f"demo-{seed}")
    layout = make_layout(rng.randrange(1 << 30), one_way=True, crossing_y=None)
    view = viewpoint(CLOSE_SIZE, layout, rng, close=True)
    cast = Cast(layout, rng, flow=1)
    (_, right), (_, left) = CLOSE_PLACES
    cast.park("right", right, 3.0, 31.0, VehicleKind.SEDAN)
    cast.park("left", left, 9.0, 52.0, VehicleKind.SUV)
    cast.park("right", right, 40.0, math.inf, VehicleKind.VAN)
    cast.park("left", left, 61.0, 66.0, VehicleKind.CITY_CAR)
    cast.drive(20.0, kind=VehicleKind.BUS, speed=5.0)
    cast.drive(46.0, kind=VehicleKind.SUV)
    cast.drive(56.0)
    cast.walk(15.0, along=True)
    return Scene(
        SceneScript(
            kind="demo", seed=seed, fps=fps, duration_s=DEMO_DURATION_S, view=view, layout=layout,
            light=light_track("sunny", rng, DEMO_DURATION_S), actors=tuple(cast.actors),
            zones=kerb_zones(view, layout, cast), grain=1.2, note="demonstration street",
        )
    )  # fmt: skip


def simulated_day(
    seed: int = 1, hours: float = 8.0, *, size: Size = WIDE_SIZE, close: bool = False, fps: float = 1.0
) -> Scene:
    """A street from 10:00 on: light over the day, dozens of parked vehicles, traffic every minute or two.

    Args:
        seed: chance.
        hours: 0.1-24.
        size: of the picture.
        close: a narrow view of two places with readable plates (with a size of 1920x1080), else a wide view
            of five.
        fps: of a written video; `frame` takes any time.

    Raises:
        InvalidValueError: `hours` out of bounds.
    """
    if not 0.1 <= hours <= 24.0:
        raise InvalidValueError(f"expected 0.1-24 hours, got {hours}")
    rng = random.Random(f"day-{seed}")
    layout = make_layout(rng.randrange(1 << 30), one_way=close, crossing_y=None)
    view = viewpoint(size, layout, rng, close=close)
    cast = Cast(layout, rng, flow=1 if close else 0)
    places = list(CLOSE_PLACES)
    if not close:
        places = list(WIDE_PLACES)
    end = hours * 3600.0
    taken: list[float] = []
    for side, y in places:
        t = rng.uniform(30, 1500)
        while t < end - 60:
            # two vehicles that swing to the kerb or away at once could meet
            while any(abs(t - other) < 45 for other in taken):
                t += 20
            stay = rng.choice([rng.uniform(5, 25), rng.uniform(120, 600), rng.uniform(600, 2700)])
            while any(abs(t + stay - other) < 45 for other in taken):
                stay += 20
            cast.park(side, y, t, t + stay)
            taken += [t, t + stay]
            t += stay + rng.uniform(60, 2400)
    t = 40.0
    while t < end:
        cast.drive(t, kind=VehicleKind.BUS if rng.random() < 0.08 else None)
        t += rng.uniform(30, 150)
    for k in range(int(hours * 6)):
        cast.walk(rng.uniform(0, end), along=k % 3 != 0)
    return Scene(
        SceneScript(
            kind="simulated_day", seed=seed, fps=fps, duration_s=end, view=view, layout=layout,
            light=day_light(rng, hours), actors=tuple(cast.actors), zones=kerb_zones(view, layout, cast),
            note=f"simulated street over {hours:g} hours from 10:00",
        )
    )  # fmt: skip
