"""The statistics as tables of plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from pipeline.report import CameraCondition
from storage.camera_health import CameraHealth
from storage.report_statistics import DWELL_EDGES_MIN, ReportFigures


class TableName(StrEnum):
    """What there is a table of."""

    HOURS = "hours"
    DAYS = "days"
    ZONES = "zones"
    DWELL = "dwell"
    REJECTIONS = "rejections"
    REVIEWS = "reviews"
    CAMERAS = "cameras"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A header and rows of the same length."""

    header: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


def dwell_labels() -> tuple[str, ...]:
    """Minutes from edge to edge: `<1`, `1-2`, ..., `120+`."""
    between = (f"{low}-{high}" for low, high in pairwise(DWELL_EDGES_MIN))
    return (f"<{DWELL_EDGES_MIN[0]}", *between, f"{DWELL_EDGES_MIN[-1]}+")


def _hours(figures: ReportFigures, _health: tuple[CameraHealth, ...]) -> Table:
    return Table(header=("hour", "reports"), rows=tuple(enumerate(figures.by_hour)))


def _days(figures: ReportFigures, _health: tuple[CameraHealth, ...]) -> Table:
    rows = tuple((day.isoformat(), count) for day, count in figures.by_day.items())
    return Table(header=("day", "reports"), rows=rows)


def _zones(figures: ReportFigures, _health: tuple[CameraHealth, ...]) -> Table:
    rows = tuple((zone.camera, zone.zone, zone.reports, zone.plates_read) for zone in figures.zones)
    return Table(header=("camera", "zone", "reports", "plates_read"), rows=rows)


def _dwell(figures: ReportFigures, _health: tuple[CameraHealth, ...]) -> Table:
    rows = tuple(zip(dwell_labels(), figures.dwell, strict=True))
    return Table(header=("minutes", "reports"), rows=rows)


def _rejections(figures: ReportFigures, _health: tuple[CameraHealth, ...]) -> Table:
    return Table(header=("reason", "reports"), rows=tuple(figures.rejections.items()))


def _reviews(figures: ReportFigures, _health: tuple[CameraHealth, ...]) -> Table:
    return Table(header=("review", "reports"), rows=tuple(figures.verdicts.items()))


def _cameras(_figures: ReportFigures, health: tuple[CameraHealth, ...]) -> Table:
    names = tuple(condition.value for condition in CameraCondition)
    rows = tuple(
        (
            one.camera,
            *(round(one.shares.get(condition, 0.0), 6) for condition in CameraCondition),
            one.changes,
        )
        for one in health
    )
    return Table(header=("camera", *names, "changes"), rows=rows)


TABLES: Mapping[TableName, Callable[[ReportFigures, tuple[CameraHealth, ...]], Table]] = {
    TableName.HOURS: _hours,
    TableName.DAYS: _days,
    TableName.ZONES: _zones,
    TableName.DWELL: _dwell,
    TableName.REJECTIONS: _rejections,
    TableName.REVIEWS: _reviews,
    TableName.CAMERAS: _cameras,
}
