"""No-parking zones: where they are and what their kind allows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pipeline.detection import VEHICLES, ObjectClass
from pipeline.errors import InvalidValueError
from pipeline.geometry import Polygon
from pipeline.schedule import ALWAYS, WeeklySchedule


class ZoneKind(StrEnum):
    """The no-parking places of the Korean Safety e-Report rule, and `no_parking` for any other."""

    FIRE_HYDRANT = "fire_hydrant"
    INTERSECTION_CORNER = "intersection_corner"
    BUS_STOP = "bus_stop"
    CROSSWALK = "crosswalk"
    SIDEWALK = "sidewalk"
    SCHOOL_ZONE = "school_zone"
    SAFETY_ZONE = "safety_zone"
    BRIDGE_TUNNEL = "bridge_tunnel"
    DOUBLE_PARKING = "double_parking"
    FIRE_LANE = "fire_lane"
    DISABLED_BAY = "disabled_bay"
    NO_PARKING = "no_parking"


# Seconds a vehicle may stand, and the seconds between its two photos: the e-Report rule asks for one minute
# in the six kinds of its main list, in school zones' fronts and disabled bays, for five minutes elsewhere.
# `no_parking` follows municipal fixed cameras, which commonly wait five minutes.
_ONE_MINUTE, _FIVE_MINUTES = 60.0, 300.0
DWELL_S: dict[ZoneKind, float] = {
    ZoneKind.FIRE_HYDRANT: _ONE_MINUTE,
    ZoneKind.INTERSECTION_CORNER: _ONE_MINUTE,
    ZoneKind.BUS_STOP: _ONE_MINUTE,
    ZoneKind.CROSSWALK: _ONE_MINUTE,
    ZoneKind.SIDEWALK: _ONE_MINUTE,
    ZoneKind.SCHOOL_ZONE: _ONE_MINUTE,
    ZoneKind.SAFETY_ZONE: _FIVE_MINUTES,
    ZoneKind.BRIDGE_TUNNEL: _FIVE_MINUTES,
    ZoneKind.DOUBLE_PARKING: _FIVE_MINUTES,
    ZoneKind.FIRE_LANE: _FIVE_MINUTES,
    ZoneKind.DISABLED_BAY: _ONE_MINUTE,
    ZoneKind.NO_PARKING: _FIVE_MINUTES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """One no-parking zone of one camera.

    Attributes:
        name: unique within the camera.
        kind: what the place is.
        polygon: 0-1 fractions of the full frame.
        dwell_s: seconds a vehicle may stand, > 0.
        photo_gap_s: least seconds between photo 1 and photo 2, > 0.
        confirm_s: seconds of standing after which photo 1 is taken; at most `dwell_s`.
        overlap: least share of the vehicle's footprint (lowest part of its box) inside the polygon, 0-1.
        schedule: when the zone applies.
        classes: vehicle classes it applies to.
        allowed_plates: plates that may stand there (residents, staff), without blanks.
        report_unread: whether a report without a legible plate may become final.
    """

    name: str
    kind: ZoneKind
    polygon: Polygon
    dwell_s: float
    photo_gap_s: float
    confirm_s: float
    overlap: float = 0.5
    schedule: WeeklySchedule = ALWAYS
    classes: frozenset[ObjectClass] = VEHICLES
    allowed_plates: frozenset[str] = frozenset()
    report_unread: bool = False

    def __post_init__(self) -> None:
        if not self.name:
            raise InvalidValueError("expected a zone to have a name, got an empty one")
        if self.dwell_s <= 0 or self.photo_gap_s <= 0:
            raise InvalidValueError(
                f"expected dwell_s and photo_gap_s above 0, got {self.dwell_s} and {self.photo_gap_s}"
            )
        if not 0 < self.confirm_s <= self.dwell_s:
            raise InvalidValueError(f"expected confirm_s above 0 and at most dwell_s, got {self.confirm_s}")
        if not 0 < self.overlap <= 1:
            raise InvalidValueError(f"expected overlap above 0 and at most 1, got {self.overlap}")
        if not self.classes <= VEHICLES:
            raise InvalidValueError(f"expected vehicle classes, got {sorted(self.classes - VEHICLES)}")
