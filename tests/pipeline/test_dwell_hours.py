"""What the hours of a zone do to a dwell."""

from __future__ import annotations

from datetime import time
from zoneinfo import ZoneInfo

import pytest

from pipeline.dwell_state import DwellEnd
from pipeline.schedule import DailyHours, WeeklySchedule
from tests.pipeline.dwell_rig import (
    ARRIVED,
    DEPARTED,
    PARKED,
    VIOLATING,
    Watch,
    leaving,
    vehicle,
    zone,
)

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
