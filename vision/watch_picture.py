"""Pictures that people watch: vehicles with labels and clocks that do not cover each other.

Imports supervision, which takes half a second and 60 MB: to be imported where such a picture is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import supervision as sv

from pipeline.errors import InvalidValueError
from pipeline.geometry import Box
from pipeline.picture import Image
from vision.annotate import GREEN, ZoneMark, draw_zones, letter_height, stroke, text_bar
from vision.lettering import Color, font_path

# The street itself is what is looked at.
_ZONE_OPACITY = 0.14
# Luma (ITU-R BT.601) from which black letters stand out better than white ones.
_BRIGHT = 140.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleMark:
    """A vehicle to draw.

    Attributes:
        box: full-frame pixels.
        label: written above it, such as "car 12가3456".
        standing_s: seconds it has stood, written as a clock; None when it does not stand.
        color: BGR.
    """

    box: Box
    label: str
    standing_s: float | None = None
    color: Color = GREEN

    def __post_init__(self) -> None:
        if self.standing_s is not None and self.standing_s < 0:
            raise InvalidValueError(f"expected a standing time of at least 0 s, got {self.standing_s}")

    @property
    def text(self) -> str:
        """What is written: the label and the clock."""
        return self.label if self.standing_s is None else f"{self.label}  {clock(self.standing_s)}".strip()


def draw_watch(
    image: Image,
    *,
    zones: tuple[ZoneMark, ...] = (),
    vehicles: tuple[VehicleMark, ...] = (),
    lines: tuple[str, ...] = (),
) -> Image:
    """A copy of `image` (BGR uint8) as an annotated video shows it: zones, vehicles, clocks, a text bar."""
    copy = draw_zones(image, zones, opacity=_ZONE_OPACITY)
    bar = text_bar(copy, lines)
    if vehicles:
        boxes = sv.BoxAnnotator(
            color=_palette([vehicle.color for vehicle in vehicles]),
            thickness=stroke(copy) + 1,
            color_lookup=sv.ColorLookup.INDEX,
        )
        boxes.annotate(copy, _detections(vehicles, 0))
    named = tuple(vehicle for vehicle in vehicles if vehicle.text)
    if named and copy.shape[0] > bar:
        # Below the bar: a label never covers the time.
        below = np.ascontiguousarray(copy[bar:])
        copy[bar:] = _labels(named, letter_height(copy)).annotate(
            below, _detections(named, bar), labels=[vehicle.text for vehicle in named]
        )
    return copy


def clock(seconds: float) -> str:
    """A duration as a clock: 0:07, 12:34, 1:02:03; fractions of a second are cut off."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _labels(vehicles: tuple[VehicleMark, ...], letters: int) -> sv.RichLabelAnnotator:
    colors = [vehicle.color for vehicle in vehicles]
    return sv.RichLabelAnnotator(
        color=_palette(colors),
        text_color=_palette([(0, 0, 0) if _luma(color) > _BRIGHT else (255, 255, 255) for color in colors]),
        color_lookup=sv.ColorLookup.INDEX,
        # Hangul, which OpenCV's and Pillow's own fonts lack.
        font_path=str(font_path()),
        font_size=letters,
        text_padding=max(2, letters // 4),
        smart_position=True,
    )


def _detections(vehicles: tuple[VehicleMark, ...], above: int) -> sv.Detections:
    """The boxes in a picture whose first `above` rows are cut off."""
    boxes = [(v.box.x1, v.box.y1 - above, v.box.x2, v.box.y2 - above) for v in vehicles]
    return sv.Detections(xyxy=np.round(np.array(boxes, dtype=np.float32)))


def _palette(colors: list[Color]) -> sv.ColorPalette:
    return sv.ColorPalette(colors=[sv.Color.from_bgr_tuple(color) for color in colors])


def _luma(color: Color) -> float:
    blue, green, red = color
    return 0.114 * blue + 0.587 * green + 0.299 * red
