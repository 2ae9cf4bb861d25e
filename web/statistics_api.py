"""Statistics for programs: as JSON, and each table as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel

from storage.camera_health import CameraHealth
from storage.report_statistics import Period, ReportFigures
from web.known_query import known_query
from web.security import Caller, Right, require
from web.services import WebServices, services_of
from web.statistics_period import Asked, AskedPeriod, period_of
from web.statistics_tables import TABLES, Table, TableName, dwell_labels

router = APIRouter(prefix="/api/statistics", tags=["statistics"])

Viewer = Annotated[Caller, Depends(require(Right.VIEW))]
Services = Annotated[WebServices, Depends(services_of)]


class ZoneOut(BaseModel):
    """Final reports of a zone."""

    camera: str
    zone: str
    reports: int
    plates_read: int


class HealthOut(BaseModel):
    """Shares of the period's time by the camera's condition, 0-1."""

    camera: str
    shares: dict[str, float]
    changes: int


class StatisticsOut(BaseModel):
    """Final reports of a period; rates are 0-1, null where there is nothing to tell them from."""

    since: datetime
    until: datetime
    reports: int
    plate_read_rate: float | None
    false_rate: float | None
    by_hour: list[int]
    by_day: dict[date, int]
    zones: list[ZoneOut]
    dwell: dict[str, int]
    rejections: dict[str, int]
    verdicts: dict[str, int]
    cameras: list[HealthOut]


@router.get("", dependencies=[Depends(known_query)])
def statistics(caller: Viewer, services: Services, asked: Asked) -> StatisticsOut:
    """When and where vehicles were reported, for how long they stood, how many plates were read."""
    period, figures, health = figures_of(asked, caller, services)
    return StatisticsOut(
        since=period.since,
        until=period.until,
        reports=figures.reports,
        plate_read_rate=figures.plate_read_rate,
        false_rate=figures.false_rate,
        by_hour=list(figures.by_hour),
        by_day=dict(figures.by_day),
        zones=[
            ZoneOut(camera=zone.camera, zone=zone.zone, reports=zone.reports, plates_read=zone.plates_read)
            for zone in figures.zones
        ],
        dwell=dict(zip(dwell_labels(), figures.dwell, strict=True)),
        rejections=dict(figures.rejections),
        verdicts=dict(figures.verdicts),
        cameras=[
            HealthOut(
                camera=one.camera,
                shares={condition.value: share for condition, share in one.shares.items()},
                changes=one.changes,
            )
            for one in health
        ],
    )


@router.get(
    "/{name}.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}},
    dependencies=[Depends(known_query)],
)
def table(name: TableName, caller: Viewer, services: Services, asked: Asked) -> Response:
    """One table as CSV, UTF-8 with a header."""
    _period, figures, health = figures_of(asked, caller, services)
    return Response(
        _csv(TABLES[name](figures, health)),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="gotcha-{name.value}.csv"'},
    )


def figures_of(
    asked: AskedPeriod, caller: Caller, services: WebServices
) -> tuple[Period, ReportFigures, tuple[CameraHealth, ...]]:
    """The period of an address and its figures, for a page too."""
    settings = services.settings
    period = period_of(asked, caller, services.now(), settings.time_zone)
    cameras = (name for name in settings.cameras if period.cameras is None or name in period.cameras)
    return period, services.statistics.of(period, settings.time_zone), services.health.of(period, cameras)


def _csv(table: Table) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.header)
    writer.writerows(_safe(row) for row in table.rows)
    return text.getvalue()


def _safe(row: Iterable[object]) -> list[object]:
    # A spreadsheet runs what begins like a formula (OWASP, CSV injection); names are people's to choose.
    return [f"'{one}" if isinstance(one, str) and one[:1] in "=+-@\t\r" else one for one in row]
