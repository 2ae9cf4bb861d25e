"""Blending small pictures into a large one, inside a rectangle; OpenCV's results get exact types here."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.picture import Image

Rect = tuple[int, int, int, int]
"""x1, y1, x2, y2 in whole pixels."""


def as_image(values: npt.NDArray[Any]) -> Image:
    """The same array as uint8; OpenCV's stubs do not know the type of what they return."""
    return np.asarray(values, np.uint8)


def merged(rects: list[Rect]) -> list[Rect]:
    """Rectangles joined until none overlap, so that no region is drawn twice; empty ones are dropped."""
    pending = [r for r in rects if r[0] < r[2] and r[1] < r[3]]
    result: list[Rect] = []
    while pending:
        a = pending.pop()
        for k, b in enumerate(pending):
            if _touch(a, b):
                pending[k] = (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))
                break
        else:
            result.append(a)
    if any(_touch(x, y) for i, x in enumerate(result) for y in result[:i]):
        return merged(result)
    return result


def _touch(a: Rect, b: Rect) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _common(rect: Rect, left: int, top: int, layer: Image) -> tuple[Rect, Image] | None:
    """The part of `rect` that a layer at (left, top) covers, and the layer's part there."""
    h, w = layer.shape[:2]
    x1, y1 = max(rect[0], left), max(rect[1], top)
    x2, y2 = min(rect[2], left + w), min(rect[3], top + h)
    if x1 >= x2 or y1 >= y2:
        return None
    return (x1, y1, x2, y2), layer[y1 - top : y2 - top, x1 - left : x2 - left]


def multiply(out: Image, factor: Image, left: int, top: int, rect: Rect) -> None:
    """Darken `out` in place by `factor` / 255 at (left, top), inside `rect`."""
    found = _common(rect, left, top, factor)
    if found is not None:
        (x1, y1, x2, y2), part = found
        region = out[y1:y2, x1:x2]
        region[:] = cv2.multiply(region, part, scale=1 / 255)


def add(out: Image, light: Image, left: int, top: int, rect: Rect) -> None:
    """Brighten `out` in place by `light` at (left, top), inside `rect`; white stays white."""
    found = _common(rect, left, top, light)
    if found is not None:
        (x1, y1, x2, y2), part = found
        region = out[y1:y2, x1:x2]
        region[:] = cv2.add(region, part)
