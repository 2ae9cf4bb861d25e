"""How long each standing vehicle has been in each no-parking zone, and what that makes of it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.dwell_state import (
    ENDS,
    DwellCase,
    DwellChange,
    DwellEnd,
    DwellSnapshot,
    DwellState,
)
from pipeline.footprint import inside_zone
from pipeline.geometry import Polygon, Size
from pipeline.standing import Departure, StandingVehicle
from pipeline.zone import Zone
from pipeline.zone_hours import applying_since

# A state only advances when the vehicle was recognised within these seconds: after a gap of the stream, or
# behind a bus, it may be gone already. Wider than the slowest analysis rate (0.5 frames a second).
RECOGNISED_WITHIN_S = 2.5
# A vehicle may be absent without a departure for this long before its case ends: the memory of standing
# vehicles takes some frames to find its vehicles again after a restart or a gap.
MISSING_S = 10.0
# Breaks of a zone's hours shorter than this are taken for jitter between media time and wall clock.
HOURS_JITTER_S = 30.0
# Halts that have violated are remembered, so that none violates twice; more than a camera's street holds.
_REMEMBERED = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    at_s: float
    taken_at: datetime

    def media_time(self, moment: datetime) -> float:
        return self.at_s - (self.taken_at - moment).total_seconds()


class DwellTimer:
    """Steps every (vehicle, zone) of one camera through arrived → parked → violating → departed.

    Time counts in seconds of media time from the vehicle's arrival, or from when the zone's hours began if
    that was later; a gap in the stream counts when the vehicle is recognised after it. A case that has not
    violated ends with the zone's hours and starts afresh when they begin again. A violating vehicle stays one
    case until it leaves; one halt violates once in a zone.

    Args:
        zones: the camera's zones, names unique.
    """

    def __init__(self, zones: tuple[Zone, ...]) -> None:
        self._zones = {zone.name: zone for zone in zones}
        self._polygons: dict[str, Polygon] = {}
        self._frame_size: Size | None = None
        self._cases: dict[tuple[str, str], DwellCase] = {}
        self._violated: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._last: _Moment | None = None
        self._suspended = False
        self._resumed_s = float("-inf")

    def update(
        self,
        at_s: float,
        taken_at: datetime,
        standing: tuple[StandingVehicle, ...],
        departed: tuple[Departure, ...],
        frame_size: Size,
    ) -> tuple[DwellChange, ...]:
        """What a frame changes, ends first, then in the order of `standing` and of the zones.

        Args:
            at_s: media time of the frame, never earlier than that of the last one.
            taken_at: the same moment, aware UTC.
            standing: every vehicle standing after the frame.
            departed: halts that ended with the frame.
            frame_size: of the full frame, whose pixels the boxes are in.
        """
        if self._suspended:
            return ()
        now = _Moment(at_s=at_s, taken_at=taken_at)
        self._last = now
        if frame_size != self._frame_size:
            self._frame_size = frame_size
            self._polygons = {n: z.polygon.in_pixels(frame_size) for n, z in self._zones.items()}
        changes = self._end_departed(departed)
        changes += self._end_missing(now, {vehicle.id for vehicle in standing})
        for vehicle in standing:
            for zone in self._zones.values():
                changes += self._step(now, vehicle, zone)
        return tuple(changes)

    def suspend(self) -> None:
        """No state advances until `resume`: the camera's view is not what the zones were drawn on."""
        self._suspended = True

    def resume(self, at_s: float) -> None:
        """Go on from the frame at media time `at_s`; only what is recognised from then on advances."""
        if self._suspended:
            self._suspended = False
            self._resumed_s = at_s
            self._cases = {
                key: replace(case, last_present_s=max(case.last_present_s, at_s))
                for key, case in self._cases.items()
            }

    def due_s(self) -> float:
        """Media time at which the next state begins if every vehicle stays; infinite when none does.

        Hours that begin or end are not counted: they are dated by the schedule, not by the frame.
        """
        ends = [float("inf")]
        for case in self._cases.values():
            zone = self._zones[case.zone]
            if case.state is DwellState.ARRIVED:
                ends.append(case.since_s + zone.confirm_s)
            elif case.state is DwellState.PARKED:
                ends.append(case.since_s + zone.dwell_s)
        return min(ends)

    def cases(self) -> tuple[DwellCase, ...]:
        """Every vehicle now counted in a zone."""
        return tuple(self._cases.values())

    def snapshot(self) -> DwellSnapshot:
        """The state, to survive a restart."""
        return DwellSnapshot(
            at_s=self._last.at_s if self._last else 0.0,
            taken_at=self._last.taken_at if self._last else None,
            cases=tuple(self._cases.values()),
            violated=tuple(self._violated),
        )

    def restore(self, state: DwellSnapshot, at_s: float, taken_at: datetime) -> tuple[DwellChange, ...]:
        """Continue from an earlier run at the frame of media time `at_s`, taken at `taken_at` (aware UTC).

        Media time starts anew with each run; the wall clock bridges the two. Cases in zones that are no
        longer configured end: they are returned.
        """
        self._violated = OrderedDict.fromkeys(state.violated)
        if state.taken_at is None:
            return ()
        passed_s = (taken_at - state.taken_at).total_seconds()
        offset = at_s - (state.at_s + passed_s)
        self._last = _Moment(at_s=at_s, taken_at=taken_at)
        self._resumed_s = at_s
        changes: list[DwellChange] = []
        for old in state.cases:
            case = replace(old.moved(offset), last_present_s=at_s)
            if case.zone in self._zones:
                self._cases[case.key] = case
            else:
                changes.append(case.ended(at_s, taken_at, DwellEnd.ZONE_REMOVED))
        return tuple(changes)

    def _end_departed(self, departed: tuple[Departure, ...]) -> list[DwellChange]:
        changes = []
        for departure in departed:
            for key in [key for key in self._cases if key[0] == departure.vehicle.id]:
                case = replace(self._cases.pop(key), vehicle=departure.vehicle)
                changes.append(case.ended(departure.left_s, departure.left_at, ENDS[departure.reason]))
        return changes

    def _end_missing(self, now: _Moment, present: set[str]) -> list[DwellChange]:
        changes = []
        for key, case in list(self._cases.items()):
            if case.vehicle.id in present or now.at_s - case.last_present_s <= MISSING_S:
                continue
            del self._cases[key]
            seen_s = case.vehicle.last_seen_s
            seen_at = now.taken_at - timedelta(seconds=now.at_s - seen_s)
            changes.append(case.ended(seen_s, seen_at, DwellEnd.VEHICLE_LOST))
        return changes

    def _step(self, now: _Moment, vehicle: StandingVehicle, zone: Zone) -> list[DwellChange]:
        key = (vehicle.id, zone.name)
        case = self._cases.get(key)
        if case is not None:
            case = replace(case, vehicle=vehicle, last_present_s=now.at_s)
            self._cases[key] = case
            if case.state is DwellState.VIOLATING:
                return []
        elif key in self._violated or vehicle.label not in zone.classes:
            return []
        polygon = self._polygons[zone.name]
        changes: list[DwellChange] = []
        # Checked before the hours: geometry is cheaper, and most vehicles are in no zone at all.
        if not inside_zone(vehicle.box, polygon, zone.overlap, already=case is not None):
            return self._end(case, now, DwellEnd.LEFT_ZONE)
        since_at = applying_since(zone.schedule, now.taken_at, vehicle.arrived_at)
        if since_at is None:
            return self._end(case, now, DwellEnd.HOURS_ENDED)
        began_s = vehicle.arrived_s
        if since_at > vehicle.arrived_at:
            began_s = now.media_time(since_at)
            # The hours ended and began again while nobody looked.
            if case is not None and began_s > case.since_s + HOURS_JITTER_S:
                changes += self._end(case, now, DwellEnd.HOURS_ENDED)
                case = None
        if not self._recognised(vehicle, now):
            return changes
        if case is None:
            case = DwellCase(
                vehicle=vehicle,
                zone=zone.name,
                state=DwellState.ARRIVED,
                since_s=began_s,
                last_present_s=now.at_s,
            )
            changes.append(case.change(now.at_s, now.taken_at))
        stood_s = now.at_s - case.since_s
        if case.state is DwellState.ARRIVED and stood_s >= zone.confirm_s:
            case = replace(case, state=DwellState.PARKED)
            changes.append(case.change(now.at_s, now.taken_at))
        if case.state is DwellState.PARKED and stood_s >= zone.dwell_s:
            case = replace(case, state=DwellState.VIOLATING)
            changes.append(case.change(now.at_s, now.taken_at))
            self._remember_violated(key)
        self._cases[key] = case
        return changes

    def _recognised(self, vehicle: StandingVehicle, now: _Moment) -> bool:
        return (
            now.at_s - vehicle.last_seen_s <= RECOGNISED_WITHIN_S and vehicle.last_seen_s >= self._resumed_s
        )

    def _end(self, case: DwellCase | None, now: _Moment, why: DwellEnd) -> list[DwellChange]:
        if case is None:
            return []
        del self._cases[case.key]
        return [case.ended(now.at_s, now.taken_at, why)]

    def _remember_violated(self, key: tuple[str, str]) -> None:
        self._violated[key] = None
        while len(self._violated) > _REMEMBERED:
            self._violated.popitem(last=False)
