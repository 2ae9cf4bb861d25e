"""What a camera's view is made of: the edges that stay, and how sharp and bright it is."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.geometry import Size
from pipeline.picture import Gray

Floats = npt.NDArray[np.float32]

# Views are watched at this size whatever the camera's: 2 % of the width are six pixels.
VIEW_SIZE = Size(width=320, height=180)
# Edge of the blocks that are judged one by one, pixels.
BLOCK = 16
# Rows and columns of whole blocks, and their number.
GRID = (VIEW_SIZE.height // BLOCK, VIEW_SIZE.width // BLOCK)
BLOCKS = GRID[0] * GRID[1]
# Gradient (Sobel, eight times grey levels per pixel) at which an edge counts half. Noise of two grey levels
# gives about four of it.
_HALF_GRADIENT = 24.0
# A block has structure when its mean squared edge strength reaches this.
_STRUCTURE = 0.02
# The same, for structure that no noise makes: pure noise of three grey levels stays below it everywhere.
_CLEAR_STRUCTURE = 0.06
# Cosine similarity of two blocks' edges above which they show the same.
_BLOCK_SAME = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewFeatures:
    """What is measured in one picture.

    Attributes:
        edges: float32 (180, 320, 2): direction of each edge as a doubled angle (so that light against dark
            equals dark against light), its length the edge's strength, 0-1.
        brightness: mean luma, 0-255.
        spread: 98th minus 2nd percentile of luma, 0-255.
        structured: share of blocks with clear edges, 0-1; noise alone gives none.
        fine: share of fine detail (about 2 px) in all detail (about 2 to 8 px), 0-1, noise taken off. Falls
            when the picture is blurred and does not change with contrast.
        thumbnail: float32 (11, 20), mean luma of each block.
    """

    edges: Floats
    brightness: float
    spread: float
    structured: float
    fine: float
    thumbnail: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeComparison:
    """How a picture's edges agree with those of a reference.

    Attributes:
        structured: how many blocks of the reference have structure.
        visible: share of these that have structure in the picture too, 0-1.
        agreeing: share of the visible ones that show the same, 0-1.
    """

    structured: int
    visible: float
    agreeing: float


def measure(gray: Gray) -> ViewFeatures:
    """The features of `gray`, luma uint8 (180, 320)."""
    values = gray.astype(np.float32)
    smooth = cv2.GaussianBlur(values, (0, 0), 1.0)
    coarse = cv2.GaussianBlur(values, (0, 0), 3.0)
    fine, middle = _above_noise(values - smooth), _above_noise(smooth - coarse)
    edges = edge_field(np.asarray(smooth, dtype=np.float32))
    thin = np.ascontiguousarray(gray[::4, ::4])
    low, high = _percentile(thin, 2), _percentile(thin, 98)
    return ViewFeatures(
        edges=edges,
        brightness=float(values.mean()),
        spread=high - low,
        structured=float(np.mean(_block_means(edges * edges) >= _CLEAR_STRUCTURE)),
        fine=fine / (fine + middle + 1e-3),
        thumbnail=_shrunk(values),
    )


def _above_noise(band: Floats) -> float:
    # Noise lies over the whole picture, detail in parts of it: the quietest tenth of the blocks is all noise.
    blocks = _shrunk(band * band)
    return float(np.sqrt(max(0.0, float(blocks.mean()) - _percentile(blocks, 10))))


def _percentile(values: npt.NDArray[np.uint8] | Floats, percent: float) -> float:
    """As `np.percentile` (linear between the two nearest), at a fifth of its cost for a small array."""
    place = percent / 100.0 * (values.size - 1)
    lower = int(place)
    upper = min(lower + 1, values.size - 1)
    ordered = np.partition(values, (lower, upper), axis=None)
    first, second = float(ordered[lower]), float(ordered[upper])
    return first + (place - lower) * (second - first)


def edge_field(smooth: Floats) -> Floats:
    """Edges of a lightly smoothed picture as doubled-angle vectors, float32 (H, W, 2), length 0-1.

    Doubled angles: Granlund, "In search of a general picture processing operator" (1978).
    """
    gx = cv2.Sobel(smooth, cv2.CV_32F, 1, 0)
    gy = cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    square = gx * gx + gy * gy
    strength = np.sqrt(square)
    # (gx + i gy)² / |g|² is the doubled angle; |g| / (|g| + half) its length.
    scale = 1.0 / (np.maximum(strength, 1e-3) * (strength + _HALF_GRADIENT))
    field = np.empty((*smooth.shape, 2), dtype=np.float32)
    field[..., 0] = (gx * gx - gy * gy) * scale
    field[..., 1] = 2.0 * gx * gy * scale
    return field


def compare(reference: Floats, edges: Floats) -> EdgeComparison:
    """How `edges` agree with `reference`, both float32 (180, 320, 2), block by block."""
    product = _block_means(reference * edges)
    own = _block_means(reference * reference)
    other = _block_means(edges * edges)
    structured = own >= _STRUCTURE
    visible = structured & (other >= _STRUCTURE)
    count, seen = int(structured.sum()), int(visible.sum())
    if seen == 0:
        return EdgeComparison(structured=count, visible=0.0, agreeing=0.0)
    similarity = product[visible] / np.sqrt(own[visible] * other[visible])
    return EdgeComparison(
        structured=count, visible=seen / count, agreeing=float(np.mean(similarity >= _BLOCK_SAME))
    )


def shift_between(reference: Floats, edges: Floats) -> tuple[float, float, float]:
    """By how many pixels the picture moved to the right and down, and how clear that is (0-1).

    Phase correlation (Kuglin and Hines, 1975) of the edges' strengths at half size, to a fraction of a pixel.
    """
    first, second = _strength(reference), _strength(edges)
    (dx, dy), response = cv2.phaseCorrelate(first, second, _WINDOW)
    return 2.0 * float(dx), 2.0 * float(dy), float(response)


def shifted(field: Floats, dx: float, dy: float) -> Floats:
    """`field`, float32 (H, W, 2), moved by (dx, dy) pixels; what comes in at the border is no edge."""
    matrix = np.array([[1.0, 0.0, dx], [0.0, 1.0, dy]], dtype=np.float32)
    moved = cv2.warpAffine(field, matrix, (field.shape[1], field.shape[0]), flags=cv2.INTER_LINEAR)
    return np.asarray(moved, dtype=np.float32)


_HALF = (VIEW_SIZE.width // 2, VIEW_SIZE.height // 2)
_WINDOW = cv2.createHanningWindow(_HALF, cv2.CV_32F)


def _strength(field: Floats) -> Floats:
    strength = np.sqrt(np.einsum("ijk,ijk->ij", field, field))
    return np.asarray(cv2.resize(strength, _HALF, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _block_means(field: Floats) -> Floats:
    """Mean over each block of the sum of both channels, float32 (11, 20)."""
    return _shrunk(field[..., 0] + field[..., 1])


def _shrunk(values: Floats) -> Floats:
    rows, columns = GRID
    whole = values[: rows * BLOCK, : columns * BLOCK]
    return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA), dtype=np.float32)
