"""Figures over the reports of a period: when, where, how long, how well read, how often wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, Engine, Float, case, cast, extract, func
from sqlmodel import Session, col, select

from pipeline.errors import InvalidValueError
from pipeline.report import ReportState
from storage.reviews import ReviewStep
from storage.tables import ReportRow
from storage.transactions import reading

# Every time zone's offset is a multiple of it (IANA tz database), so hours and days can be told from it.
_BUCKET_S = 900
DWELL_EDGES_MIN = (1, 2, 5, 10, 20, 30, 60, 120)
_OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Which reports: confirmed in [since, until), aware UTC, of `cameras` (None is all)."""

    since: datetime
    until: datetime
    cameras: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if not self.since < self.until:
            raise InvalidValueError(f"expected a period that ends after {self.since}, got {self.until}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneCount:
    """Final reports of one zone, and those of them whose plate was read."""

    camera: str
    zone: str
    reports: int
    plates_read: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFigures:
    """What a period held, of the reports that are kept: an expired one counts nowhere, nor its reviews.

    Final reports are kept equally long whatever people said of them, so that shares of them stay true;
    rejections by the rules may be kept for less time.

    Attributes:
        by_hour: final reports by local hour of the day, 24 of them.
        by_day: final reports by local date, every day of the period.
        zones: by zone, most first.
        dwell: final reports by how long the vehicle stood: below each edge of `DWELL_EDGES_MIN`, and longer.
        rejections: by reason, what the rules rejected.
        verdicts: final reports by what people said: confirmed, rejected, merged, open.
    """

    by_hour: tuple[int, ...]
    by_day: Mapping[date, int]
    zones: tuple[ZoneCount, ...]
    dwell: tuple[int, ...]
    rejections: Mapping[str, int]
    verdicts: Mapping[str, int]

    @property
    def reports(self) -> int:
        """Final reports in all."""
        return sum(self.by_hour)

    @property
    def plate_read_rate(self) -> float | None:
        """Share of the final reports whose plate was read, 0-1; None without a report."""
        return sum(zone.plates_read for zone in self.zones) / self.reports if self.reports else None

    @property
    def false_rate(self) -> float | None:
        """Share of the reviewed reports that people rejected or merged, 0-1; None without a review.

        Of the reports that are kept: `retention` deletes reviews with their report.
        """
        wrong = self.verdicts[ReviewStep.REJECTED.value] + self.verdicts[ReviewStep.MERGED.value]
        reviewed = wrong + self.verdicts[ReviewStep.CONFIRMED.value]
        return wrong / reviewed if reviewed else None


class ReportStatistics:
    """Counts by the database; raises as `storage.ports.ReportStore` does. Threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, period: Period, time_zone: ZoneInfo) -> ReportFigures:
        """The figures of a period; hours and days are those of `time_zone`."""
        with reading(self._engine) as session:
            by_hour, by_day = _by_time(session, period, time_zone)
            return ReportFigures(
                by_hour=by_hour,
                by_day=by_day,
                zones=_by_zone(session, period),
                dwell=_dwell(session, period),
                rejections=_rejections(session, period),
                verdicts=_verdicts(session, period),
            )


def _within(period: Period, state: ReportState) -> list[ColumnElement[bool]]:
    conditions = [
        col(ReportRow.parked_at) >= period.since,
        col(ReportRow.parked_at) < period.until,
        col(ReportRow.judged_state) == state.value,
    ]
    if period.cameras is not None:
        conditions.append(col(ReportRow.camera).in_(sorted(period.cameras)))
    return conditions


def _by_time(
    session: Session, period: Period, time_zone: ZoneInfo
) -> tuple[tuple[int, ...], Mapping[date, int]]:
    bucket = cast(func.floor(_epoch(session, ReportRow.parked_at) / _BUCKET_S), BigInteger).label("bucket")
    query = select(bucket, func.count()).where(*_within(period, ReportState.FINAL)).group_by(bucket)
    hours: Counter[int] = Counter()
    days: Counter[date] = Counter()
    for number, count in session.exec(query):
        local = datetime.fromtimestamp(number * _BUCKET_S, UTC).astimezone(time_zone)
        hours[local.hour] += count
        days[local.date()] += count
    first = period.since.astimezone(time_zone).date()
    last = (period.until - timedelta(microseconds=1)).astimezone(time_zone).date()
    all_days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return tuple(hours[hour] for hour in range(24)), {day: days[day] for day in all_days}


def _by_zone(session: Session, period: Period) -> tuple[ZoneCount, ...]:
    read = func.sum(case((col(ReportRow.plate_accepted), 1), else_=0))
    query = (
        select(ReportRow.camera, ReportRow.zone, func.count(), read)
        .where(*_within(period, ReportState.FINAL))
        .group_by(col(ReportRow.camera), col(ReportRow.zone))
    )
    found = (
        ZoneCount(camera=camera, zone=zone, reports=count, plates_read=plates)
        for camera, zone, count, plates in session.exec(query)
    )
    return tuple(sorted(found, key=lambda zone: (-zone.reports, zone.camera, zone.zone)))


def _dwell(session: Session, period: Period) -> tuple[int, ...]:
    left = func.coalesce(col(ReportRow.departed_at), col(ReportRow.last_seen_at))
    stood_s = _epoch(session, left) - _epoch(session, ReportRow.arrived_at)
    edges = [(stood_s < edge * 60, number) for number, edge in enumerate(DWELL_EDGES_MIN)]
    step = case(*edges, else_=len(DWELL_EDGES_MIN)).label("step")
    query = select(step, func.count()).where(*_within(period, ReportState.FINAL)).group_by(step)
    counts = dict(session.exec(query).all())
    return tuple(counts.get(number, 0) for number in range(len(DWELL_EDGES_MIN) + 1))


def _rejections(session: Session, period: Period) -> Mapping[str, int]:
    query = (
        select(ReportRow.rejection, func.count())
        .where(*_within(period, ReportState.REJECTED))
        .group_by(col(ReportRow.rejection))
        .order_by(func.count().desc())
    )
    return {reason: count for reason, count in session.exec(query) if reason is not None}


def _verdicts(session: Session, period: Period) -> Mapping[str, int]:
    verdict = func.coalesce(col(ReportRow.verdict), _OPEN).label("verdict_said")
    query = select(verdict, func.count()).where(*_within(period, ReportState.FINAL)).group_by(verdict)
    counts = dict(session.exec(query).all())
    known = (ReviewStep.CONFIRMED.value, ReviewStep.REJECTED.value, ReviewStep.MERGED.value, _OPEN)
    return {name: counts.get(name, 0) for name in known}


def _epoch(session: Session, moment: Any) -> ColumnElement[float]:
    """Unix seconds of a time, as the database computes them."""
    if session.get_bind().dialect.name == "sqlite":
        return cast(func.strftime("%s", moment), BigInteger)
    return cast(extract("epoch", moment), Float)
