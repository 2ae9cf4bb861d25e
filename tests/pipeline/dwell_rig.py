"""A timer of dwell, driven by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pipeline.detection import ObjectClass
from pipeline.dwell import DwellTimer
from pipeline.dwell_state import DwellChange, DwellEnd, DwellState
from pipeline.geometry import Box, Point, Polygon, Size
from pipeline.schedule import ALWAYS, WeeklySchedule
from pipeline.standing import Departure, DepartureReason, StandingVehicle
from pipeline.zone import Zone, ZoneKind

START = datetime(2026, 6, 3, 3, 0, tzinfo=UTC)  # noon in Seoul, a Wednesday


FRAME = Size(width=1000, height=1000)


INSIDE = Box(x1=100, y1=300, x2=300, y2=400)


OUTSIDE = Box(x1=700, y1=300, x2=900, y2=400)


LEFT_HALF = Polygon(points=(Point(x=0, y=0), Point(x=0.5, y=0), Point(x=0.5, y=1), Point(x=0, y=1)))


ARRIVED, PARKED, VIOLATING, DEPARTED = DwellState


def zone(
    name: str = "kerb",
    dwell_s: float = 60.0,
    confirm_s: float = 5.0,
    schedule: WeeklySchedule = ALWAYS,
    classes: frozenset[ObjectClass] | None = None,
) -> Zone:
    made = Zone(
        name=name,
        kind=ZoneKind.NO_PARKING,
        polygon=LEFT_HALF,
        dwell_s=dwell_s,
        photo_gap_s=60.0,
        confirm_s=confirm_s,
        schedule=schedule,
    )
    return made if classes is None else replace(made, classes=classes)


def vehicle(
    now_s: float,
    *,
    arrived_s: float = 10.0,
    box: Box = INSIDE,
    seen_s: float | None = None,
    name: str = "v1",
    label: ObjectClass = ObjectClass.CAR,
    start: datetime = START,
) -> StandingVehicle:
    return StandingVehicle(
        id=name,
        box=box,
        label=label,
        score=0.8,
        arrived_s=arrived_s,
        arrived_at=start + timedelta(seconds=arrived_s),
        since_start=False,
        confirmed_s=arrived_s + 3.0,
        last_seen_s=now_s if seen_s is None else seen_s,
        visible=True,
    )


class Watch:
    """Drives a timer and keeps what it says as (state, seconds, end)."""

    def __init__(self, *zones: Zone, start: datetime = START) -> None:
        self.timer = DwellTimer(zones)
        self.start = start
        self.said: list[tuple[DwellState, float, DwellEnd | None]] = []
        self.changes: list[DwellChange] = []

    def frame(self, at_s: float, *standing: StandingVehicle, gone: Departure | None = None) -> None:
        departed = () if gone is None else (gone,)
        taken_at = self.start + timedelta(seconds=at_s)
        changes = self.timer.update(at_s, taken_at, standing, departed, FRAME)
        self.changes += changes
        self.said += [(c.state, c.at_s, c.end) for c in changes]

    def stands(self, from_s: int, to_s: int, step_s: int = 1, **how: object) -> None:
        for at_s in range(from_s, to_s + 1, step_s):
            self.frame(at_s, vehicle(at_s, **how))  # type: ignore[arg-type]


def leaving(at_s: float, reason: DepartureReason = DepartureReason.LEFT) -> Departure:
    return Departure(
        vehicle=vehicle(at_s), left_s=at_s, left_at=START + timedelta(seconds=at_s), reason=reason
    )
