"""Hides people's heads and other vehicles' plates in copies of pictures; an original is never touched."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.detection import VEHICLES, Detection, Detector, ObjectClass
from pipeline.geometry import Box, Size
from pipeline.picture import Image
from vision.plate_boxes import PlateBoxes
from vision.plate_owner import owned_by

# Lower than what the watch believes in: a head too many is hidden rather than one too few shown.
LEAST_PERSON, _LEAST_VEHICLE = 0.05, 0.25
# A standing adult is some 7.5 heads high (A. Loomis, Figure Drawing, 1943); the detector's box may begin
# above the head, and a person bends. Less slender boxes show a part of a person, or one that sits or rides.
_SLENDER, _HALF = 2.0, 1.2
_HEAD_OF_SLENDER, _HEAD_OF_HALF = 0.3, 0.5
_MARGIN = 0.12
# People whose heads can be recognised are too small for the detector in the whole picture, so it also looks
# at parts of about this many pixels, but at most so many beside each other, overlapping by a share. Of people
# 40-80 pixels high that hides the heads of 82 in 100 instead of 29 (`gotcha bench masking`).
_PART_PX, _MOST_ACROSS, _OVERLAP = 320, 5, 0.15
# What is left of a hidden region along its longer side, in pixels: 8 leave no face and no character.
_LEFT_PX = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenRegions:
    """What is to be hidden in a picture, in its pixels.

    Attributes:
        heads: head regions of people.
        plates: plates of other vehicles than the accused.
        own_plates: the accused vehicle's, which stay as they are.
    """

    heads: tuple[Box, ...] = ()
    plates: tuple[Box, ...] = ()
    own_plates: tuple[Box, ...] = ()

    @property
    def hides(self) -> bool:
        """Whether there is anything to hide."""
        return bool(self.heads or self.plates)

    def scaled(self, x_factor: float, y_factor: float) -> HiddenRegions:
        """The same regions in the pixels of a copy of another size."""

        def boxes(found: tuple[Box, ...]) -> tuple[Box, ...]:
            return tuple(box.scaled(x_factor, y_factor) for box in found)

        return HiddenRegions(
            heads=boxes(self.heads), plates=boxes(self.plates), own_plates=boxes(self.own_plates)
        )

    def joined(self, other: HiddenRegions) -> HiddenRegions:
        """The regions of both."""
        return HiddenRegions(
            heads=self.heads + other.heads,
            plates=self.plates + other.plates,
            own_plates=self.own_plates + other.own_plates,
        )


class PrivacyMask:
    """Finds what must be hidden. Keeps nothing between pictures.

    Args:
        detector: finds vehicles and people.
        plates: finds plates.
    """

    def __init__(self, detector: Detector, plates: PlateBoxes) -> None:
        self._detector = detector
        self._plates = plates

    def find(self, image: Image, accused: Box | None) -> HiddenRegions:
        """What to hide in `image` (BGR uint8, full resolution).

        Args:
            image: the picture.
            accused: the vehicle whose plate stays, pixels of `image`; None hides every plate.
        """
        found = self._detector.detect(image)
        seen = [*found, *(d for part in _parts(image) for d in self._detected_in(image, part))]
        people = [d.box for d in seen if d.label is ObjectClass.PERSON and d.score >= LEAST_PERSON]
        vehicles = tuple(d.box for d in found if d.label in VEHICLES and d.score >= _LEAST_VEHICLE)
        looked_at = vehicles if accused is None else (accused, *vehicles)
        plates = self._plates.find(image, looked_at)
        own = (
            () if accused is None else tuple(p for p in plates if owned_by(p, accused, vehicles) is not None)
        )
        return HiddenRegions(
            heads=tuple(head_region(person) for person in people),
            plates=tuple(plate for plate in plates if plate not in own),
            own_plates=own,
        )

    def _detected_in(self, image: Image, part: Box) -> list[Detection]:
        rows, columns = _pixels(part, image)
        x, y = float(columns.start), float(rows.start)
        return [
            Detection(box=d.box.shifted(x, y), score=d.score, label=d.label)
            for d in self._detector.detect(np.ascontiguousarray(image[rows, columns]))
        ]


def _parts(image: Image) -> list[Box]:
    """Overlapping parts of a large picture; none of one that the detector sees well enough as a whole."""
    height, width = image.shape[:2]
    part = max(_PART_PX, max(width, height) / _MOST_ACROSS)
    across, down = round(width / part), round(height / part)
    if max(across, down) < 2:
        return []
    across, down = max(1, across), max(1, down)
    size = Size(width=width, height=height)
    wide, high = width / across, height / down
    made = (
        Box(x1=x * wide, y1=y * high, x2=(x + 1) * wide, y2=(y + 1) * high).padded(_OVERLAP).clipped(size)
        for x in range(across)
        for y in range(down)
    )
    return [part for part in made if part is not None]


def head_region(person: Box) -> Box:
    """Where the head is in a person's box: its upper part, or all of it where the box is not slender."""
    slender = person.height / person.width
    share = _HEAD_OF_SLENDER if slender >= _SLENDER else _HEAD_OF_HALF if slender >= _HALF else 1.0
    return Box(x1=person.x1, y1=person.y1, x2=person.x2, y2=person.y1 + share * person.height)


def hide(image: Image, regions: HiddenRegions) -> Image:
    """A copy of `image` (BGR uint8 (H, W, 3)) with `regions` reduced to a few colours, beyond recovery."""
    copy = image.copy()
    for box in regions.heads + regions.plates:
        _reduce(copy, box.padded(_MARGIN))
    for box in regions.own_plates:
        rows, columns = _pixels(box, image)
        copy[rows, columns] = image[rows, columns]
    return copy


def _reduce(image: Image, box: Box) -> None:
    rows, columns = _pixels(box, image)
    part = image[rows, columns]
    if not part.size:
        return
    height, width = part.shape[:2]
    factor = min(1.0, _LEFT_PX / max(height, width))
    small = cv2.resize(
        part,
        (max(1, round(width * factor)), max(1, round(height * factor))),
        interpolation=cv2.INTER_AREA,
    )
    image[rows, columns] = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def _pixels(box: Box, image: Image) -> tuple[slice, slice]:
    inside = box.clipped(Size(width=image.shape[1], height=image.shape[0]))
    if inside is None:
        return slice(0, 0), slice(0, 0)
    return (
        slice(int(inside.y1), int(np.ceil(inside.y2))),
        slice(int(inside.x1), int(np.ceil(inside.x2))),
    )
