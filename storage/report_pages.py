"""Lists of reports for people: a page at a time, as quick at a million reports as at ten."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Engine, and_, func, or_
from sqlmodel import Session, col, select

from pipeline.errors import InvalidValueError
from pipeline.report import ReportState
from storage.plate_search import plate_condition
from storage.reviews import ReviewStep
from storage.tables import ReportRow
from storage.transactions import reading

MAX_ROWS = 200
_COLUMNS = (
    *("id", "state", "verdict", "camera", "zone", "zone_kind", "label", "parked_at", "arrived_at"),
    *("departed_at", "last_seen_at", "plate_text", "plate_accepted", "plate_corrected", "score", "repeats"),
    *("rejection", "duplicate_of"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageKey:
    """Where a page ends: the next one begins after it. A report that is added meanwhile moves nothing."""

    parked_at: datetime
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportQuery:
    """Which reports; None or empty means any.

    Attributes:
        states: states of life.
        verdict: what people said; "open" is nothing yet.
        cameras: names; None is all, an empty set none.
        zone: a zone's name.
        plate: a plate, with `*` for any characters and `?` for one.
        since, until: bounds of `parked_at`, aware UTC; since is included, until is not.
        min_score: least detector score, 0-1.
    """

    states: frozenset[ReportState] = frozenset()
    verdict: str | None = None
    cameras: frozenset[str] | None = None
    zone: str | None = None
    plate: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    min_score: float | None = None

    def __post_init__(self) -> None:
        known = {"open", *(step.value for step in ReviewStep)}
        if self.verdict is not None and self.verdict not in known:
            raise InvalidValueError(f"expected a verdict of {', '.join(sorted(known))}, got {self.verdict!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedReport:
    """A report as lists show it; see `pipeline.report.Report` and `storage.tables.ReportRow`."""

    id: str
    state: str
    verdict: str | None
    camera: str
    zone: str
    zone_kind: str
    label: str
    parked_at: datetime
    arrived_at: datetime
    departed_at: datetime | None
    last_seen_at: datetime
    plate_text: str
    plate_accepted: bool
    plate_corrected: str | None
    score: float
    repeats: int
    rejection: str | None
    duplicate_of: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """Reports, latest first, and where the next page begins; None when this was the last."""

    reports: tuple[ListedReport, ...]
    next: PageKey | None


class ReportPages:
    """Pages of reports; raises as `storage.ports.ReportStore` does. Threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(self, wanted: ReportQuery, *, after: PageKey | None = None, rows: int = 50) -> ReportPage:
        """The first `rows` (1-200) reports that fit, after the end of the page before."""
        if not 1 <= rows <= MAX_ROWS:
            raise InvalidValueError(f"expected 1-{MAX_ROWS} rows, got {rows}")
        with reading(self._engine) as session:
            if wanted.cameras is None:
                found = _rows(session, wanted, after, rows + 1)
            else:
                # Camera by camera in the order of an index; together, the database would sort them all.
                each = (
                    _rows(session, replace(wanted, cameras=frozenset({name})), after, rows + 1)
                    for name in sorted(wanted.cameras)
                )
                found = list(
                    heapq.merge(*each, key=lambda report: (report.parked_at, report.id), reverse=True)
                )
        shown = tuple(found[:rows])
        more = len(found) > rows
        end = PageKey(parked_at=shown[-1].parked_at, id=shown[-1].id) if more else None
        return ReportPage(reports=shown, next=end)

    def count_up_to(self, wanted: ReportQuery, limit: int) -> int:
        """How many fit, `limit` (1-200) at most: a whole count of a million takes seconds."""
        page = self.page(wanted, rows=min(limit, MAX_ROWS))
        return len(page.reports)

    def beside(self, report_id: str, wanted: ReportQuery) -> tuple[str | None, str | None]:
        """The ids of the reports before (newer) and after (older) one in a list; None at its ends."""
        with reading(self._engine) as session:
            row = session.get(ReportRow, report_id)
            newer = None if row is None else _newer(session, wanted, row)
        if row is None:
            return None, None
        older = self.page(wanted, after=PageKey(parked_at=row.parked_at, id=row.id), rows=1).reports
        return newer, older[0].id if older else None


def _newer(session: Session, wanted: ReportQuery, row: ReportRow) -> str | None:
    conditions = _conditions(session, wanted)
    if wanted.cameras is not None:
        conditions.append(col(ReportRow.camera).in_(sorted(wanted.cameras)))
    later = or_(
        col(ReportRow.parked_at) > row.parked_at,
        and_(col(ReportRow.parked_at) == row.parked_at, col(ReportRow.id) > row.id),
    )
    query = (
        select(ReportRow.id)
        .where(*conditions, col(ReportRow.parked_at) >= row.parked_at, later)
        .order_by(col(ReportRow.parked_at), col(ReportRow.id))
        .limit(1)
    )
    return session.exec(query).first()


def _rows(session: Session, wanted: ReportQuery, after: PageKey | None, limit: int) -> list[ListedReport]:
    conditions = _conditions(session, wanted)
    if wanted.cameras is not None:
        (camera,) = wanted.cameras
        conditions.append(col(ReportRow.camera) == camera)
    if after is not None:
        # The first condition lets the index begin there; the second leaves out what was shown.
        conditions.append(col(ReportRow.parked_at) <= after.parked_at)
        conditions.append(
            or_(
                col(ReportRow.parked_at) < after.parked_at,
                and_(col(ReportRow.parked_at) == after.parked_at, col(ReportRow.id) < after.id),
            )
        )
    # A plate is rare: found by its own index and sorted then. In the order of time, to find the few that fit,
    # the database would look at a million. An expression has no index, which settles it.
    time = col(ReportRow.parked_at)
    newest = time if wanted.plate is None else func.coalesce(time, time)
    query = (
        select(*(getattr(ReportRow, name) for name in _COLUMNS))
        .where(*conditions)
        .order_by(newest.desc(), col(ReportRow.id).desc())
        .limit(limit)
    )
    return [ListedReport(**row._mapping) for row in session.exec(query)]


def _conditions(session: Session, wanted: ReportQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.states:
        found.append(col(ReportRow.state).in_(sorted(state.value for state in wanted.states)))
    if wanted.verdict == "open":
        found.append(col(ReportRow.verdict).is_(None))
    elif wanted.verdict is not None:
        found.append(col(ReportRow.verdict) == wanted.verdict)
    if wanted.zone is not None:
        found.append(col(ReportRow.zone) == wanted.zone)
    if wanted.plate is not None:
        found.append(plate_condition(wanted.plate, session.get_bind().dialect.name))
    if wanted.since is not None:
        found.append(col(ReportRow.parked_at) >= wanted.since)
    if wanted.until is not None:
        found.append(col(ReportRow.parked_at) < wanted.until)
    if wanted.min_score is not None:
        found.append(col(ReportRow.score) >= wanted.min_score)
    return found
