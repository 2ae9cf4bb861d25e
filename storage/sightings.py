"""What was seen, as values: sightings of vehicles, what to look for, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pipeline.detection import ObjectClass
from pipeline.errors import InvalidValueError
from pipeline.geometry import Box, Size
from pipeline.plate import PlateText
from pipeline.vehicle_look import VehicleColour, VehicleLook

MAX_FOUND = 1000
LEAST_LIKENESS = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One vehicle that was seen: in a report, or in an analysed file.

    Attributes:
        id: the report's id, or for an analysis one made of the analysis and the vehicle.
        report_id, analysis_id: where it was seen; exactly one of them.
        camera, zone: names; "" where there is none.
        label: its class.
        colour: the name of its colour, or None.
        plate: what was read of its plate.
        box: where it was, pixels of the full frame of `frame_size`.
        frame_size: size of that frame.
        score: best detector score, 0-1.
        photo_key: the picture that shows it, where evidence or uploads are kept, or None.
        first_seen_at, last_seen_at: from when to when it was seen, aware UTC.
        look: what finds it by appearance; None when the detector tells none.
    """

    id: str
    report_id: str | None = None
    analysis_id: str | None = None
    camera: str
    zone: str
    label: ObjectClass
    colour: VehicleColour | None
    plate: PlateText
    box: Box
    frame_size: Size
    score: float
    photo_key: str | None
    first_seen_at: datetime
    last_seen_at: datetime
    look: VehicleLook | None = None

    def __post_init__(self) -> None:
        if (self.report_id is None) == (self.analysis_id is None):
            raise InvalidValueError("expected a sighting of either a report or an analysis")


@dataclass(frozen=True, slots=True, kw_only=True)
class SightingQuery:
    """What to look for; None or empty means any.

    Attributes:
        plate: characters, ? for any one and * for any number of them.
        least_likeness: of the plate, 0-1; 1 is a sure and exact match.
        look: the appearance to compare with; only vectors of its model are found.
        cameras: names.
        zone: exact name.
        since, until: seen at or after, and before, aware UTC.
        labels, colours: any of these.
        limit: 1-1000, best first; without plate and look, last seen first.
    """

    plate: str | None = None
    least_likeness: float = LEAST_LIKENESS
    look: VehicleLook | None = None
    cameras: frozenset[str] | None = None
    zone: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    labels: frozenset[ObjectClass] = frozenset()
    colours: frozenset[VehicleColour] = frozenset()
    limit: int = 50

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MAX_FOUND:
            raise InvalidValueError(f"expected a limit of 1-{MAX_FOUND}, got {self.limit}")
        if not 0.0 <= self.least_likeness <= 1.0:
            raise InvalidValueError(f"expected a likeness of 0-1, got {self.least_likeness}")
        if self.plate is not None and not 1 <= len(self.plate) <= 32:
            raise InvalidValueError(f"expected a plate of 1-32 characters, got {len(self.plate)}")
        for name, moment in (("since", self.since), ("until", self.until)):
            if moment is not None and moment.tzinfo is None:
                raise InvalidValueError(f"expected an aware {name}, got the naive {moment.isoformat()}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A sighting that fits, and how well: likeness of its plate and of its look, 1 the same, None unasked."""

    sighting: Sighting
    plate_likeness: float | None
    look_likeness: float | None


class SightingStore(Protocol):
    """Finds vehicles that were seen. Those of reports are kept by the report store, in its transaction.

    All methods raise StorageUnavailableError when the database cannot be reached or is busy, StorageError
    when it refuses for good.
    """

    def put(self, sightings: tuple[Sighting, ...]) -> None:
        """Keep sightings of an analysis, in one transaction; one of a known id replaces the older."""
        ...

    def get(self, sighting_id: str) -> Sighting | None:
        """The sighting, with its look, or None."""
        ...

    def warm(self) -> None:
        """Read what the first search would wait for; to be called beforehand, or not at all."""
        ...

    def search(self, wanted: SightingQuery) -> tuple[Found, ...]:
        """The sightings that fit, best first."""
        ...
