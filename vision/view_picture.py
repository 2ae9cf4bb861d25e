"""The picture of two views compared: a heat map of their structural similarity over the grey second photo."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.background import ViewMap
from pipeline.geometry import Size
from pipeline.picture import Image
from vision.annotate import stroke
from vision.lettering import Color

# What the legend of the report's page names too (web/static/css/report.css).
SAME: Color = (205, 150, 50)
UNSURE: Color = (40, 200, 250)
DIFFERENT: Color = (45, 45, 230)

# Similarities and how their colours cover the photo, 0-1: what is the same is of less interest. The middle
# one is the similarity from which a block shows the same (`pipeline.background`).
_AT = (-0.1, 0.35, 0.85)
_OPACITIES = (0.75, 0.55, 0.22)
# Similarity is told pixel by pixel and judged over blocks of 32; between the two it can be read, pixels.
_SMOOTH_PX = 4.0
_VEHICLE_DARKNESS = 0.5
_HATCH_EVERY = 12

_Floats = npt.NDArray[np.float32]


def draw_view(image: Image, view: ViewMap) -> Image:
    """Where the second photo shows the view of the first; vehicles are hatched, what says nothing stays grey.

    Blocks that do not show the same are framed: their share decides.

    Args:
        image: the second photo, BGR uint8 (H, W, 3), at any size of its proportions.
        view: what comparing it with the first one gave.

    Returns:
        A picture of its own, BGR uint8 (H, W, 3).
    """
    height, width = image.shape[:2]
    size = Size(width=width, height=height)
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    base = cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR).astype(np.float32)
    similarity, weight = _smoothed(view)
    similarity, weight = _grown(similarity, size), _grown(weight, size)
    colors = np.stack(
        [np.interp(similarity, _AT, [color[n] for color in (DIFFERENT, UNSURE, SAME)]) for n in range(3)],
        axis=-1,
    )
    opacity = (np.interp(similarity, _AT, _OPACITIES) * np.clip(weight, 0.0, 1.0))[..., np.newaxis]
    drawn = np.asarray(np.round(base * (1.0 - opacity) + colors * opacity), dtype=np.uint8)
    _hatch(drawn, _grown(view.vehicles.astype(np.float32), size) > 0.5)
    rows, columns = view.similarity.shape
    for block in view.differing:
        box = block.scaled(width / columns, height / rows)
        corners = (round(box.x1), round(box.y1)), (round(box.x2) - 1, round(box.y2) - 1)
        cv2.rectangle(drawn, *corners, DIFFERENT, stroke(drawn))
    return drawn


def _smoothed(view: ViewMap) -> tuple[_Floats, _Floats]:
    """Mean similarity of the judged pixels around each one, and how many of them had a say, 0-1."""
    judged = view.judged.astype(np.float32)
    weight = cv2.GaussianBlur(judged, (0, 0), _SMOOTH_PX)
    total = cv2.GaussianBlur(view.similarity * judged, (0, 0), _SMOOTH_PX)
    mean = np.divide(total, weight, out=np.ones_like(total), where=weight > 1e-3)
    return np.asarray(mean, dtype=np.float32), np.asarray(weight, dtype=np.float32)


def _grown(values: _Floats, size: Size) -> _Floats:
    grown = cv2.resize(values, (size.width, size.height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(grown, dtype=np.float32)


def _hatch(image: Image, where: npt.NDArray[np.bool_]) -> None:
    """Darken a region and rule it, so that it is told from what was compared without its colour."""
    height, width = image.shape[:2]
    lines = np.zeros((height, width), dtype=np.uint8)
    for x in range(-height, width, _HATCH_EVERY):
        cv2.line(lines, (x, height), (x + height, 0), 255, stroke(image), cv2.LINE_AA)
    image[where] = (image[where] * (1.0 - _VEHICLE_DARKNESS)).astype(np.uint8)
    share = (lines[where].astype(np.float32) / 255.0 * 0.45)[..., np.newaxis]
    image[where] = np.round(image[where] * (1.0 - share) + 255.0 * share).astype(np.uint8)
