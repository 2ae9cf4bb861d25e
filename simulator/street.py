"""The lie of the street: lanes, kerbs, houses, trees, lamps, and who stands in whose shade."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.lighting import LightState
from simulator.mesh import Colour
from simulator.viewpoint import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A house front along the street: where it begins and ends, how high it is, its looks."""

    y0: float
    y1: float
    height: float
    colour: Colour
    sign: Colour
    window_pitch: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A street tree: trunk position, crown height and radius, metres."""

    x: float
    y: float
    crown_z: float
    radius: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetLayout:
    """A straight street along y. All lengths in metres.

    Attributes:
        x0, x1: kerbs; the road lies between them.
        parking_width: width of the kerbside strip on either side, where vehicles stop.
        pavement: width of the pavements; house fronts rise behind them.
        forward_x, oncoming_x: lane middles of traffic that goes away from (+y) and towards the camera;
            equal to each other on a one-way street.
        crossing_y: where a crossing with its stop line lies, None for none.
        houses_left, houses_right, trees, lamps: what lines the street; lamps as (x, y).
        asphalt: displayed grey of the road, 0-1.
        texture_seed: for stains, patches and cracks.
    """

    x0: float
    x1: float
    parking_width: float
    pavement: float
    forward_x: float
    oncoming_x: float
    crossing_y: float | None
    houses_left: tuple[House, ...]
    houses_right: tuple[House, ...]
    trees: tuple[Tree, ...]
    lamps: tuple[tuple[float, float], ...]
    asphalt: float
    texture_seed: int

    def kerb_x(self, side: str, vehicle_width: float) -> float:
        """The x of the middle of a vehicle parked at the "left" or "right" kerb."""
        gap = 0.25 + vehicle_width / 2
        return self.x0 + gap if side == "left" else self.x1 - gap

    def sunlit(self, x: Floats, y: Floats, light: LightState) -> Floats:
        """Share of direct light, 0-1, that reaches road points past houses and trees; shape of `x`."""
        direction = light.sun_direction()
        sx, sy, sz = (float(v) for v in direction)
        lit = np.ones_like(x)
        if sum(light.sun) == 0.0:
            return lit
        if abs(sx) > 0.02:
            wall = self.x1 + self.pavement if sx > 0 else self.x0 - self.pavement
            reach = (wall - x) / sx
            height = house_heights(self.houses_right if sx > 0 else self.houses_left, y + reach * sy)
            lit *= np.clip((reach * sz - height) / 0.5 + 0.5, 0.0, 1.0)
        for tree in self.trees:
            cx, cy = tree.x - sx / sz * tree.crown_z, tree.y - sy / sz * tree.crown_z
            radius = tree.radius * 1.1
            distance = np.sqrt((x - cx) ** 2 + ((y - cy) / max(1.0, 0.8 / sz)) ** 2)
            lit *= 1.0 - 0.85 * np.clip((radius - distance) / 0.7, 0.0, 1.0)
        return lit

    def lamp_light(self, x: Floats, y: Floats) -> Floats:
        """Illumination of the road by the street lamps, about 0-1, inverse square at 7 m height."""
        total = np.zeros_like(x)
        for lx, ly in self.lamps:
            square = (x - lx) ** 2 + (y - ly) ** 2 + 49.0
            total += 343.0 / square**1.5
        return total


def house_heights(houses: tuple[House, ...], y: Floats) -> Floats:
    """Height of the house front at each y, float32, zero in gaps."""
    index = house_index(houses, y)
    heights = np.array([h.height for h in houses], np.float32)
    return np.where(index < 0, np.float32(0), heights[np.maximum(index, 0)])


def house_index(houses: tuple[House, ...], y: Floats) -> NDArray[np.intp]:
    """Which house stands at each y; -1 in gaps."""
    starts = np.array([h.y0 for h in houses], np.float32)
    ends = np.array([h.y1 for h in houses], np.float32)
    index = np.searchsorted(starts, y, side="right") - 1
    inside = (index >= 0) & (y < ends[np.maximum(index, 0)])
    return np.where(inside, index, -1)


def make_layout(seed: int, *, one_way: bool, crossing_y: float | None) -> StreetLayout:
    """A street drawn from `seed`: one lane with kerb strips (one-way), or two lanes."""
    rng = random.Random(f"street-{seed}")
    parking, lane_width = (2.1, 2.9) if one_way else (2.3, 3.2)
    road = 2 * parking + lane_width * (1 if one_way else 2)
    middle = road / 2
    forward = middle if one_way else middle + lane_width / 2
    oncoming = middle if one_way else middle - lane_width / 2
    pavement = rng.uniform(2.6, 3.6)
    trees = tuple(
        Tree(
            x=road + 0.9,
            y=y + rng.uniform(-1, 1),
            crown_z=rng.uniform(4.2, 5.4),
            radius=rng.uniform(1.2, 1.8),
        )
        for y in np.arange(9, 90, rng.uniform(7.5, 12)).tolist()
        if rng.random() < 0.75
    )
    lamps = tuple((road + 0.4 if k % 2 else -0.4, 4.0 + 11.0 * k) for k in range(9))
    return StreetLayout(
        x0=0.0,
        x1=road,
        parking_width=parking,
        pavement=pavement,
        forward_x=forward,
        oncoming_x=oncoming,
        crossing_y=crossing_y,
        houses_left=_houses(rng),
        houses_right=_houses(rng),
        trees=trees,
        lamps=lamps,
        asphalt=rng.uniform(0.38, 0.52),
        texture_seed=rng.randrange(1 << 30),
    )


def _houses(rng: random.Random) -> tuple[House, ...]:
    houses: list[House] = []
    y = -30.0
    while y < 140:
        width = rng.uniform(7, 15)
        grey = rng.uniform(0.35, 0.75)
        houses.append(
            House(
                y0=y,
                y1=y + width,
                height=rng.uniform(4, 13),
                colour=(grey * rng.uniform(0.8, 1), grey * rng.uniform(0.9, 1), grey),
                sign=rng.choice(
                    [
                        (0.2, 0.2, 0.7),
                        (0.6, 0.35, 0.15),
                        (0.2, 0.55, 0.2),
                        (0.2, 0.6, 0.8),
                        (0.75, 0.75, 0.75),
                    ]
                ),
                window_pitch=rng.uniform(1.7, 3.0),
            )
        )
        y += width + (rng.uniform(1, 5) if rng.random() < 0.3 else 0.1)
    return tuple(houses)
