"""The queries behind a page of reports: each answered from an index, and together in the order of time."""

from __future__ import annotations

import heapq
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from storage.plate_search import PlateCondition, plate_conditions
from storage.report_query import ListedReport, PageKey, ReportQuery
from storage.tables import REPORTS

_NAMES = ListedReport.__slots__


def page_rows(
    connection: Connection, wanted: ReportQuery, key: PageKey | None, limit: int, *, newer: bool = False
) -> list[ListedReport]:
    """The first `limit` reports after `key`, latest first; with `newer` those before it, nearest first.

    Camera by camera and plate by plate: given all of them together, a database sorts or reads them all.
    """
    cameras = [None] if wanted.cameras is None else sorted(wanted.cameras)
    plates: tuple[PlateCondition | None, ...] = (None,)
    if wanted.plate is not None:
        plates = plate_conditions(wanted.plate, connection.dialect.name)
    branches = [
        _branch(connection, wanted, key, limit, newer=newer, camera=camera, plate=plate)
        for camera in cameras
        for plate in plates
    ]
    found: dict[str, ListedReport] = {}
    for report in heapq.merge(*branches, key=lambda one: (one.parked_at, one.id), reverse=not newer):
        found.setdefault(report.id, report)
        if len(found) == limit:
            break
    return list(found.values())


def _branch(
    connection: Connection,
    wanted: ReportQuery,
    key: PageKey | None,
    limit: int,
    *,
    newer: bool,
    camera: str | None,
    plate: PlateCondition | None,
) -> list[ListedReport]:
    rare = plate is not None and plate.rare

    def field(column: Any) -> Any:
        # An expression has no index: what is rare is found by the plate's own and sorted then. In the order
        # of time, to find the few that fit, the database would look at a million.
        return func.coalesce(column, column) if rare else column

    time, identity = field(REPORTS.parked_at), field(REPORTS.id)
    conditions = _conditions(wanted, field)
    if plate is not None:
        conditions.append(plate.condition)
    if camera is not None:
        conditions.append(field(REPORTS.camera) == camera)
    if key is not None:
        # The first condition lets the index begin there; the second leaves out what was shown.
        after = time > key.parked_at if newer else time < key.parked_at
        same = identity > key.id if newer else identity < key.id
        conditions.append(time >= key.parked_at if newer else time <= key.parked_at)
        conditions.append(or_(after, and_(time == key.parked_at, same)))
    order = (time, identity) if newer else (time.desc(), identity.desc())
    query = select(*(REPORTS[name] for name in _NAMES)).where(*conditions).order_by(*order).limit(limit)
    return [ListedReport(**dict(zip(_NAMES, row, strict=True))) for row in connection.execute(query)]


def _conditions(wanted: ReportQuery, field: Any) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.states:
        found.append(field(REPORTS.state).in_(sorted(state.value for state in wanted.states)))
    if wanted.verdict == "open":
        found.append(field(REPORTS.verdict).is_(None))
    elif wanted.verdict is not None:
        found.append(field(REPORTS.verdict) == wanted.verdict)
    if wanted.zone is not None:
        found.append(field(REPORTS.zone) == wanted.zone)
    if wanted.since is not None:
        found.append(field(REPORTS.parked_at) >= wanted.since)
    if wanted.until is not None:
        found.append(field(REPORTS.parked_at) < wanted.until)
    if wanted.min_score is not None:
        found.append(field(REPORTS.score) >= wanted.min_score)
    return found
