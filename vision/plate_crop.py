"""How a plate is cut out for its reader: one margin, known to both sides."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.errors import InvalidValueError
from pipeline.geometry import Box
from pipeline.picture import Image, crop

# The crop a reader gets is the plate's box grown by this share of its width and height on each side, so that
# the reader can shift its own window without leaving the picture.
PLATE_MARGIN = 0.10

_SHARPNESS_HEIGHT = 64

# Paddings a reader looks with (left, top, right, bottom, shares of the plate's width and height), 0-10 %.
# Averaging over them lifts the Korean reader from 96 to 99 % exact (models/MODEL_CARD.md).
_WINDOWS = (
    (0.05, 0.05, 0.05, 0.05),
    (0.00, 0.00, 0.00, 0.00),
    (0.10, 0.10, 0.10, 0.10),
    (0.08, 0.02, 0.02, 0.08),
    (0.02, 0.08, 0.08, 0.02),
    (0.02, 0.02, 0.08, 0.08),
    (0.08, 0.08, 0.02, 0.02),
)
MAX_WINDOWS = len(_WINDOWS)


def cut_plate(image: Image, plate: Box) -> Image:
    """A copy of the plate with its margin, cut short where the picture ends; `plate` in pixels of `image`.

    Raises:
        InvalidValueError: the plate lies outside the picture.
    """
    cut = crop(image, plate.padded(PLATE_MARGIN))
    if cut is None:
        raise InvalidValueError(f"expected a plate inside the picture, got {plate}")
    return cut.copy()


def windows(plate_crop: Image, count: int) -> tuple[Image, ...]:
    """`count` (1 to 7) views of a crop from `cut_plate`, each with other paddings; views, not copies."""
    if not 1 <= count <= MAX_WINDOWS:
        raise InvalidValueError(f"expected 1 to {MAX_WINDOWS} windows, got {count}")
    height, width = plate_crop.shape[:2]
    share = 1.0 + 2 * PLATE_MARGIN
    views = []
    for left, top, right, bottom in _WINDOWS[:count]:
        x1 = round(width * (PLATE_MARGIN - left) / share)
        y1 = round(height * (PLATE_MARGIN - top) / share)
        x2 = width - round(width * (PLATE_MARGIN - right) / share)
        y2 = height - round(height * (PLATE_MARGIN - bottom) / share)
        views.append(plate_crop[y1 : max(y1 + 1, y2), x1 : max(x1 + 1, x2)])
    return tuple(views)


def sharpness(plate_crop: Image) -> float:
    """Variance of the Laplacian of a crop at height 64; higher is sharper.

    J. L. Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000. At one height, so
    that near and far plates compare.
    """
    gray = cv2.cvtColor(plate_crop, cv2.COLOR_BGR2GRAY)
    width = max(1, round(gray.shape[1] * _SHARPNESS_HEIGHT / gray.shape[0]))
    how = cv2.INTER_AREA if gray.shape[0] > _SHARPNESS_HEIGHT else cv2.INTER_LINEAR
    fitted = cv2.resize(gray, (width, _SHARPNESS_HEIGHT), interpolation=how)
    return float(np.var(cv2.Laplacian(fitted, cv2.CV_32F)))
