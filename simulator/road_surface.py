"""What lies on the ground: asphalt with its stains and patches, markings, kerbs, paving slabs."""

from __future__ import annotations

import functools

import cv2
import numpy as np

from simulator.street import StreetLayout
from simulator.viewpoint import Floats, Viewpoint

_TILE = 512
_YELLOW = (0.25, 0.66, 0.80)
_WHITE = (0.80, 0.80, 0.80)


@functools.cache
def _noise_tile(seed: int) -> Floats:
    """A tile of fractal noise that repeats without seams, float32 (512, 512), 0-1."""
    rng = np.random.default_rng(seed)
    total = np.zeros((_TILE, _TILE), np.float32)
    for octave in range(2, 9):
        n = 1 << octave
        grid = rng.random((n, n), dtype=np.float32)
        wrapped = np.pad(grid, 2, mode="wrap")
        factor = _TILE // n if n < _TILE else 1
        big = cv2.resize(wrapped, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
        total += big[2 * factor : 2 * factor + _TILE, 2 * factor : 2 * factor + _TILE] * 0.6**octave
    low, high = np.percentile(total, (1, 99))
    return np.asarray(np.clip((total - low) / (high - low), 0, 1), np.float32)


def noise_at(x: Floats, y: Floats, seed: int) -> Floats:
    """Fractal noise 0-1 at any coordinates (one tile is 16 units wide), same shape as `x`."""
    tile = _noise_tile(seed)
    scale = _TILE / 16.0
    ix = np.floor(np.mod(x * scale, _TILE)).astype(np.intp) % _TILE
    iy = np.floor(np.mod(y * scale, _TILE)).astype(np.intp) % _TILE
    return np.asarray(tile[iy, ix], np.float32)


def _line(distance: Floats, half_width: float, pixel_m: Floats) -> Floats:
    """Coverage 0-1 of a line, softened over one pixel so that it does not flicker in the distance."""
    return np.clip((half_width - np.abs(distance)) / np.maximum(pixel_m, 1e-3) + 0.5, 0.0, 1.0)


def paint_road(layout: StreetLayout, x: Floats, y: Floats, view: Viewpoint) -> Floats:
    """Displayed colour 0-1 of ground points, float32 (n, 3) BGR, not yet lit.

    Args:
        layout: the street.
        x: float32 (n,), metres across.
        y: float32 (n,), metres along.
        view: gives the size of a pixel on the ground.
    """
    reach = np.sqrt((x - view.x_m) ** 2 + (y - view.y_m) ** 2 + view.height_m**2)
    pixel = reach / view.focal_px * np.clip(reach / view.height_m, 1.0, 6.0)
    seed = layout.texture_seed % 97
    fine = noise_at(x * 6, y * 6, seed)
    fine = 0.5 + (fine - 0.5) * np.clip(0.03 / np.maximum(pixel, 1e-3), 0.15, 1.0)
    broad = noise_at(x * 0.5, y * 0.25, seed + 1)
    grey: Floats = layout.asphalt * (0.80 + 0.22 * fine + 0.20 * broad)
    for lane in {layout.forward_x, layout.oncoming_x}:
        wheel = np.minimum(np.abs(x - lane - 0.8), np.abs(x - lane + 0.8))
        grey = grey * (
            1.0 - 0.10 * np.exp(-((wheel / 0.35) ** 2)) - 0.08 * np.exp(-(((x - lane) / 0.3) ** 2))
        )
    grey = _repairs(grey, layout, x, y)
    colour: Floats = grey[:, None] * np.array([1.0, 1.0, 0.98], np.float32)
    colour = _markings(colour, layout, x, y, pixel)
    return _pavement(colour, layout, x, y, fine, broad, pixel)


def _repairs(grey: Floats, layout: StreetLayout, x: Floats, y: Floats) -> Floats:
    rng = np.random.default_rng(layout.texture_seed)
    for _ in range(14):
        cx, cy = rng.uniform(layout.x0, layout.x1), rng.uniform(4, 60)
        w, h = rng.uniform(0.4, 1.4), rng.uniform(0.6, 5)
        inside = (np.abs(x - cx) < w) & (np.abs(y - cy) < h)
        grey = np.where(inside, grey * rng.uniform(0.8, 1.12), grey)
    for _ in range(10):
        cx, cy, r = rng.uniform(layout.x0, layout.x1), rng.uniform(4, 50), rng.uniform(0.15, 0.6)
        grey = grey * (1.0 - 0.35 * np.exp(-(((x - cx) ** 2 + ((y - cy) / 1.6) ** 2) / r**2)))
    for _ in range(3):
        cx, cy = rng.uniform(layout.x0 + 1, layout.x1 - 1), rng.uniform(6, 40)
        distance = np.sqrt((x - cx) ** 2 + (y - cy) ** 2)
        grey = np.where(distance < 0.34, 0.26, np.where(distance < 0.39, 0.16, grey))
    return np.asarray(grey, np.float32)


def _markings(colour: Floats, layout: StreetLayout, x: Floats, y: Floats, pixel: Floats) -> Floats:
    worn = 0.72 + 0.28 * noise_at(x * 3, y * 3, 21)
    edges = (layout.x0 + 0.32, layout.x1 - 0.32)
    lines: list[tuple[Floats, tuple[float, float, float]]]
    lines = [(_line(x - edge, 0.06, pixel), _YELLOW) for edge in edges]
    if layout.forward_x != layout.oncoming_x:
        middle = (layout.forward_x + layout.oncoming_x) / 2
        lines += [(_line(x - middle - k, 0.06, pixel), _YELLOW) for k in (-0.1, 0.1)]
    for side in (layout.x0 + layout.parking_width, layout.x1 - layout.parking_width):
        lines.append((_line(x - side, 0.05, pixel) * (y % 6.0 < 3.0), _WHITE))
    on_road = (x > layout.x0) & (x < layout.x1)
    if layout.crossing_y is not None:
        c = layout.crossing_y
        stripes = _line((x % 0.9) - 0.45, 0.22, pixel) * (np.abs(y - c) < 1.9)
        lines.append((stripes * on_road, _WHITE))
        lines.append((_line(y - c + 3.4, 0.22, pixel) * (x > (layout.x0 + layout.x1) / 2), _WHITE))
    for coverage, paint in lines:
        share = (coverage * worn * on_road)[:, None]
        colour = colour * (1 - share) + share * np.array(paint, np.float32)
    return colour


def _pavement(
    colour: Floats, layout: StreetLayout, x: Floats, y: Floats, fine: Floats, broad: Floats, pixel: Floats
) -> Floats:
    beyond = np.maximum(layout.x0 - x, x - layout.x1)
    slab_tone = 0.9 + 0.14 * noise_at(np.floor(x / 0.6) * 0.37, np.floor(y / 0.6) * 0.53, 31)
    seam = np.maximum(_line((x % 0.6) - 0.3, 0.012, pixel), _line((y % 0.6) - 0.3, 0.012, pixel)) * 0.18
    seam *= np.clip(0.04 / np.maximum(pixel, 1e-3), 0.0, 1.0)
    slab = (0.50 * (0.85 + 0.15 * fine + 0.1 * broad) * slab_tone * (1 - seam))[:, None] * np.array(
        [0.93, 0.97, 1.0], np.float32
    )
    colour = np.where((beyond > 0.18)[:, None], slab, colour)
    kerb = ((beyond > 0) & (beyond <= 0.18))[:, None]
    kerb_grey = (0.62 * (0.9 + 0.2 * fine))[:, None] * np.ones(3, np.float32)
    colour = np.where(kerb, kerb_grey, colour)
    gutter = ((beyond > -0.22) & (beyond <= 0))[:, None]
    return np.asarray(np.where(gutter, colour * 0.86, colour), np.float32)
