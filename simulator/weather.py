"""Rain on the picture and grain of the sensor; drawn once in tiles, then only added."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np

from pipeline.geometry import Size
from pipeline.picture import Image
from simulator.blending import as_image


def moment(t_s: float, seed: int) -> np.random.Generator:
    """Chance that depends on nothing but the time (to the millisecond) and the seed."""
    return np.random.default_rng((seed & 0xFFFFFFFF, round(t_s * 1000) & 0xFFFFFFFF))


@dataclass(slots=True)
class Grain:
    """Sensor noise: Gaussian, added from a tile at a place that jumps from frame to frame.

    Attributes:
        sigma: grey levels.
        size: of the picture.
        seed: of the chance.
    """

    sigma: float
    size: Size
    seed: int
    _plus: Image = field(init=False)
    _minus: Image = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        shape = (self.size.height + 128, self.size.width + 128, 3)
        # most of sensor noise is luminance: one field for all channels plus a little colour
        grey = rng.standard_normal(shape[:2], dtype=np.float32)[..., None] * self.sigma * 0.85
        noise = grey + rng.standard_normal(shape, dtype=np.float32) * self.sigma * 0.5
        self._plus = np.clip(np.rint(noise), 0, 255).astype(np.uint8)
        self._minus = np.clip(np.rint(-noise), 0, 255).astype(np.uint8)

    def apply(self, image: Image, t_s: float) -> Image:
        """`image` with grain, a new picture."""
        rng = moment(t_s, self.seed)
        x, y = (int(v) for v in rng.integers(0, 128, 2))
        h, w = image.shape[:2]
        brighter = cv2.add(image, self._plus[y : y + h, x : x + w])
        return as_image(cv2.subtract(brighter, self._minus[y : y + h, x : x + w]))


@dataclass(slots=True)
class Rain:
    """Falling streaks and a veil of spray.

    Attributes:
        density: streaks per million pixels, about 300-2500.
        size: of the picture.
        seed: of the chance.
    """

    density: float
    size: Size
    seed: int
    _tiles: list[Image] = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed + 1)
        self._tiles = []
        w, h = self.size.width + 64, self.size.height + 64
        slant = math.tan(math.radians(float(rng.uniform(-8, 8))))
        for _ in range(4):
            tile = np.zeros((h, w), np.uint8)
            for _ in range(int(self.density * w * h / 1e6)):
                x, y = int(rng.integers(0, w)), int(rng.integers(-40, h))
                length = int(rng.integers(h // 60, h // 18))
                cv2.line(
                    tile,
                    (x, y),
                    (int(x + slant * length), y + length),
                    int(rng.integers(14, 52)),
                    1,
                    cv2.LINE_AA,
                )
            self._tiles.append(as_image(cv2.cvtColor(cv2.blur(tile, (1, 5)), cv2.COLOR_GRAY2BGR)))

    def apply(self, image: Image, t_s: float) -> Image:
        """`image` in rain, a new picture."""
        rng = moment(t_s, self.seed + 7)
        tile = self._tiles[int(rng.integers(0, len(self._tiles)))]
        x, y = (int(v) for v in rng.integers(0, 64, 2))
        h, w = image.shape[:2]
        veiled = cv2.convertScaleAbs(image, alpha=0.93, beta=8)
        return as_image(cv2.add(veiled, tile[y : y + h, x : x + w]))
