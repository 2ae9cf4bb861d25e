"""Text on pictures, Korean included, which OpenCV's own fonts lack."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from pipeline.errors import ModelError
from pipeline.picture import Image

_FONT_PACKAGE = "koreanize-matplotlib"
_FONT_FILE = "NanumGothicBold.ttf"

Color = tuple[int, int, int]


@lru_cache(maxsize=1)
def font_path() -> Path:
    """NanumGothic Bold, which the wheel koreanize-matplotlib carries; found without importing matplotlib.

    Raises:
        ModelError: the wheel or the font in it is missing.
    """
    try:
        listed = files(_FONT_PACKAGE) or []
    except PackageNotFoundError as error:
        raise ModelError(f"The font is missing: install the package `{_FONT_PACKAGE}`.") from error
    for file in listed:
        if file.name == _FONT_FILE:
            return Path(str(file.locate()))
    raise ModelError(f"The font is missing: the installed {_FONT_PACKAGE} carries no {_FONT_FILE}.")


@lru_cache(maxsize=16)
def _font(height_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(font_path()), height_px)


@lru_cache(maxsize=256)
def _mask(text: str, height_px: int) -> npt.NDArray[np.uint8]:
    """Coverage of `text` 0-255 (line height, width); cached, because labels repeat from frame to frame."""
    font = _font(height_px)
    ascent, descent = font.getmetrics()
    canvas = PillowImage.new("L", (max(1, round(font.getlength(text))), ascent + descent), 0)
    ImageDraw.Draw(canvas).text((0, 0), text, fill=255, font=font)
    return np.array(canvas, dtype=np.uint8)


def text_width(text: str, height_px: int) -> int:
    """Pixels that `text` is wide in letters of `height_px`."""
    return int(_mask(text, height_px).shape[1])


def line_height(height_px: int) -> int:
    """Pixels that a line of letters of `height_px` is high."""
    return sum(_font(height_px).getmetrics())


def write(image: Image, text: str, x: int, y: int, *, height_px: int, color: Color) -> None:
    """Write one line of `text` onto `image` (BGR uint8, changed), its top left corner at (x, y), cut off
    where the picture ends.
    """
    mask = _mask(text, height_px)
    x1, y1 = max(0, x), max(0, y)
    x2, y2 = min(image.shape[1], x + mask.shape[1]), min(image.shape[0], y + mask.shape[0])
    if x1 >= x2 or y1 >= y2:
        return
    cover = mask[y1 - y : y2 - y, x1 - x : x2 - x, None].astype(np.float32) / 255
    under = image[y1:y2, x1:x2].astype(np.float32)
    mixed = under + (np.array(color, dtype=np.float32) - under) * cover
    image[y1:y2, x1:x2] = np.round(mixed).astype(np.uint8)


def darken(image: Image, x1: int, y1: int, x2: int, y2: int, *, share: float) -> None:
    """Darken a rectangle of `image` (BGR uint8, changed) by `share` 0-1, so that white text stands out."""
    part = image[max(0, y1) : max(0, y2), max(0, x1) : max(0, x2)]
    if part.size:
        part[:] = cv2.convertScaleAbs(part, alpha=1.0 - share)
