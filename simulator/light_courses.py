"""How the light goes over a scene, or over a day."""

from __future__ import annotations

import math
import random
from dataclasses import replace

from pipeline.errors import InvalidValueError
from simulator.lighting import LightState, LightTrack

OVERCAST = LightState(sun=(0.0, 0.0, 0.0), sky=(0.84, 0.82, 0.79))
NIGHT = LightState(sun=(0.0, 0.0, 0.0), sky=(0.030, 0.024, 0.020), lamps=1.0)
DUSK = LightState(sun=(0.0, 0.0, 0.0), sky=(0.19, 0.14, 0.13), lamps=0.7)


def light_track(name: str, rng: random.Random, duration_s: float) -> LightTrack:
    """A course of light over a scene.

    Args:
        name: sunny, overcast, low_sun, clouds, sudden, dusk, night or wet.
        rng: chance, for the place of the sun and the clouds.
        duration_s: of the scene.

    Raises:
        InvalidValueError: an unknown name.
    """
    azimuth = rng.choice([rng.uniform(110, 250), rng.uniform(140, 220)])
    sunny = LightState(sun_azimuth_deg=azimuth, sun_elevation_deg=rng.uniform(42, 62))
    shaded = LightState(
        sun_azimuth_deg=sunny.sun_azimuth_deg,
        sun_elevation_deg=sunny.sun_elevation_deg,
        sun=(0.06, 0.065, 0.07),
        sky=(0.52, 0.49, 0.46),
    )
    if name == "sunny":
        return LightTrack(keys=((0.0, sunny),))
    if name == "overcast":
        return LightTrack(keys=((0.0, OVERCAST),))
    if name == "low_sun":
        low = LightState(
            sun_azimuth_deg=rng.choice([rng.uniform(225, 250), rng.uniform(110, 135)]),
            sun_elevation_deg=rng.uniform(16, 24),
            sun=(0.62, 0.85, 1.05),
            sky=(0.36, 0.31, 0.27),
        )
        return LightTrack(keys=((0.0, low),))
    if name == "clouds":
        keys: list[tuple[float, LightState]] = [(0.0, sunny)]
        t, now = rng.uniform(6, 10), sunny
        while t < duration_s:
            then = shaded if now is sunny else sunny
            keys += [(t, now), (t + rng.uniform(2, 4), then)]
            t, now = t + rng.uniform(9, 15), then
        return LightTrack(keys=tuple(keys))
    if name == "sudden":
        first, second = duration_s * rng.uniform(0.4, 0.45), duration_s * rng.uniform(0.7, 0.75)
        return LightTrack(
            keys=(
                (0.0, sunny),
                (first, sunny),
                (first + 0.3, shaded),
                (second, shaded),
                (second + 0.3, sunny),
            )
        )
    if name == "dusk":
        return LightTrack(
            keys=((0.0, LightState(sun=(0.0, 0.0, 0.0), sky=(0.34, 0.28, 0.27))), (duration_s, DUSK))
        )
    if name == "night":
        return LightTrack(keys=((0.0, NIGHT),))
    if name == "wet":
        return LightTrack(
            keys=((0.0, LightState(sun=(0.0, 0.0, 0.0), sky=(0.70, 0.68, 0.64), wet=0.8, haze=0.4)),)
        )
    raise InvalidValueError(f"expected a known course of light, got {name!r}")


def day_light(rng: random.Random, hours: float, start_hour: float = 10.0) -> LightTrack:
    """Light from `start_hour` on for `hours`: the sun moves, clouds come and go, lamps light up at dusk.

    The sun follows a clear October day at 37 degrees north: up at 6:30, at noon 45 degrees high, down at
    17:50 local time.
    """
    keys: list[tuple[float, LightState]] = []
    step_h = 1 / 3
    for k in range(math.ceil(hours / step_h) + 1):
        hour = (start_hour + k * step_h) % 24
        phase = (hour - 6.5) / 11.33
        height = 45.0 * math.sin(math.pi * phase) if 0 < phase < 1 else -5.0
        brightness = min(1.0, max(0.0, (height + 4.0) / 22.0))
        cover = rng.choice([0.0, 0.0, 0.25, 0.7, 1.0])
        direct = (1.0 - cover) * min(1.0, max(0.0, height / 15.0))
        sky = [0.03 + v * brightness * (1.0 + 0.5 * cover) for v in (0.50, 0.46, 0.42)]
        state = LightState(
            sun_azimuth_deg=100.0 + 170.0 * min(max(phase, 0.0), 1.0),
            sun_elevation_deg=max(height, 6.0),
            sun=(0.72 * direct, 0.86 * direct, 0.95 * direct),
            sky=(sky[0], sky[1], sky[2]),
            lamps=round(1.0 - brightness, 2) if brightness < 0.6 else 0.0,
        )
        time_s = k * step_h * 3600.0
        keys.append((time_s, state))
        if rng.random() < 0.25:
            # a cloud before the sun for some minutes, with edges of a few seconds
            shade = replace(state, sun=(0.05, 0.055, 0.06))
            begin = time_s + rng.uniform(60, 300)
            end = begin + rng.uniform(120, 400)
            keys += [(begin, state), (begin + 4, shade), (end, shade), (end + 5, state)]
    return LightTrack(keys=tuple(keys))
