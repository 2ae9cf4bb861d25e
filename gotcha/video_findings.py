"""What is found in a video: who stood where and when, what happened in the zones, and the reports."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.detection import ObjectClass
from pipeline.dwell_state import DwellChange, DwellState
from pipeline.frame import SourceNotice
from pipeline.geometry import Box
from pipeline.report import CameraEvent, Report
from pipeline.standing import StandingVehicle
from pipeline.watch_step import WatchStep

_IDS = uuid.UUID("6a0f2c1e-5b53-4e58-9a57-0f6e5a3c9b21")


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """A vehicle that stood somewhere in the video, in a zone or not.

    Attributes:
        vehicle_id: its id within the video.
        label: its class.
        score: best detector score, 0-1.
        box: where it stood, pixels of the full frame.
        from_s, to_s: media times of the first and last moment it stood; `to_s` None when it still stood at
            the end.
        since_start: it stood there in the first frame already.
    """

    vehicle_id: str
    label: ObjectClass
    score: float
    box: Box
    from_s: float
    to_s: float | None
    since_start: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneEvent:
    """One step of a vehicle in a zone: `arrived → parked → violating → departed`.

    Attributes:
        state: the step.
        zone: the zone's name.
        track: the id of the vehicle within the video.
        label: its class.
        score: best detector score so far, 0-1: the confidence.
        box: where it stands, pixels of the full frame.
        at_s: media time of the step.
        at: the same, aware UTC.
    """

    state: DwellState
    zone: str
    track: str
    label: ObjectClass
    score: float
    box: Box
    at_s: float
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedInterval:
    """A vehicle's time in a zone, from when its dwell counts to its departure; media times in seconds.

    Attributes:
        zone, track, label, score, box: as in `ZoneEvent`.
        from_s: from when its dwell counts: its arrival, or the begin of the zone's hours.
        to_s: when it left, or None when it was there at the end.
        parked_s, violating_s: when it was confirmed and when it had stood too long, or None.
        since_start: it stood there in the first frame already.
    """

    zone: str
    track: str
    label: ObjectClass
    score: float
    box: Box
    from_s: float
    to_s: float | None
    parked_s: float | None
    violating_s: float | None
    since_start: bool


class StableIds:
    """Gives a report the same id each time the same video is analysed in the same way.

    Args:
        root: names video and settings.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._given: dict[str, str] = {}
        self._taken: set[str] = set()

    def of(self, own_id: str, event: str) -> str:
        """The id of what this run calls `own_id`; `event` says what it is, the same in every run."""
        if own_id not in self._given:
            ordinal = 0
            while (found := self._made(event, ordinal)) in self._taken:
                ordinal += 1
            self._given[own_id] = found
            self._taken.add(found)
        return self._given[own_id]

    def known(self, own_id: str | None) -> str | None:
        """The id given to `own_id` before; what was never given one is left as it is."""
        return None if own_id is None else self._given.get(own_id, own_id)

    def _made(self, event: str, ordinal: int) -> str:
        return uuid.uuid5(_IDS, f"{self._root}/{event}/{ordinal}").hex


class Findings:
    """Takes what the engine says and keeps it; a `pipeline.report.ReportSink`.

    Args:
        root: names video and settings; the ids of the reports follow from it.
    """

    def __init__(self, root: str) -> None:
        self._ids = StableIds(root)
        self._began_at: datetime | None = None
        self.revisions: list[Report] = []
        self.camera_events: list[CameraEvent] = []
        self.notices: list[str] = []
        self.zone_events: list[ZoneEvent] = []
        self._reports: dict[str, Report] = {}
        self._standing: dict[str, StandingVehicle] = {}
        self._left_s: dict[str, float] = {}
        self._parked: dict[tuple[str, str, float], ParkedInterval] = {}

    @property
    def reports(self) -> tuple[Report, ...]:
        """The last revision of every report."""
        return tuple(self._reports.values())

    def offer(self, item: Report | CameraEvent) -> None:
        if isinstance(item, CameraEvent):
            event = f"{item.condition.value}/{self._second(item.at)}"
            self.camera_events.append(replace(item, id=self._ids.of(item.id, event)))
            return
        stable = self._ids.of(item.id, f"{item.zone}/{self._second(item.arrived_at)}")
        report = replace(item, id=stable, duplicate_of=self._ids.known(item.duplicate_of))
        self._reports[stable] = report
        self.revisions.append(report)

    def begin(self, at: datetime) -> None:
        """Know when the video was filmed: events are named by their second within it."""
        self._began_at = at

    def notice(self, notice: SourceNotice) -> None:
        """Keep what the source said of itself."""
        if not notice.repeated:
            self.notices.append(f"{notice.kind}: {notice.text}")

    def step(self, step: WatchStep) -> None:
        """Keep what one frame led to."""
        for vehicle in step.standing:
            self._standing[vehicle.id] = vehicle
        for departure in step.departed:
            self._standing[departure.vehicle.id] = departure.vehicle
            self._left_s[departure.vehicle.id] = departure.left_s
        for change in step.changes:
            self._change(change)

    def halts(self) -> tuple[Halt, ...]:
        """Every standing vehicle, by arrival."""
        found = (
            Halt(
                vehicle_id=vehicle.id,
                label=vehicle.label,
                score=vehicle.score,
                box=vehicle.box,
                from_s=vehicle.arrived_s,
                to_s=self._left_s.get(vehicle.id),
                since_start=vehicle.since_start,
            )
            for vehicle in self._standing.values()
        )
        return tuple(sorted(found, key=lambda halt: (halt.from_s, halt.vehicle_id)))

    def parked(self) -> tuple[ParkedInterval, ...]:
        """The time of every vehicle in every zone in which it was confirmed parked, by arrival."""
        found = (one for one in self._parked.values() if one.parked_s is not None)
        return tuple(sorted(found, key=lambda one: (one.from_s, one.zone, one.track)))

    def _second(self, at: datetime) -> int:
        began_at = at if self._began_at is None else self._began_at
        return round((at - began_at).total_seconds())

    def _change(self, change: DwellChange) -> None:
        vehicle = change.vehicle
        self.zone_events.append(
            ZoneEvent(
                state=change.state,
                zone=change.zone,
                track=vehicle.id,
                label=vehicle.label,
                score=vehicle.score,
                box=vehicle.box,
                at_s=change.at_s,
                at=change.at,
            )
        )
        key = (vehicle.id, change.zone, change.since_s)
        before = self._parked.get(key)
        self._parked[key] = ParkedInterval(
            zone=change.zone,
            track=vehicle.id,
            label=vehicle.label,
            score=vehicle.score,
            box=vehicle.box,
            from_s=change.since_s,
            to_s=change.at_s if change.state is DwellState.DEPARTED else None,
            parked_s=_first(before.parked_s if before else None, change, DwellState.PARKED),
            violating_s=_first(before.violating_s if before else None, change, DwellState.VIOLATING),
            since_start=vehicle.since_start,
        )


def _first(known_s: float | None, change: DwellChange, state: DwellState) -> float | None:
    return change.at_s if known_s is None and change.state is state else known_s
