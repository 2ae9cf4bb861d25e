"""A car seen from behind, drawn well enough for the bundled networks to find it and its plate."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.geometry import Box
from pipeline.picture import Image


def road(width: int = 1280, height: int = 720) -> Image:
    """Asphalt with a little grain."""
    grain = np.random.default_rng(1).normal(122, 5, (height, width, 3))
    return np.clip(grain, 0, 255).astype(np.uint8)


def draw_car(
    image: Image, car: Box, plate: Image, *, paint: tuple[int, int, int] = (96, 60, 40), plate_dx: int = 0
) -> Box:
    """Draw a car into `car` with `plate` (without margin) on its tail; the plate's box."""
    x, y, w, h = round(car.x1), round(car.y1), round(car.width), round(car.height)

    def at(fx: float, fy: float) -> tuple[int, int]:
        return x + round(fx * w), y + round(fy * h)

    def shape(*corners: tuple[float, float], color: tuple[int, int, int]) -> None:
        cv2.fillPoly(image, [np.array([at(*c) for c in corners], dtype=np.int32)], color, cv2.LINE_AA)

    cv2.ellipse(image, at(0.5, 1.0), (round(w * 0.55), round(h * 0.06)), 0, 0, 360, (50, 50, 50), -1)
    for wheel in (0.08, 0.75):
        cv2.rectangle(image, at(wheel, 0.75), at(wheel + 0.17, 1.0), (20, 20, 20), -1)
    shape((0.2, 0.0), (0.8, 0.0), (0.95, 0.45), (0.05, 0.45), color=paint)
    shape((0.25, 0.07), (0.75, 0.07), (0.86, 0.4), (0.14, 0.4), color=(60, 50, 45))
    cv2.rectangle(image, at(0.0, 0.42), at(1.0, 0.9), paint, -1)
    for lamp in (0.03, 0.80):
        cv2.rectangle(image, at(lamp, 0.46), at(lamp + 0.17, 0.58), (40, 40, 190), -1)
    bumper = (int(paint[0] * 0.6), int(paint[1] * 0.6), int(paint[2] * 0.6))
    cv2.rectangle(image, at(0.0, 0.82), at(1.0, 0.92), bumper, -1)
    height, width = plate.shape[:2]
    left, top = x + (w - width) // 2 + plate_dx, y + round(0.62 * h)
    image[top : top + height, left : left + width] = plate
    return Box(x1=left, y1=top, x2=left + width, y2=top + height)


def through_a_lens(image: Image) -> Image:
    """Edges as soft as a camera leaves them."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 0.7), dtype=np.uint8)
