"""From arrival to departure: what counts as dwell, and what ends it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.detection import ObjectClass
from pipeline.dwell import MISSING_S
from pipeline.dwell_state import DwellEnd, DwellState
from pipeline.geometry import Box
from pipeline.standing import Departure, DepartureReason
from tests.pipeline.dwell_rig import (
    ARRIVED,
    DEPARTED,
    INSIDE,
    OUTSIDE,
    PARKED,
    START,
    VIOLATING,
    Watch,
    leaving,
    vehicle,
    zone,
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
