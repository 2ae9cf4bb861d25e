"""Figures over reports, the same from SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from pipeline.errors import InvalidValueError
from pipeline.report import CameraCondition
from storage.camera_health import CameraHealthHistory
from storage.report_statistics import DWELL_EDGES_MIN, Period, ReportStatistics
from storage.report_store import SqlReportStore
from storage.reviews import Review, ReviewStep, SqlReviews
from tests.reports import camera_event, duplicate, final, hex_id, rejected, temporary

SEOUL = ZoneInfo("Asia/Seoul")
KATHMANDU = ZoneInfo("Asia/Kathmandu")  # Three quarters of an hour beside the full one.
# 01:30 in Seoul, on the next day.
LATE = datetime(2026, 3, 1, 16, 30, tzinfo=UTC)
WEEK = Period(since=LATE - timedelta(days=2), until=LATE + timedelta(days=1))


def parked(name: str, at: datetime, minutes: float = 3, **changes: object) -> object:
    """A final report of a vehicle that stood for `minutes`."""
    return replace(
        final(name, revision=1),
        arrived_at=at - timedelta(seconds=30),
        parked_at=at,
        departed_at=at - timedelta(seconds=30) + timedelta(minutes=minutes),
        **changes,  # type: ignore[arg-type]
    )


def keep(engine: Engine, *reports: object) -> None:
    store = SqlReportStore(engine)
    for report in reports:
        store.apply(report, at=LATE, by="w1")  # type: ignore[arg-type]


def test_hours_and_days_are_those_of_the_time_zone(engine: Engine) -> None:
    keep(engine, parked("a", LATE), parked("b", LATE + timedelta(minutes=14)), temporary("t", parked_at=LATE))
    figures = ReportStatistics(engine).of(WEEK, SEOUL)
    assert figures.by_hour[1] == figures.reports == 2
    assert figures.by_day[date(2026, 3, 2)] == 2
    assert len(figures.by_day) == 4
    assert ReportStatistics(engine).of(WEEK, KATHMANDU).by_hour[22] == 2


def test_only_the_period_and_the_cameras_asked_for_count(engine: Engine) -> None:
    yard = parked("y", LATE, camera="yard", zone="door")
    keep(engine, parked("a", LATE), yard, parked("early", WEEK.since - timedelta(seconds=1)))
    figures = ReportStatistics(engine).of(replace(WEEK, cameras=frozenset({"yard"})), SEOUL)
    assert [(zone.camera, zone.zone, zone.reports) for zone in figures.zones] == [("yard", "door", 1)]
    assert ReportStatistics(engine).of(WEEK, SEOUL).reports == 2
    assert ReportStatistics(engine).of(replace(WEEK, cameras=frozenset()), SEOUL).reports == 0


def test_dwell_falls_below_the_first_edge_that_it_does_not_reach(engine: Engine) -> None:
    minutes = (0.75, 1, 1.9, 7, 119, 120, 5000)
    keep(engine, *(parked(str(number), LATE, value) for number, value in enumerate(minutes)))
    dwell = ReportStatistics(engine).of(WEEK, SEOUL).dwell
    assert len(dwell) == len(DWELL_EDGES_MIN) + 1
    assert dwell == (1, 2, 0, 1, 0, 0, 0, 1, 2)


def test_rates_come_from_plates_and_reviews(engine: Engine) -> None:
    unread = replace(final().plate, accepted=False)
    keep(
        engine, *(parked(name, LATE) for name in "abc"), parked("d", LATE, plate=unread, unread_allowed=True)
    )
    keep(engine, rejected("r", revision=1, parked_at=LATE), duplicate("x", "a", parked_at=LATE))
    figures = ReportStatistics(engine).of(WEEK, SEOUL)
    assert figures.plate_read_rate == 0.75
    assert figures.false_rate is None
    assert sum(figures.rejections.values()) == 1
    steps = {"a": ReviewStep.CONFIRMED, "b": ReviewStep.REJECTED, "c": ReviewStep.CONFIRMED}
    for name, step in steps.items():
        SqlReviews(engine).add(Review(report_id=hex_id(name), step=step, reason="why", by="anna", at=LATE))
    figures = ReportStatistics(engine).of(WEEK, SEOUL)
    assert figures.false_rate == pytest.approx(1 / 3)
    assert figures.verdicts == {"confirmed": 2, "rejected": 1, "merged": 0, "open": 1}


def test_nothing_at_all(engine: Engine) -> None:
    figures = ReportStatistics(engine).of(WEEK, SEOUL)
    assert (figures.reports, figures.plate_read_rate, figures.false_rate) == (0, None, None)
    with pytest.raises(InvalidValueError, match="ends after"):
        Period(since=LATE, until=LATE)


def test_a_cameras_health_adds_up_to_the_period(engine: Engine) -> None:
    store = SqlReportStore(engine)
    day = timedelta(days=1)
    told = (
        ("before", CameraCondition.DARK, WEEK.since - day),
        ("back", CameraCondition.OK, WEEK.since + day),
        ("moved", CameraCondition.MOVED, WEEK.since + 2 * day),
        ("again", CameraCondition.MOVED, WEEK.since + 2.5 * day),
        ("later", CameraCondition.OK, WEEK.until + day),
    )
    for name, condition, at in told:
        store.apply_camera_event(replace(camera_event(name), condition=condition, at=at))
    gate, yard = CameraHealthHistory(engine).of(WEEK, ("gate", "yard"))
    assert gate.changes == 2
    assert gate.shares == pytest.approx(
        {CameraCondition.DARK: 1 / 3, CameraCondition.OK: 1 / 3, CameraCondition.MOVED: 1 / 3}
    )
    assert (yard.changes, yard.shares) == (0, {CameraCondition.OK: 1.0})
