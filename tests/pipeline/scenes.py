"""Street-like grey pictures with structure everywhere, made from a seed."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.picture import Gray

Floats = npt.NDArray[np.float32]


def scene(seed: int, width: int = 640, height: int = 360) -> Floats:
    """Rectangles, lines and a soft ground, luma 0-255 as float32 (height, width)."""
    random = np.random.default_rng(seed)
    picture = np.full((height, width), 110.0, np.float32)
    picture += np.linspace(-25, 25, height, dtype=np.float32)[:, None]
    unit = width / 640
    for _ in range(130):
        x, y = int(random.integers(0, width)), int(random.integers(0, height))
        w, h = int(random.integers(12, 90) * unit), int(random.integers(8, 60) * unit)
        shade = float(random.integers(20, 235))
        cv2.rectangle(picture, (x, y), (x + w, y + h), (shade,), -1)
    for _ in range(40):
        a = (int(random.integers(0, width)), int(random.integers(0, height)))
        b = (int(random.integers(0, width)), int(random.integers(0, height)))
        cv2.line(picture, a, b, (float(random.integers(20, 235)),), max(1, round(2 * unit)))
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.8), dtype=np.float32)


def seen(
    picture: Floats,
    seed: int,
    *,
    gain: float = 1.0,
    bias: float = 0.0,
    noise: float = 2.0,
    shift: tuple[int, int] = (0, 0),
    blur: float = 0.0,
) -> Gray:
    """What a camera with the given light, noise (grey levels), shift (pixels) and blur (sigma) delivers."""
    values = np.roll(picture, (shift[1], shift[0]), axis=(0, 1))
    if blur:
        values = np.asarray(cv2.GaussianBlur(values, (0, 0), blur), dtype=np.float32)
    random = np.random.default_rng(seed)
    noisy = values * gain + bias + random.normal(0, noise, values.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def with_block(picture: Floats, x: int, y: int, w: int, h: int, shade: float) -> Floats:
    """`picture` with something plain and striped in front, like the side of a bus."""
    changed = picture.copy()
    changed[max(0, y) : y + h, max(0, x) : max(0, x + w)] = shade
    changed[max(0, y) + h // 3 : max(0, y) + h // 3 + h // 6, max(0, x) : max(0, x + w)] = shade / 3
    return changed
