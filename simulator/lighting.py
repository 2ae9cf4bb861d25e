"""Light over the street: states of sun, sky and lamps, and how one fades into the next."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from pipeline.errors import InvalidValueError
from simulator.mesh import Colour
from simulator.viewpoint import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class LightState:
    """One state of the light; radiances are linear BGR, 1.0 shows white paper as white.

    Attributes:
        sun_azimuth_deg: where the sun stands, from +y (away from the camera) towards +x.
        sun_elevation_deg: above the horizon, 1-90.
        sun: direct light; zero under a closed cover of clouds and at night.
        sky: ambient light from above.
        lamps: 0-1, how far headlamps and street lamps are lit.
        wet: 0-1, how wet the road is.
        haze: 0-1, how far the distance fades into the sky's colour.
    """

    sun_azimuth_deg: float = 150.0
    sun_elevation_deg: float = 45.0
    sun: Colour = (0.80, 0.88, 0.95)
    sky: Colour = (0.44, 0.40, 0.36)
    lamps: float = 0.0
    wet: float = 0.0
    haze: float = 0.0

    def __post_init__(self) -> None:
        if not 1.0 <= self.sun_elevation_deg <= 90.0:
            raise InvalidValueError(f"expected a sun 1-90 degrees high, got {self.sun_elevation_deg}")

    def sun_direction(self) -> Floats:
        """Unit vector towards the sun, float32 (3,)."""
        azimuth, elevation = math.radians(self.sun_azimuth_deg), math.radians(self.sun_elevation_deg)
        flat = math.cos(elevation)
        return np.array([flat * math.sin(azimuth), flat * math.cos(azimuth), math.sin(elevation)], np.float32)

    def shadow_strength(self) -> float:
        """How much darker, 0-1 of the displayed value, flat ground is where the sun does not reach."""
        direct = float(np.mean(self.sun)) * math.sin(math.radians(self.sun_elevation_deg))
        ambient = float(np.mean(self.sky))
        return 1.0 - math.sqrt(ambient / max(ambient + direct, 1e-6))


@dataclass(frozen=True, slots=True, kw_only=True)
class LightMix:
    """Two states and how far the second has replaced the first, 0-1."""

    first: LightState
    second: LightState
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LightTrack:
    """The light over time: states at times (seconds, ascending), faded linearly in between."""

    keys: tuple[tuple[float, LightState], ...]

    def __post_init__(self) -> None:
        times = [t for t, _ in self.keys]
        if not times or times != sorted(times):
            raise InvalidValueError(f"expected at least one key and ascending times, got {times}")

    def at(self, t_s: float) -> LightMix:
        """The mix at `t_s`, in 64 steps so that what was drawn for a mix can be used again."""
        index = bisect_right([t for t, _ in self.keys], t_s)
        if index == 0 or index == len(self.keys):
            state = self.keys[max(index - 1, 0)][1]
            return LightMix(first=state, second=state, share=0.0)
        (ta, a), (tb, b) = self.keys[index - 1], self.keys[index]
        share = 0.0 if a == b or tb <= ta else round((t_s - ta) / (tb - ta) * 64) / 64
        return LightMix(first=a, second=b, share=share)


def display(radiance: Floats) -> Floats:
    """Linear radiance to displayed values 0-255: square root as gamma, with a soft shoulder at white."""
    value = np.sqrt(np.maximum(radiance, 0.0))
    return np.asarray(
        255.0 * np.where(value > 0.85, 0.85 + 0.15 * np.tanh((value - 0.85) / 0.15), value), np.float32
    )
