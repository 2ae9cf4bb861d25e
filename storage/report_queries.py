"""The selections of the report store, apart from its transactions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Subquery, func, true
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from pipeline.report import ReportState
from storage.ports import ReportFilter
from storage.tables import ReportRow, TombstoneRow

_NO_ACCUSATION = (ReportState.DUPLICATE.value, ReportState.REJECTED.value)


def matching(wanted: ReportFilter) -> list[ColumnElement[bool]]:
    """The conditions of a filter."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.states:
        conditions.append(col(ReportRow.state).in_(sorted(state.value for state in wanted.states)))
    if wanted.camera is not None:
        conditions.append(col(ReportRow.camera) == wanted.camera)
    if wanted.zone is not None:
        conditions.append(col(ReportRow.zone) == wanted.zone)
    if wanted.plate is not None:
        conditions.append(col(ReportRow.plate_text).icontains(wanted.plate, autoescape=True))
    if wanted.since is not None:
        conditions.append(col(ReportRow.parked_at) >= wanted.since)
    if wanted.until is not None:
        conditions.append(col(ReportRow.parked_at) < wanted.until)
    return conditions


def listed(wanted: ReportFilter) -> SelectOfScalar[ReportRow]:
    """The reports of a filter, latest first; the id settles ties, so that pages do not overlap."""
    return (
        select(ReportRow)
        .where(*matching(wanted))
        .order_by(col(ReportRow.parked_at).desc(), col(ReportRow.id))
        .limit(wanted.limit)
        .offset(wanted.offset)
    )


def seen_at_place(*, camera: str, zone: str, since: datetime) -> SelectOfScalar[ReportRow]:
    """Accusations of a zone whose vehicle was seen at or after `since`, last seen first."""
    return (
        select(ReportRow)
        .where(
            col(ReportRow.camera) == camera,
            col(ReportRow.zone) == zone,
            col(ReportRow.last_seen_at) >= since,
            col(ReportRow.judged_state).not_in(_NO_ACCUSATION),
        )
        .order_by(col(ReportRow.last_seen_at).desc(), col(ReportRow.id))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """How many duplicates name a report, and when the last of them was seen (None: there are none)."""

    count: int
    last_seen_at: datetime | None


def repeats_of(session: Session, original: str) -> Repeats:
    """The repeats of a report, those that have expired included."""
    kept = _counted(ReportRow.own_last_seen_at, col(ReportRow.duplicate_of) == original)
    gone = _counted(TombstoneRow.last_seen_at, col(TombstoneRow.duplicate_of) == original)
    # One query for both: each is a round trip to PostgreSQL.
    both = select(kept.c.count, kept.c.last, gone.c.count, gone.c.last).select_from(kept.join(gone, true()))
    count, last, gone_count, gone_last = session.exec(both).one()
    return Repeats(count=count + gone_count, last_seen_at=max(filter(None, (last, gone_last)), default=None))


def _counted(seen: datetime, where: ColumnElement[bool]) -> Subquery:
    return select(func.count().label("count"), func.max(seen).label("last")).where(where).subquery()
