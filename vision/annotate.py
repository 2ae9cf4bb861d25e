"""Zones and times drawn onto copies of evidence and of pictures; an original is never touched."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.geometry import Box, Polygon, Size
from pipeline.picture import Image
from vision.lettering import Color, darken, line_height, text_width, write

WHITE: Color = (255, 255, 255)
RED: Color = (48, 48, 230)
AMBER: Color = (0, 176, 255)
GREEN: Color = (80, 200, 80)
BLUE: Color = (230, 150, 40)

_ZONE_OPACITY = 0.28
# On evidence the ground and the vehicle must stay as they look.
_EVIDENCE_OPACITY = 0.10
_BAR_DARKNESS = 0.65


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneMark:
    """A zone to draw.

    Attributes:
        polygon: 0-1 fractions of the picture.
        name: written inside it; may be empty.
        color: BGR.
    """

    polygon: Polygon
    name: str
    color: Color = BLUE


def mark_photo(image: Image, *, vehicle: Box, zone: Polygon, lines: tuple[str, ...]) -> Image:
    """The copy of an evidence photo that carries its time and zone.

    The accused vehicle and its plate stay exactly as the camera saw them: the zone lies around them.

    Args:
        image: BGR uint8 (H, W, 3).
        vehicle: the accused vehicle, pixels of `image`.
        zone: the zone, 0-1 fractions.
        lines: local time, camera, zone and so on, written into a bar on top.
    """
    copy = draw_zones(image, (ZoneMark(polygon=zone, name="", color=RED),), opacity=_EVIDENCE_OPACITY)
    seen = vehicle.clipped(Size(width=image.shape[1], height=image.shape[0]))
    if seen is not None:
        rows, columns = slice(round(seen.y1), round(seen.y2)), slice(round(seen.x1), round(seen.x2))
        copy[rows, columns] = image[rows, columns]
    _box(copy, vehicle, RED)
    text_bar(copy, lines)
    return copy


def draw_zones(image: Image, zones: tuple[ZoneMark, ...], *, opacity: float = _ZONE_OPACITY) -> Image:
    """A copy of `image` (BGR uint8) with zones filled by `opacity` 0-1, and their names."""
    copy = image.copy()
    size = Size(width=image.shape[1], height=image.shape[0])
    for zone in zones:
        points = zone.polygon.in_pixels(size).points
        corners = np.round([[(p.x, p.y) for p in points]]).astype(np.int32)
        filled = copy.copy()
        cv2.fillPoly(filled, [corners], zone.color)
        cv2.addWeighted(filled, opacity, copy, 1 - opacity, 0, dst=copy)
        cv2.polylines(copy, [corners], True, zone.color, stroke(copy), cv2.LINE_AA)
    # Names last, so that no later zone covers them.
    for zone in zones:
        if zone.name:
            center = zone.polygon.in_pixels(size).bounds.center
            width = text_width(zone.name, letter_height(copy))
            _tag(copy, zone.name, round(center.x - width / 2), round(center.y), zone.color)
    return copy


def _short_side(image: Image) -> int:
    return int(min(image.shape[0], image.shape[1]))


def letter_height(image: Image) -> int:
    """Height of letters, pixels: legible on the whole picture, small beside its vehicles."""
    return max(11, round(_short_side(image) / 36))


def stroke(image: Image) -> int:
    """Thickness of lines, pixels."""
    return max(1, round(_short_side(image) / 360))


def _box(image: Image, box: Box, color: Color) -> None:
    low, high = (round(box.x1), round(box.y1)), (round(box.x2), round(box.y2))
    cv2.rectangle(image, low, high, color, stroke(image) + 1)


def _tag(image: Image, text: str, x: int, y: int, color: Color) -> None:
    letters = letter_height(image)
    width, height = text_width(text, letters), line_height(letters)
    pad = letters // 4
    x = max(0, min(x, image.shape[1] - width - 2 * pad))
    y = max(0, min(y, image.shape[0] - height))
    darken(image, x, y, x + width + 2 * pad, y + height, share=_BAR_DARKNESS)
    cv2.rectangle(image, (x, y), (x + max(2, pad // 2), y + height), color, cv2.FILLED)
    write(image, text, x + pad, y, height_px=letters, color=WHITE)


def text_bar(image: Image, lines: tuple[str, ...]) -> int:
    """Write `lines` into a bar on top; its height in pixels."""
    if not lines:
        return 0
    letters = letter_height(image)
    room = image.shape[1] - letters
    widest = max(text_width(line, letters) for line in lines)
    if widest > room:
        # A long zone name on a small picture: smaller letters rather than a time that is cut off.
        letters = max(7, int(letters * room / widest))
    height = line_height(letters)
    bar = height * len(lines) + letters // 2
    darken(image, 0, 0, image.shape[1], bar, share=_BAR_DARKNESS)
    for number, line in enumerate(lines):
        write(image, line, letters // 2, letters // 4 + number * height, height_px=letters, color=WHITE)
    return bar
