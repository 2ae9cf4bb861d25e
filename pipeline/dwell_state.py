"""The states of a vehicle in a zone, as values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from pipeline.errors import InvalidValueError
from pipeline.standing import DepartureReason, StandingVehicle


class DwellState(StrEnum):
    """Where a vehicle is on its way through a zone; it never goes back."""

    ARRIVED = "arrived"
    PARKED = "parked"
    VIOLATING = "violating"
    DEPARTED = "departed"


class DwellEnd(StrEnum):
    """Why a vehicle is no longer counted in a zone."""

    VEHICLE_LEFT = "vehicle_left"
    VEHICLE_REPLACED = "vehicle_replaced"
    VEHICLE_MOVED = "vehicle_moved"
    VEHICLE_LOST = "vehicle_lost"
    LEFT_ZONE = "left_zone"
    HOURS_ENDED = "hours_ended"
    ZONE_REMOVED = "zone_removed"


ENDS: dict[DepartureReason, DwellEnd] = {
    DepartureReason.LEFT: DwellEnd.VEHICLE_LEFT,
    DepartureReason.REPLACED: DwellEnd.VEHICLE_REPLACED,
    DepartureReason.MOVED: DwellEnd.VEHICLE_MOVED,
    DepartureReason.LOST: DwellEnd.VEHICLE_LOST,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DwellChange:
    """One step of one vehicle in one zone.

    Attributes:
        vehicle: as last known.
        zone: the zone's name.
        state: the new state.
        at_s: media time of the step; for a departure, when the vehicle was last standing there.
        at: the same, aware UTC.
        since_s: media time from which its dwell counts: its arrival, or the begin of the zone's hours.
        end: why it ended; given exactly when the state is DEPARTED.
        violated: it has violated before or with this step.
    """

    vehicle: StandingVehicle
    zone: str
    state: DwellState
    at_s: float
    at: datetime
    since_s: float
    end: DwellEnd | None = None
    violated: bool = False

    def __post_init__(self) -> None:
        if (self.state is DwellState.DEPARTED) != (self.end is not None):
            raise InvalidValueError(f"expected an end exactly when departed, got {self.state}, {self.end}")

    @property
    def stood_s(self) -> float:
        """Seconds of dwell at this step."""
        return self.at_s - self.since_s


@dataclass(frozen=True, slots=True, kw_only=True)
class DwellCase:
    """A vehicle that is being counted in a zone.

    Attributes:
        vehicle: as last known.
        zone: the zone's name.
        state: ARRIVED, PARKED or VIOLATING.
        since_s: media time from which its dwell counts.
        last_present_s: media time of the last frame after which the vehicle was among the standing ones.
    """

    vehicle: StandingVehicle
    zone: str
    state: DwellState
    since_s: float
    last_present_s: float

    def __post_init__(self) -> None:
        if self.state is DwellState.DEPARTED:
            raise InvalidValueError("expected the state of a vehicle that stands, got departed")

    @property
    def key(self) -> tuple[str, str]:
        return self.vehicle.id, self.zone

    def change(self, at_s: float, at: datetime) -> DwellChange:
        """The step into the present state."""
        return DwellChange(
            vehicle=self.vehicle,
            zone=self.zone,
            state=self.state,
            at_s=at_s,
            at=at,
            since_s=self.since_s,
            violated=self.state is DwellState.VIOLATING,
        )

    def ended(self, at_s: float, at: datetime, why: DwellEnd) -> DwellChange:
        """The step out of the zone."""
        return DwellChange(
            vehicle=self.vehicle,
            zone=self.zone,
            state=DwellState.DEPARTED,
            at_s=at_s,
            at=at,
            since_s=self.since_s,
            end=why,
            violated=self.state is DwellState.VIOLATING,
        )

    def moved(self, offset_s: float) -> DwellCase:
        """The same case on a media time that reads `offset_s` more."""
        vehicle = replace(
            self.vehicle,
            arrived_s=self.vehicle.arrived_s + offset_s,
            confirmed_s=self.vehicle.confirmed_s + offset_s,
            last_seen_s=self.vehicle.last_seen_s + offset_s,
        )
        return replace(
            self,
            vehicle=vehicle,
            since_s=self.since_s + offset_s,
            last_present_s=self.last_present_s + offset_s,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DwellSnapshot:
    """The state of a `DwellTimer`, to be kept over a restart.

    Attributes:
        at_s: media time of the last frame, on the clock the cases are in.
        taken_at: the same, aware UTC; None when no frame was seen yet.
        cases: what was being counted.
        violated: vehicle id and zone of halts that have violated, oldest first.
    """

    at_s: float
    taken_at: datetime | None
    cases: tuple[DwellCase, ...]
    violated: tuple[tuple[str, str], ...]
