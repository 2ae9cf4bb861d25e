"""The catalogue of scenes: every kind of light, weather, traffic and camera trouble, drawn from a seed."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

from pipeline.errors import InvalidValueError
from pipeline.geometry import Size
from simulator.casting import Cast
from simulator.damage import Fault, FaultKind
from simulator.light_courses import light_track
from simulator.scene import Scene, SceneScript
from simulator.street import StreetLayout, make_layout
from simulator.truth import ZoneTruth
from simulator.vehicle_model import VehicleKind
from simulator.viewpoint import Viewpoint

CLOSE_PLACES: tuple[tuple[str, float], ...] = (("right", 15.4), ("left", 16.6))
"""Kerb and middle of the two places of the close view in which whole vehicles and readable plates fit."""
WIDE_PLACES: tuple[tuple[str, float], ...] = (
    ("right", 16.0),
    ("right", 27.5),
    ("left", 19.0),
    ("right", 39.0),
    ("left", 30.5),
)
"""The same for the wide view; 11.5 m apart, so that one can pull out past the next."""
CLOSE_SIZE, WIDE_SIZE = Size(width=1920, height=1080), Size(width=1280, height=720)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What makes a kind of scene; see `SCENE_KINDS` for what each is for.

    Attributes:
        close: a narrow view in which plates of parked vehicles are readable, else a wide one.
        light: name of the course of light.
        parkers: how many kerb places are used.
        drivers_per_min, buses, two_wheelers, walkers: passing traffic.
        replaced: a parked vehicle leaves and another takes its place.
        queue, creep: traffic waits in line, or crawls.
        short_stops: vehicles that halt for a few seconds only.
        at_start: parked vehicles stand there from the beginning.
        grain, rain, sway_px: see SceneScript.
        fault: trouble of the camera in the middle of the scene.
    """

    close: bool = False
    light: str = "sunny"
    parkers: int = 3
    drivers_per_min: float = 8.0
    buses: int = 0
    two_wheelers: int = 0
    walkers: int = 1
    replaced: bool = False
    queue: bool = False
    creep: bool = False
    short_stops: int = 0
    at_start: bool = False
    grain: float = 2.0
    rain: float = 0.0
    sway_px: float = 0.0
    fault: FaultKind | None = None
    fault_strength: float = 1.0
    tags: tuple[str, ...] = field(default=())


_RECIPES: dict[str, Recipe] = {
    "day": Recipe(),
    "day_close": Recipe(close=True, parkers=2, drivers_per_min=5),
    "overcast": Recipe(light="overcast"),
    "shadows": Recipe(light="low_sun"),
    "clouds": Recipe(light="clouds", close=True, parkers=2, drivers_per_min=4),
    "sudden_light": Recipe(light="sudden"),
    "dusk": Recipe(light="dusk", grain=3.5),
    "night": Recipe(light="night", grain=4.0),
    "night_close": Recipe(light="night", grain=4.0, close=True, parkers=2, drivers_per_min=4),
    "rain": Recipe(light="wet", rain=900.0),
    "rain_close": Recipe(light="wet", rain=900.0, close=True, parkers=2, drivers_per_min=4),
    "bus_passes": Recipe(buses=2, drivers_per_min=4),
    "bus_passes_close": Recipe(buses=2, close=True, parkers=2, drivers_per_min=3),
    "replaced": Recipe(replaced=True),
    "replaced_close": Recipe(replaced=True, close=True, parkers=2, drivers_per_min=4),
    "queue": Recipe(queue=True, parkers=2, drivers_per_min=3),
    "creep": Recipe(creep=True, parkers=2, drivers_per_min=3),
    "short_stops": Recipe(short_stops=2, parkers=2, close=True, drivers_per_min=3),
    "parked_at_start": Recipe(at_start=True, close=True, parkers=2, drivers_per_min=5),
    "two_wheelers": Recipe(two_wheelers=3, walkers=4, parkers=2),
    "nudge": Recipe(fault=FaultKind.MOVED, parkers=2),
    "sway": Recipe(sway_px=1.5),
    "blocked": Recipe(fault=FaultKind.BLOCKED, parkers=2),
    "dark": Recipe(fault=FaultKind.DARK, parkers=2),
    "blurred": Recipe(fault=FaultKind.BLURRED, parkers=2),
    "frozen": Recipe(fault=FaultKind.FROZEN, parkers=2, at_start=True),
    "jpeg_damage": Recipe(fault=FaultKind.JPEG, fault_strength=0.6, close=True, parkers=2, drivers_per_min=4),
    "noise": Recipe(grain=6.0, light="overcast"),
}

SCENE_KINDS: tuple[str, ...] = tuple(_RECIPES)
"""Names for `build_scene`."""


def sixty_scenes() -> tuple[tuple[str, int], ...]:
    """Sixty pairs of kind and seed: every kind at least twice."""
    return tuple((SCENE_KINDS[k % len(SCENE_KINDS)], 100 + k) for k in range(60))


def default_size(kind: str) -> Size:
    """The size in which a kind is meant to be drawn: 1920x1080 where plates are to be read, else 1280x720."""
    return CLOSE_SIZE if _recipe(kind).close else WIDE_SIZE


def build_scene(
    kind: str, seed: int, size: Size | None = None, fps: float = 10.0, duration_s: float = 60.0
) -> Scene:
    """A scene of one of SCENE_KINDS; the same arguments give the same frames.

    Args:
        kind: one of SCENE_KINDS.
        seed: chance.
        size: of the picture; None for `default_size`.
        fps: frames a second of the written video.
        duration_s: length; at least 40 s, so that parking and leaving fit in.

    Raises:
        InvalidValueError: an unknown kind, or a scene that is too short.
    """
    recipe = _recipe(kind)
    if duration_s < 40.0:
        raise InvalidValueError(f"expected a scene of at least 40 s, got {duration_s} s")
    rng = random.Random(f"scene-{kind}-{seed}")
    flow = rng.choice([1, -1]) if recipe.close else 0
    crossing = (
        rng.uniform(40, 46)
        if recipe.queue or recipe.creep or (not recipe.close and rng.random() < 0.5)
        else None
    )
    layout = make_layout(rng.randrange(1 << 30), one_way=recipe.close, crossing_y=crossing)
    view = viewpoint(size or default_size(kind), layout, rng, close=recipe.close)
    cast = Cast(layout, rng, flow=flow)
    _fill(cast, recipe, layout, rng, duration_s)
    faults: tuple[Fault, ...] = ()
    if recipe.fault is not None:
        t0 = duration_s * rng.uniform(0.4, 0.5)
        t1 = duration_s if recipe.fault is FaultKind.JPEG else t0 + rng.uniform(8, 12)
        t0 = 0.0 if recipe.fault is FaultKind.JPEG else t0
        faults = (Fault(kind=recipe.fault, t0=t0, t1=t1, strength=recipe.fault_strength),)
    return Scene(
        SceneScript(
            kind=kind,
            seed=seed,
            fps=fps,
            duration_s=duration_s,
            view=view,
            layout=layout,
            light=light_track(recipe.light, rng, duration_s),
            actors=tuple(cast.actors),
            zones=kerb_zones(view, layout, cast),
            faults=faults,
            sway_px=recipe.sway_px,
            grain=recipe.grain,
            rain=recipe.rain,
            note=f"simulated street, {kind.replace('_', ' ')}",
        )
    )


def _recipe(kind: str) -> Recipe:
    if kind not in _RECIPES:
        raise InvalidValueError(f"expected one of {', '.join(SCENE_KINDS)}, got {kind!r}")
    return _RECIPES[kind]


def viewpoint(size: Size, layout: StreetLayout, rng: random.Random, *, close: bool) -> Viewpoint:
    """The camera on its pole at the left kerb (close: on an arm over it), looking along the street."""
    if close:
        return Viewpoint(
            size=size,
            x_m=0.6,
            y_m=0.0,
            height_m=rng.uniform(5.35, 5.6),
            look_x_m=layout.x1 * 0.53,
            look_y_m=15.8,
            look_z_m=0.6,
            hfov_deg=29.0,
        )
    return Viewpoint(
        size=size,
        x_m=rng.uniform(-2.0, -1.0),
        y_m=0.0,
        height_m=rng.uniform(5.5, 7.0),
        look_x_m=layout.x1 * 0.5,
        look_y_m=rng.uniform(18, 21),
        look_z_m=0.0,
        hfov_deg=rng.uniform(46, 54),
    )


def kerb_zones(
    view: Viewpoint, layout: StreetLayout, cast: Cast, kind: str = "no_parking"
) -> tuple[ZoneTruth, ...]:
    """The strips along both kerbs as no-parking zones."""
    zones = []
    for side in ("left", "right"):
        if side == "left":
            low, high = layout.x0 - 0.1, layout.x0 + layout.parking_width
        else:
            low, high = layout.x1 - layout.parking_width, layout.x1 + 0.1
        polygon = view.ground_polygon(((low, 9.0), (high, 9.0), (high, 48.0), (low, 48.0)))
        inside = []
        for actor in cast.actors:
            if actor.parks and actor.motion.halts:
                x = actor.way.pose(actor.motion.halts[0].place_m).x
                if low < x < high:
                    inside.append(actor.name)
        zones.append(ZoneTruth(name=f"kerb-{side}", kind=kind, polygon=polygon, vehicles=tuple(inside)))
    return tuple(zones)


def _fill(cast: Cast, recipe: Recipe, layout: StreetLayout, rng: random.Random, duration_s: float) -> None:
    """Write the traffic of a recipe."""
    unit = duration_s / 60.0
    places = list(CLOSE_PLACES) if recipe.close else list(WIDE_PLACES)
    places = [(side, y + rng.uniform(-0.15, 0.15)) for side, y in places]
    if layout.crossing_y is not None:
        places = [p for p in places if p[1] < layout.crossing_y - 8]
    if recipe.queue or recipe.creep:
        stop = (layout.crossing_y or 42.0) - 3.8
        cast.queue(1, stop, 6 * unit, (38 if recipe.queue else 34) * unit, 3, recipe.creep)
    short = recipe.short_stops
    for number, (side, y) in enumerate(places[: recipe.parkers]):
        if recipe.replaced and number == 0:
            leave = rng.uniform(22, 25) * unit
            cast.park(side, y, -math.inf if rng.random() < 0.5 else 4.0, leave)
            cast.park(side, y, leave + rng.uniform(7, 9), math.inf)
        elif short > 0:
            short -= 1
            halt = rng.uniform(8, 12) * unit
            cast.park(side, y, halt, halt + rng.uniform(4, 6))
            cast.park(side, y, halt + rng.uniform(16, 18), math.inf)
        elif side == "right" and (recipe.queue or recipe.creep):
            # who stands beside a queue cannot get out, nor in
            cast.park(side, y, -math.inf, math.inf)
        elif recipe.at_start:
            cast.park(side, y, -math.inf, math.inf if rng.random() < 0.6 else rng.uniform(30, 42) * unit)
        else:
            style = rng.random()
            arrive = rng.uniform(5, 14) * unit
            if style < 0.2:
                cast.park(side, y, -math.inf, math.inf if rng.random() < 0.5 else rng.uniform(28, 42) * unit)
            elif style < 0.6:
                cast.park(side, y, arrive, math.inf)
            else:
                cast.park(side, y, arrive, arrive + rng.uniform(20, 28) * unit)
    for k in range(recipe.buses):
        cast.drive((22 + 18 * k) * unit, 1, VehicleKind.BUS, speed=rng.uniform(4.0, 6.0))
    for _ in range(recipe.two_wheelers):
        kind = VehicleKind.MOTORCYCLE if rng.random() < 0.75 else VehicleKind.BICYCLE
        cast.drive(rng.uniform(5, duration_s - 5), None, kind)
    for _ in range(round(recipe.drivers_per_min * duration_s / 60)):
        cast.drive(rng.uniform(2, duration_s - 2))
    for k in range(recipe.walkers):
        cast.walk(rng.uniform(4, duration_s * 0.7), along=k % 2 == 0)
