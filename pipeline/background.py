"""Whether two photos show the same view, by structural similarity of what stands still."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from skimage.metrics import structural_similarity

from pipeline.errors import InvalidValueError
from pipeline.geometry import Box
from pipeline.picture import Gray

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

# Edge of the blocks that are judged one by one, pixels.
_BLOCK = 32
# SSIM above which a block shows the same; share of the judged blocks that have to.
_BLOCK_SSIM = 0.35
SAME_SHARE = 0.4
# Blocks whose local contrast (standard deviation, grey levels) stays below this in both pictures show road or
# sky: their structure is noise, and says nothing.
_TEXTURE = 4.0
# Fewer blocks than this cannot be judged one by one.
_FEWEST = 8
# A mast sways by some pixels; a view moved further is another view (1.2 % of the width).
_SWAY_PX = 8
# Local mean and contrast are taken over this Gaussian, pixels: larger than markings, smaller than shadows.
_LOCAL_SIGMA = 8.0
_NOISE = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewMap:
    """Where two views agree, for people to see; in the pixels of the second photo as it was compared.

    Attributes:
        similarity: float32 (H, W): structural similarity, -1 to 1.
        judged: bool (H, W): had a say; the rest is plain road or sky, a vehicle or the picture's edge.
        vehicles: bool (H, W): left out as a vehicle of either photo.
        differing: the judged blocks that do not show the same.
    """

    similarity: Floats
    judged: Bools
    vehicles: Bools
    differing: tuple[Box, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewComparison:
    """What comparing two photos says.

    Attributes:
        ssim: mean structural similarity of the judged blocks, -1 to 1.
        agreeing: share of the judged blocks that show the same, 0-1.
        judged: how many blocks were judged; 0 when nothing was left to judge.
        same: the view is the same.
        where: the same for each pixel.
    """

    ssim: float
    agreeing: float
    judged: int
    same: bool
    where: ViewMap


def same_view(first: Gray, second: Gray, masks: tuple[Box, ...] = ()) -> ViewComparison:
    """Whether `second` shows the same view as `first`, outside the vehicles.

    Light is taken out first, by local mean and contrast; then SSIM (Wang, Bovik, Sheikh, Simoncelli, "Image
    quality assessment: from error visibility to structural similarity", IEEE TIP 2004, with the paper's
    Gaussian window) is averaged over blocks. The share of agreeing blocks decides and not the mean alone:
    traffic, a shadow or a wet patch change some blocks and leave the others, a moved camera changes nearly
    all. On real street scenes 0.58 and more of the blocks agree, moving vehicles included; after a shift by
    2 % of the width at most 0.16 do.

    Args:
        first: luma of photo 1, uint8 (H, W); best 640 wide.
        second: luma of photo 2, of the same shape.
        masks: vehicles of either photo, pixels of these pictures; left out with a small margin.

    Raises:
        InvalidValueError: the pictures differ in shape or are smaller than 64 pixels.
    """
    if first.shape != second.shape or first.ndim != 2 or min(first.shape) < 2 * _BLOCK:
        raise InvalidValueError(
            f"expected two pictures of one shape, at least 64x64, got {first.shape} and {second.shape}"
        )
    even_first, contrast_first = even_light(first)
    even_second, contrast_second = even_light(second)
    open_pixels = _open_pixels(first.shape, masks)
    dx, dy = _sway(even_first * open_pixels, even_second * open_pixels)
    even_second = _shifted(even_second, -dx, -dy)
    contrast_second = _shifted(contrast_second, -dx, -dy)
    similarity = ssim_map(even_first, even_second)
    textured = (np.maximum(contrast_first, contrast_second) >= _TEXTURE).astype(np.float32)
    margin = _SWAY_PX
    border = np.zeros_like(open_pixels)
    border[margin:-margin, margin:-margin] = 1.0
    weights = open_pixels * textured * border
    blocks, filled = _blocks(similarity * weights), _blocks(weights)
    judged = filled >= 0.25
    if int(judged.sum()) < _FEWEST:
        judged = filled > 0.0
    count = int(judged.sum())
    shares = np.divide(blocks, filled, out=np.zeros_like(blocks), where=judged)
    where = ViewMap(
        similarity=_shifted(similarity, dx, dy),
        judged=_shifted(weights * _whole_blocks(judged, weights.shape), dx, dy) > 0.0,
        vehicles=open_pixels == 0.0,
        differing=_block_boxes(judged & (shares < _BLOCK_SSIM), dx, dy),
    )
    if count == 0:
        return ViewComparison(ssim=0.0, agreeing=0.0, judged=0, same=False, where=where)
    values = shares[judged]
    agreeing = float(np.mean(values >= _BLOCK_SSIM))
    return ViewComparison(
        ssim=float(np.clip(values.mean(), -1.0, 1.0)),
        agreeing=agreeing,
        judged=count,
        same=agreeing >= SAME_SHARE,
        where=where,
    )


def even_light(gray: Gray) -> tuple[Floats, Floats]:
    """`gray` with local mean and contrast taken out, about -3 to 3, and the local contrast in grey levels."""
    values = gray.astype(np.float32)
    mean = cv2.GaussianBlur(values, (0, 0), _LOCAL_SIGMA)
    square = cv2.GaussianBlur(values * values, (0, 0), _LOCAL_SIGMA)
    contrast = np.sqrt(np.maximum(square - mean * mean, 0.0))
    even = np.clip((values - mean) / (contrast + _NOISE), -3.0, 3.0)
    return np.asarray(even, dtype=np.float32), np.asarray(contrast, dtype=np.float32)


def ssim_map(first: Floats, second: Floats) -> Floats:
    """SSIM of each pixel of two even-light pictures of one shape, -1 to 1."""
    _, similarity = structural_similarity(  # type: ignore[no-untyped-call]
        first,
        second,
        data_range=6.0,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    return np.asarray(similarity, dtype=np.float32)


def _open_pixels(shape: tuple[int, ...], masks: tuple[Box, ...]) -> Floats:
    pixels = np.ones(shape, dtype=np.float32)
    for mask in masks:
        # As far as a vehicle's pixels reach into the local mean and contrast of its neighbours.
        margin = 1.5 * _LOCAL_SIGMA
        y1, y2 = max(0, int(mask.y1 - margin)), max(0, int(np.ceil(mask.y2 + margin)))
        x1, x2 = max(0, int(mask.x1 - margin)), max(0, int(np.ceil(mask.x2 + margin)))
        pixels[y1:y2, x1:x2] = 0.0
    return pixels


def _sway(first: Floats, second: Floats) -> tuple[int, int]:
    window = cv2.createHanningWindow((first.shape[1], first.shape[0]), cv2.CV_32F)
    (dx, dy), _ = cv2.phaseCorrelate(first, second, window)
    if max(abs(dx), abs(dy)) > _SWAY_PX:
        return 0, 0
    return round(dx), round(dy)


def _shifted(picture: Floats, dx: int, dy: int) -> Floats:
    return np.roll(picture, (dy, dx), axis=(0, 1)) if dx or dy else picture


def _block_boxes(chosen: Bools, dx: int, dy: int) -> tuple[Box, ...]:
    """The chosen blocks, pixels of the second photo."""
    return tuple(
        Box(x1=x * _BLOCK, y1=y * _BLOCK, x2=(x + 1) * _BLOCK, y2=(y + 1) * _BLOCK).shifted(dx, dy)
        for y, x in np.argwhere(chosen).tolist()
    )


def _whole_blocks(chosen: Bools, shape: tuple[int, ...]) -> Floats:
    """1 in the pixels of the chosen blocks, 0 elsewhere; the reverse of `_blocks`."""
    pixels = np.zeros(shape, dtype=np.float32)
    filled = np.kron(chosen, np.ones((_BLOCK, _BLOCK), dtype=np.float32))
    pixels[: filled.shape[0], : filled.shape[1]] = filled
    return pixels


def _blocks(values: Floats) -> Floats:
    """Mean of each whole block."""
    rows, columns = values.shape[0] // _BLOCK, values.shape[1] // _BLOCK
    cut = values[: rows * _BLOCK, : columns * _BLOCK]
    return np.asarray(cut.reshape(rows, _BLOCK, columns, _BLOCK).mean(axis=(1, 3)), dtype=np.float32)
