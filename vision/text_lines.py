"""One or two lines on a plate: recognisers of text lines need them apart."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.picture import Image

# Two-line plates are at most about twice as wide as high (335 x 170 mm; motorcycles 200 x 200 mm); a plate of
# one line is more than 2.5 times as wide unless seen from far aside.
_TWO_LINE_ASPECT = 2.2
_SEARCHED = (0.30, 0.62)
# A gap between lines carries clearly less ink than the lines do.
_GAP_INK = 0.45
_SMALL_PRINT = 0.65


def text_lines(plate: Image) -> tuple[Image, ...]:
    """The lines of a plate (BGR uint8) from top to bottom, as views; the plate itself when it has one line.

    A line much lower than the other is a state's name or slogan and is left out.
    """
    height, width = plate.shape[:2]
    if width > _TWO_LINE_ASPECT * height or height < 16:
        return (plate,)
    gray = cv2.cvtColor(plate, cv2.COLOR_BGR2GRAY)
    # Strokes are what changes along a row; the frame at both ends is left out.
    inner = gray[:, width // 8 : width - width // 8].astype(np.float32)
    ink = np.abs(np.diff(inner, axis=1)).mean(axis=1)
    ink = np.convolve(ink, np.ones(3) / 3, mode="same")
    first, last = round(height * _SEARCHED[0]), round(height * _SEARCHED[1])
    row = _middle_of_gap(ink, first + int(ink[first:last].argmin()))
    above, below = float(ink[:row].max(initial=0.0)), float(ink[row:].max(initial=0.0))
    if ink[row] > _GAP_INK * min(above, below):
        return (plate,)
    lines = (plate[:row], plate[row:])
    tallest = max(line.shape[0] for line in lines)
    return tuple(line for line in lines if line.shape[0] >= _SMALL_PRINT * tallest)


def _middle_of_gap(ink: npt.NDArray[np.float32], row: int) -> int:
    """The middle of the rows around `row` that are about as empty."""
    limit = ink[row] + 0.1 * float(ink.mean())
    start = stop = row
    while start > 0 and ink[start - 1] <= limit:
        start -= 1
    while stop + 1 < len(ink) and ink[stop + 1] <= limit:
        stop += 1
    return (start + stop + 1) // 2
