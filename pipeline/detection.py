"""What a detector sees in one picture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pipeline.errors import InvalidValueError
from pipeline.geometry import Box
from pipeline.picture import Image
from pipeline.vehicle_look import VehicleLook


class ObjectClass(StrEnum):
    """The classes of the bundled detector; others are mapped to these or dropped by their adapter."""

    CAR = "car"
    MOTORCYCLE = "motorcycle"
    BUS = "bus"
    TRUCK = "truck"
    PERSON = "person"
    BICYCLE = "bicycle"


VEHICLES = frozenset({ObjectClass.CAR, ObjectClass.MOTORCYCLE, ObjectClass.BUS, ObjectClass.TRUCK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """One object in one picture: box in pixels of that picture, score 0-1, class, what a vehicle looks like.

    The look is None where the detector tells none, and for what it hardly sees.
    """

    box: Box
    score: float
    label: ObjectClass
    look: VehicleLook | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.score <= 1.0:
            raise InvalidValueError(f"expected a score of 0-1, got {self.score}")


class Detector(Protocol):
    """Finds vehicles and people in a picture."""

    def detect(self, image: Image) -> tuple[Detection, ...]:
        """Objects in `image` (BGR uint8 (H, W, 3)), best score first, boxes in its pixels, clipped to it.

        Low scores (down to about 0.1) are wanted: thresholds with hysteresis belong to the tracker.
        """
        ...
