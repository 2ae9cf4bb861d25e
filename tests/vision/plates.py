"""Plates drawn for readers, with the margin that readers expect."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.picture import Image
from simulator.plate_art import plate_picture
from simulator.plate_numbers import PlateNumber, PlateStyle
from vision.lettering import text_width, write
from vision.plate_crop import PLATE_MARGIN

CAR_PAINT = (70, 70, 70)


def korean_plate(text: str, style: PlateStyle, *, height_px: int = 48) -> Image:
    """A Korean plate seen straight on, without margin."""
    drawn = plate_picture(PlateNumber(text=text, style=style))
    width = round(drawn.shape[1] * height_px / drawn.shape[0])
    return np.asarray(cv2.resize(drawn, (width, height_px), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def latin_plate(text: str, *, height_px: int = 60) -> Image:
    """A white plate with dark letters, without margin."""
    letters = round(height_px * 0.66)
    plate = np.full((height_px, text_width(text, letters) + letters, 3), 235, dtype=np.uint8)
    write(plate, text, letters // 2, round(height_px * 0.11), height_px=letters, color=(25, 25, 25))
    cv2.rectangle(plate, (1, 1), (plate.shape[1] - 2, plate.shape[0] - 2), (25, 25, 25), 1)
    return plate


def with_margin(plate: Image) -> Image:
    """The plate on a car's paint, grown as `cut_plate` would cut it."""
    y, x = round(plate.shape[0] * PLATE_MARGIN), round(plate.shape[1] * PLATE_MARGIN)
    return np.asarray(
        cv2.copyMakeBorder(plate, y, y, x, x, cv2.BORDER_CONSTANT, value=CAR_PAINT), dtype=np.uint8
    )
