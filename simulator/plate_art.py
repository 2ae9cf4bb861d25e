"""Pictures of Korean plates: sizes, colours and rows of the plate notice, set in NanumGothic.

Positions follow the proportions of the Ministry of Land's notice on plates: 520x110, 335x155 and 335x170 mm,
figures 83 mm tall on the long plate. The font comes out of the wheel `koreanize-matplotlib`; that package
itself is not imported, because doing so loads matplotlib.
"""

from __future__ import annotations

import functools
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from pipeline.picture import Image
from simulator.plate_numbers import PlateNumber, PlateStyle

PIXELS_PER_MM = 1.5
_WHITE, _BLACK = (240, 240, 240), (24, 20, 20)
_COLOURS: dict[PlateStyle, tuple[tuple[int, int, int], tuple[int, int, int]]] = {
    PlateStyle.WHITE_8: (_WHITE, _BLACK),
    PlateStyle.WHITE_7: (_WHITE, _BLACK),
    PlateStyle.EV: ((238, 208, 158), (60, 26, 14)),
    PlateStyle.SHORT: (_WHITE, _BLACK),
    PlateStyle.YELLOW_LINE: ((10, 188, 248), _BLACK),
    PlateStyle.YELLOW_TWO: ((10, 188, 248), _BLACK),
    PlateStyle.GREEN_TWO: ((86, 140, 34), (244, 246, 244)),
}
_DIGIT_FONT, _SYLLABLE_FONT = "NanumGothicExtraBold.ttf", "NanumGothicBold.ttf"


def font_file(name: str) -> Path:
    """The NanumGothic file of this name inside the installed wheel.

    Raises:
        FileNotFoundError: the wheel is not installed or has no such file.
    """
    try:
        files = metadata.files("koreanize-matplotlib") or []
    except metadata.PackageNotFoundError as error:
        raise FileNotFoundError("the font wheel koreanize-matplotlib is not installed") from error
    for entry in files:
        if entry.name == name:
            return Path(str(entry.locate()))
    raise FileNotFoundError(f"the wheel koreanize-matplotlib has no {name}")


@functools.cache
def _glyph(character: str) -> NDArray[np.uint8]:
    """The character's ink, cut tight, uint8 0-255."""
    font = ImageFont.truetype(str(font_file(_DIGIT_FONT if character.isdigit() else _SYLLABLE_FONT)), 200)
    canvas = Pillow.new("L", (280, 300), 0)
    ImageDraw.Draw(canvas).text((30, 20), character, font=font, fill=255)
    ink = np.asarray(canvas)
    rows, columns = np.flatnonzero(ink.max(axis=1)), np.flatnonzero(ink.max(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


class _Sheet:
    """Ink of one plate, in millimetres."""

    def __init__(self, width: int, height: int) -> None:
        self.ink = np.zeros((round(height * PIXELS_PER_MM), round(width * PIXELS_PER_MM)), np.uint8)

    def put(self, character: str, x: float, y: float, cell_w: float, cell_h: float) -> None:
        """Set a character into a cell: figures fill it, syllables keep more of their shape."""
        glyph = _glyph(character)
        if character.isdigit():
            reference = _glyph("0").shape[1]
            w = 0.84 * cell_w * (min(1.0, glyph.shape[1] / reference) if character == "1" else 1.0)
            h = 0.94 * cell_h
        else:
            w, h = min(0.86 * cell_w, cell_h), 0.86 * min(cell_h, 1.05 * cell_w)
        size = (max(1, round(w * PIXELS_PER_MM)), max(1, round(h * PIXELS_PER_MM)))
        drawn = cv2.resize(glyph, size, interpolation=cv2.INTER_AREA)
        left = round((x + (cell_w - w) / 2) * PIXELS_PER_MM)
        top = round((y + (cell_h - h) / 2) * PIXELS_PER_MM)
        target = self.ink[top : top + size[1], left : left + size[0]]
        np.maximum(target, drawn[: target.shape[0], : target.shape[1]], out=target)

    def row(self, text: str, x: float, y: float, height: float, digit_w: float, syllable_w: float) -> float:
        """Set `text` from `x` on; returns where it ends."""
        for character in text:
            width = digit_w if character.isdigit() else syllable_w
            self.put(character, x, y, width, height)
            x += width
        return x


@functools.lru_cache(maxsize=256)
def plate_picture(plate: PlateNumber) -> Image:
    """The plate seen straight on, uint8 BGR, PIXELS_PER_MM pixels to the millimetre. Do not write to it."""
    width, height = plate.style.size_mm
    sheet = _Sheet(width, height)
    text = plate.text
    style = plate.style
    if style is PlateStyle.WHITE_8:
        sheet.row(text, 28, 13, 84, 55, 78)
    elif style in (PlateStyle.WHITE_7, PlateStyle.EV):
        sheet.row(text, 44, 13, 84, 56, 96)
    elif style is PlateStyle.SHORT:
        sheet.row(text, 14, 40, 80, 43, 50)
    elif style is PlateStyle.YELLOW_LINE:
        sheet.put(text[0], 24, 11, 56, 44)
        sheet.put(text[1], 24, 56, 56, 44)
        sheet.row(text[2:], 84, 13, 84, 55, 72)
    elif style is PlateStyle.YELLOW_TWO:
        end = sheet.row(text[:2], 66, 10, 54, 50, 56)
        sheet.row(text[2:4], end + 6, 10, 54, 42, 56)
        sheet.row(text[4:], 14, 70, 90, 58, 76)
    else:
        sheet.row(text[:3], 86, 8, 58, 46, 66)
        sheet.row(text[3:], 36, 70, 92, 66, 66)
    paper, ink = (np.array(c, np.float32) for c in _COLOURS[style])
    cover = sheet.ink[..., None].astype(np.float32) / 255.0
    picture = np.ascontiguousarray((paper + (ink - paper) * cover).astype(np.uint8))
    _frame(picture, style)
    picture.flags.writeable = False
    return picture


def _frame(picture: Image, style: PlateStyle) -> None:
    """The pressed rim and the bolts."""
    h, w = picture.shape[:2]
    rim = tuple(int(0.75 * v + 40) for v in picture[h // 2, 4].tolist())
    cv2.rectangle(picture, (2, 2), (w - 3, h - 3), rim, 2, cv2.LINE_AA)
    y = h // 2 if style.size_mm[1] == 110 else round(0.11 * h)
    for x in (
        (round(0.035 * w), round(0.965 * w)) if style.size_mm[1] == 110 else (round(0.2 * w), round(0.8 * w))
    ):
        cv2.circle(picture, (x, y), round(5 * PIXELS_PER_MM), rim, -1, cv2.LINE_AA)
