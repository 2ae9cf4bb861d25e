from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.schedule import ALWAYS, DailyHours, WeeklySchedule
from pipeline.zone_hours import applying_since

SEOUL = ZoneInfo("Asia/Seoul")
BERLIN = ZoneInfo("Europe/Berlin")
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def hours(*spans: tuple[int, int | None]) -> tuple[DailyHours, ...]:
    return tuple(DailyHours(begins=time(b), ends=None if e is None else time(e)) for b, e in spans)


def every_day(
    *spans: tuple[int, int | None], zone: ZoneInfo = SEOUL, holidays: frozenset[date] = frozenset()
) -> WeeklySchedule:
    return WeeklySchedule(hours=(hours(*spans),) * 7, holidays=holidays, time_zone=zone)


def at(day: int, hour: int, minute: int = 0, zone: ZoneInfo = SEOUL) -> datetime:
    return datetime(2026, 6, day, hour, minute, tzinfo=zone)


@pytest.mark.parametrize(
    ("schedule", "moment", "since"),
    [
        (every_day((8, 20)), at(3, 12), at(3, 8)),
        (every_day((8, 20)), at(3, 8), at(3, 8)),
        (every_day((8, 20)), at(3, 20), None),
        (every_day((8, 12), (12, 20)), at(3, 15), at(3, 8)),
        (every_day((8, 12), (13, 20)), at(3, 15), at(3, 13)),
        (every_day((0, 6), (22, None)), at(3, 2), at(2, 22)),
        (every_day((8, 20), (9, 10)), at(3, 15), at(3, 8)),
        (every_day((0, None), holidays=frozenset({date(2026, 6, 1)})), at(4, 5), at(2, 0)),
        (every_day((0, None), holidays=frozenset({date(2026, 6, 4)})), at(4, 5), None),
    ],
)
def test_applying_since(schedule: WeeklySchedule, moment: datetime, since: datetime | None) -> None:
    assert applying_since(schedule, moment, LONG_AGO) == since


def test_nothing_before_the_earliest_is_looked_at() -> None:
    assert applying_since(ALWAYS, at(3, 12), at(3, 11)) == at(3, 11)


def test_the_day_on_which_clocks_go_back_has_an_hour_more() -> None:
    schedule = every_day((0, 6), zone=BERLIN)
    moment = datetime(2026, 10, 25, 5, 0, tzinfo=BERLIN)
    since = applying_since(schedule, moment, LONG_AGO)
    assert since is not None
    assert moment.astimezone(UTC) - since == timedelta(hours=6)


spans = st.lists(st.tuples(st.integers(0, 22), st.integers(1, 23)), max_size=3).map(
    lambda pairs: tuple((b, max(b + 1, e)) for b, e in pairs)
)


@given(
    week=st.lists(spans, min_size=7, max_size=7),
    minute=st.integers(0, 14 * 24 * 60),
    back=st.integers(1, 6 * 24 * 60),
)
def test_it_applies_at_every_moment_since_and_not_just_before(
    week: list[tuple[tuple[int, int], ...]], minute: int, back: int
) -> None:
    schedule = WeeklySchedule(
        hours=tuple(hours(*day) for day in week), holidays=frozenset({date(2026, 6, 8)}), time_zone=BERLIN
    )
    moment = datetime(2026, 6, 1, tzinfo=UTC) + timedelta(minutes=minute)
    earliest = moment - timedelta(minutes=back)
    since = applying_since(schedule, moment, earliest)
    if since is None:
        assert not schedule.applies_at(moment)
        return
    assert earliest <= since <= moment
    step = timedelta(minutes=15)
    probe = since
    while probe <= moment:
        assert schedule.applies_at(probe)
        probe += step
    if since > earliest:
        assert not schedule.applies_at(since - timedelta(seconds=1))
