"""Whether two crops of one place show the same vehicle."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.background import even_light, ssim_map
from pipeline.errors import InvalidValueError
from pipeline.geometry import Size
from pipeline.picture import Gray, Image, resize

Floats = npt.NDArray[np.float32]

# Crops are compared at this size; the shift searched for, pixels of it (box jitter of about 8 %).
_COMPARED = Size(width=96, height=96)
_SEARCH_PX = 8
# Grown and shrunk boxes of one vehicle: the second crop is tried at these scales too.
_SCALES = (0.94, 1.0, 1.06)
# Colours are compared after this much smoothing (pixels), where they are at least this strong (Lab), and when
# at least this share of the crop is coloured.
_CHROMA_SIGMA = 3.0
_COLOURED = 20.0
_FEWEST_COLOURED = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleLikeness:
    """How alike two crops are, each part 0-1 (1 = alike).

    Attributes:
        structure: best normalised cross-correlation over small shifts, light taken out.
        ssim: structural similarity at that shift.
        colour: agreement of the colours, lightness left out.
        score: the three together; compare with `SAME_VEHICLE`.
    """

    structure: float
    ssim: float
    colour: float
    score: float


# Score from which two crops of one place show the same vehicle. On real footage the same vehicle had 0.55 and
# more (median 0.77), another one or the empty place at most 0.47. Two of one model and colour may pass:
# plates that differ overrule it.
SAME_VEHICLE = 0.5


def vehicle_likeness(first: Image, second: Image) -> VehicleLikeness:
    """How alike the vehicles on two crops of the same place are.

    Structure decides (normalised cross-correlation, Lewis 1995, and SSIM, Wang et al. 2004, on pictures
    without their light); colour only takes away: equal colours are common, and at night there are none.

    Args:
        first: the vehicle's box cut out of an earlier photo, BGR uint8 (H, W, 3).
        second: the same of a later one; may differ some percent in size.

    Raises:
        InvalidValueError: a crop is smaller than 8x8.
    """
    if min(*first.shape[:2], *second.shape[:2]) < 8:
        raise InvalidValueError(f"expected crops of at least 8x8, got {first.shape} and {second.shape}")
    one, other = resize(first, _COMPARED), resize(second, _COMPARED)
    even_one = even_light(_gray(one))[0]
    inner = even_one[_SEARCH_PX:-_SEARCH_PX, _SEARCH_PX:-_SEARCH_PX]
    best, best_patch = -1.0, inner
    for scale in _SCALES:
        even_other = even_light(_gray(_zoomed(other, scale)))[0]
        scores = cv2.matchTemplate(even_other, inner, cv2.TM_CCOEFF_NORMED)
        _, value, _, (x, y) = cv2.minMaxLoc(scores)
        if value > best:
            best = float(value)
            best_patch = even_other[y : y + inner.shape[0], x : x + inner.shape[1]]
    ssim = float(np.mean(ssim_map(np.ascontiguousarray(inner), np.ascontiguousarray(best_patch))))
    colour = _colour_likeness(one, other)
    structure = max(0.0, best)
    score = (0.7 * structure + 0.3 * max(0.0, ssim)) * (0.4 + 0.6 * min(1.0, colour / 0.5))
    return VehicleLikeness(structure=structure, ssim=max(0.0, ssim), colour=colour, score=score)


def _gray(image: Image) -> Gray:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def _zoomed(image: Image, scale: float) -> Image:
    if scale == 1.0:
        return image
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 0.0, scale)
    zoomed = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(zoomed, dtype=np.uint8)


def _colour_likeness(first: Image, second: Image) -> float:
    """How alike the colours at the same places are, 0-1; 1 when neither crop has any to speak of.

    Lab's a and b, smoothed so that a box off by some percent does not matter; the difference of two colours
    relative to the stronger one. Lightness is left out, as light changes it and structure covers it.
    """
    chroma = []
    for image in (first, second):
        lab = cv2.cvtColor(image, cv2.COLOR_BGR2LAB)[..., 1:].astype(np.float32) - 128.0
        # The mean is the light's cast as much as the vehicle's colour: what differs from it is the vehicle's.
        chroma.append(cv2.GaussianBlur(lab - lab.mean(axis=(0, 1)), (0, 0), _CHROMA_SIGMA))
    strength = np.maximum(np.linalg.norm(chroma[0], axis=2), np.linalg.norm(chroma[1], axis=2))
    coloured = strength >= _COLOURED
    if float(coloured.mean()) < _FEWEST_COLOURED:
        return 1.0
    difference = np.linalg.norm(chroma[0] - chroma[1], axis=2)
    return float(max(0.0, 1.0 - np.mean(difference[coloured] / strength[coloured])))
