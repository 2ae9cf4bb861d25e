from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from pipeline.detection import ObjectClass
from pipeline.dwell import MISSING_S, DwellTimer
from pipeline.dwell_state import DwellChange, DwellEnd, DwellSnapshot, DwellState
from pipeline.geometry import Box, Point, Polygon, Size
from pipeline.schedule import ALWAYS, DailyHours, WeeklySchedule
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


def test_the_four_states_of_a_vehicle_that_stays_too_long() -> None:
    watch = Watch(zone())
    watch.stands(13, 120)
    watch.frame(121, gone=leaving(120.5))
    assert watch.said == [
        (ARRIVED, 13, None),
        (PARKED, 15, None),
        (VIOLATING, 70, None),
        (DEPARTED, 120.5, DwellEnd.VEHICLE_LEFT),
    ]
    assert [c.violated for c in watch.changes] == [False, False, True, True]
    assert {c.since_s for c in watch.changes} == {10.0}
    assert watch.timer.cases() == ()


def test_a_vehicle_that_leaves_in_time_never_violates() -> None:
    watch = Watch(zone())
    watch.stands(13, 69)
    watch.frame(70, gone=leaving(69.0))
    assert [s for s, _, _ in watch.said] == [ARRIVED, PARKED, DEPARTED]
    assert not watch.changes[-1].violated


@pytest.mark.parametrize(
    ("reason", "end"),
    [
        (DepartureReason.REPLACED, DwellEnd.VEHICLE_REPLACED),
        (DepartureReason.MOVED, DwellEnd.VEHICLE_MOVED),
        (DepartureReason.LOST, DwellEnd.VEHICLE_LOST),
    ],
)
def test_the_departure_says_why(reason: DepartureReason, end: DwellEnd) -> None:
    watch = Watch(zone())
    watch.stands(13, 20)
    watch.frame(21, gone=leaving(20.0, reason))
    assert watch.said[-1] == (DEPARTED, 20.0, end)


def test_a_vehicle_outside_every_zone_is_not_counted() -> None:
    watch = Watch(zone())
    watch.stands(13, 120, box=OUTSIDE)
    assert watch.said == []


def test_each_zone_counts_for_itself() -> None:
    watch = Watch(zone("short", dwell_s=20), zone("long", dwell_s=40))
    watch.stands(13, 60)
    violations = [(c.zone, c.at_s) for c in watch.changes if c.state is VIOLATING]
    assert violations == [("short", 30), ("long", 50)]


def test_a_gap_in_the_stream_counts_when_the_vehicle_is_recognised_after_it() -> None:
    watch = Watch(zone())
    watch.stands(13, 30)
    watch.frame(300, vehicle(300, seen_s=30))
    assert watch.said[-1] == (PARKED, 15, None), "it is not known yet that the vehicle is still there"
    watch.frame(301, vehicle(301))
    assert watch.said[-1] == (VIOLATING, 301, None)


def test_a_hidden_vehicle_does_not_advance_until_it_is_seen_again() -> None:
    watch = Watch(zone())
    watch.stands(13, 60)
    for at_s in range(61, 100):
        watch.frame(at_s, vehicle(at_s, seen_s=60))
    assert watch.said[-1][0] is PARKED
    watch.frame(100, vehicle(100))
    assert watch.said[-1] == (VIOLATING, 100, None)


def test_nothing_advances_while_suspended_and_only_what_is_seen_afterwards_does() -> None:
    watch = Watch(zone())
    watch.stands(13, 40)
    watch.timer.suspend()
    watch.stands(41, 100)
    watch.frame(101, gone=leaving(101.0))
    assert watch.said[-1] == (PARKED, 15, None)
    watch.timer.resume(102)
    watch.frame(102, vehicle(102, seen_s=101))
    assert watch.said[-1] == (PARKED, 15, None)
    watch.frame(103, vehicle(103))
    assert watch.said[-1] == (VIOLATING, 103, None)


def test_a_vehicle_that_is_absent_after_a_suspension_ends_as_lost() -> None:
    watch = Watch(zone())
    watch.stands(13, 40)
    watch.timer.suspend()
    watch.timer.resume(500)
    watch.frame(500)
    assert watch.said[-1] == (PARKED, 15, None), "the memory of vehicles gets some seconds to find it"
    watch.frame(500 + MISSING_S + 1)
    assert watch.said[-1] == (DEPARTED, 40, DwellEnd.VEHICLE_LOST)


def test_a_short_absence_without_a_departure_ends_nothing() -> None:
    watch = Watch(zone())
    watch.stands(13, 40)
    watch.frame(41)
    watch.frame(45)
    watch.stands(46, 80)
    assert [s for s, _, _ in watch.said] == [ARRIVED, PARKED, VIOLATING]


def test_a_changed_class_goes_on_and_a_class_not_meant_is_left_alone() -> None:
    buses = zone("bus", classes=frozenset({ObjectClass.BUS}))
    cars = zone("cars", classes=frozenset({ObjectClass.CAR}))
    watch = Watch(buses, cars)
    watch.stands(13, 40)
    watch.stands(41, 80, label=ObjectClass.TRUCK)
    assert [(c.zone, c.state) for c in watch.changes] == [
        ("cars", ARRIVED),
        ("cars", PARKED),
        ("cars", VIOLATING),
    ]


def test_jitter_at_the_border_of_a_zone_does_not_end_a_case() -> None:
    just_in, just_out = Box(x1=400, y1=300, x2=598, y2=400), Box(x1=404, y1=300, x2=604, y2=400)
    watch = Watch(zone())
    for at_s in range(13, 80):
        watch.frame(at_s, vehicle(at_s, box=just_out if at_s % 2 else just_in))
    assert [s for s, _, _ in watch.said] == [ARRIVED, PARKED, VIOLATING]


def test_a_place_that_turns_out_to_be_outside_ends_the_case() -> None:
    watch = Watch(zone())
    watch.stands(13, 30)
    watch.stands(31, 100, box=OUTSIDE)
    assert watch.said[-1] == (DEPARTED, 31, DwellEnd.LEFT_ZONE)


def test_a_halt_violates_once_even_when_its_vehicle_is_lost_and_found() -> None:
    watch = Watch(zone())
    watch.stands(13, 80)
    watch.frame(81)
    watch.frame(120)
    watch.stands(121, 300)
    assert [s for s, _, _ in watch.said] == [ARRIVED, PARKED, VIOLATING, DEPARTED]


SEOUL = ZoneInfo("Asia/Seoul")


def daily(begins: time, ends: time) -> WeeklySchedule:
    return WeeklySchedule(
        hours=((DailyHours(begins=begins, ends=ends),),) * 7, holidays=frozenset(), time_zone=SEOUL
    )


def test_a_vehicle_parked_before_the_hours_begins_to_count_with_them() -> None:
    watch = Watch(zone(schedule=daily(time(12, 10), time(13, 0))))
    watch.stands(13, 800)
    assert watch.said == [(ARRIVED, 600, None), (PARKED, 605, None), (VIOLATING, 660, None)]
    assert {c.since_s for c in watch.changes} == {600.0}


def test_the_end_of_the_hours_ends_what_has_not_violated() -> None:
    watch = Watch(zone(schedule=daily(time(8), time(12, 1))))
    watch.stands(13, 200)
    assert watch.said == [
        (ARRIVED, 13, None),
        (PARKED, 15, None),
        (DEPARTED, 60, DwellEnd.HOURS_ENDED),
    ]


def test_a_violation_outlives_the_hours_and_is_not_repeated_the_next_day() -> None:
    watch = Watch(zone(schedule=daily(time(8), time(12, 2))))
    watch.stands(13, 2 * 86_400, step_s=7)
    watch.frame(2 * 86_400 + 1, gone=leaving(2 * 86_400))
    assert [s for s, _, _ in watch.said] == [ARRIVED, PARKED, VIOLATING, DEPARTED]


def test_a_night_without_pictures_does_not_count_as_dwell() -> None:
    watch = Watch(zone(dwell_s=300, schedule=daily(time(8), time(12, 1))))
    watch.stands(13, 50)
    next_morning = 20 * 3600 + 60  # 08:01 in Seoul
    watch.frame(next_morning, vehicle(next_morning))
    assert watch.said[-3:] == [
        (DEPARTED, next_morning, DwellEnd.HOURS_ENDED),
        (ARRIVED, next_morning, None),
        (PARKED, next_morning, None),
    ]
    assert watch.changes[-1].since_s == pytest.approx(20 * 3600)


def restarted(watch: Watch, after_s: float, *zones: Zone) -> tuple[Watch, tuple[DwellChange, ...]]:
    """A timer of a new run whose media time begins at 0, `after_s` after the last frame, via JSON."""
    adapter = TypeAdapter(DwellSnapshot)
    state = adapter.validate_json(adapter.dump_json(watch.timer.snapshot()))
    assert state.taken_at is not None
    begin = state.taken_at + timedelta(seconds=after_s)
    again = Watch(*zones, start=begin)
    return again, again.timer.restore(state, 0.0, begin)


def test_a_restart_bridges_by_the_wall_clock_and_reports_nothing_twice() -> None:
    watch = Watch(zone(dwell_s=60))
    watch.stands(13, 40)
    again, dropped = restarted(watch, 15.0, zone(dwell_s=60))
    assert dropped == ()
    for at_s in range(30):
        again.frame(at_s, vehicle(at_s, arrived_s=10 - 55, start=again.start))
    assert again.said == [(VIOLATING, 15, None)]
    assert again.changes[0].since_s == pytest.approx(-45)


def test_a_violation_before_a_restart_is_not_reported_again() -> None:
    watch = Watch(zone())
    watch.stands(13, 100)
    again, _ = restarted(watch, 15.0, zone())
    for at_s in range(300):
        again.frame(at_s, vehicle(at_s, arrived_s=10 - 115, start=again.start))
    assert again.said == []
    again.frame(301, gone=leaving(300))
    assert [s for s, _, _ in again.said] == [DEPARTED]


def test_a_vehicle_forgotten_in_the_restart_ends_as_lost_and_a_removed_zone_says_so() -> None:
    watch = Watch(zone("kept"), zone("removed"))
    watch.stands(13, 40)
    again, dropped = restarted(watch, 15.0, zone("kept"))
    assert [(c.zone, c.end) for c in dropped] == [("removed", DwellEnd.ZONE_REMOVED)]
    again.frame(0)
    assert again.said == []
    again.frame(MISSING_S + 1)
    assert again.said == [(DEPARTED, -15, DwellEnd.VEHICLE_LOST)]


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["seen", "hidden", "outside", "absent", "gone"]), st.integers(1, 30)),
        max_size=40,
    ),
    dwell_s=st.integers(10, 100),
)
def test_states_only_go_forward_and_a_violation_needs_the_whole_dwell(
    steps: list[tuple[str, int]], dwell_s: int
) -> None:
    watch = Watch(zone(dwell_s=dwell_s))
    at_s, seen_s, name, arrived_s = 13, 13, 0, 10
    for kind, wait_s in steps:
        at_s += wait_s
        if kind == "gone":
            end = Departure(
                vehicle=vehicle(at_s, arrived_s=arrived_s, name=str(name)),
                left_s=at_s,
                left_at=START + timedelta(seconds=at_s),
                reason=DepartureReason.LEFT,
            )
            watch.frame(at_s, gone=end)
            name, arrived_s, seen_s = name + 1, at_s, at_s
            continue
        if kind == "absent":
            watch.frame(at_s)
            continue
        seen_s = seen_s if kind == "hidden" else at_s
        box = OUTSIDE if kind == "outside" else INSIDE
        watch.frame(at_s, vehicle(at_s, arrived_s=arrived_s, box=box, seen_s=seen_s, name=str(name)))
    order = list(DwellState)
    live: dict[str, DwellState] = {}
    violated: set[str] = set()
    for change in watch.changes:
        before = live.get(change.vehicle.id)
        if change.state is ARRIVED:
            assert before is None
        else:
            assert before is not None
            assert order.index(change.state) == order.index(before) + 1 or change.state is DEPARTED
        if change.state is VIOLATING:
            assert change.stood_s >= dwell_s
            assert change.at_s - change.vehicle.last_seen_s <= 2.5
            assert change.vehicle.id not in violated
            violated.add(change.vehicle.id)
        live[change.vehicle.id] = change.state
        if change.state is DEPARTED:
            del live[change.vehicle.id]
    assert len(watch.timer.cases()) == len(live)
