"""The queries behind a page of reports: each answered from an index, and together in the order of time."""

from __future__ import annotations

import heapq
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, Connection, Integer, Select, and_, bindparam, func, or_, select

from storage.plate_search import PlateCondition, PlateForm, plate_condition, plate_conditions
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
    values = {**_values(wanted), "rows": limit}
    if camera is not None:
        values["camera"] = camera
    if key is not None:
        values |= {"key_at": key.parked_at, "key_id": key.id}
    statement = _statement(
        frozenset(values),
        open_only=wanted.verdict == "open",
        newer=newer,
        plate=None if plate is None else plate.form,
        rare=plate is not None and plate.rare,
    )
    rows = connection.execute(statement, values if plate is None else {**values, **plate.values})
    return [ListedReport(**dict(zip(_NAMES, row, strict=True))) for row in rows]


def _values(wanted: ReportQuery) -> dict[str, Any]:
    """What is asked for, by the names of its parameters."""
    given = {
        "states": sorted(state.value for state in wanted.states) or None,
        "verdict": None if wanted.verdict == "open" else wanted.verdict,
        "zone": wanted.zone,
        "since": wanted.since,
        "until": wanted.until,
        "min_score": wanted.min_score,
    }
    return {name: value for name, value in given.items() if value is not None}


@lru_cache(maxsize=256)
def _statement(
    given: frozenset[str], *, open_only: bool, newer: bool, plate: PlateForm | None, rare: bool
) -> Select[Any]:
    """The query for what is `given`, made once: to put it together takes longer than to answer it."""

    def field(column: Any) -> Any:
        # An expression has no index: what is rare is found by the plate's own and sorted then. In the order
        # of time, to find the few that fit, the database would look at a million.
        return func.coalesce(column, column) if rare else column

    time, identity = field(REPORTS.parked_at), field(REPORTS.id)
    key_at = bindparam("key_at", type_=time.type)
    key_id: BindParameter[str] = bindparam("key_id")
    conditions = {
        "states": field(REPORTS.state).in_(bindparam("states", expanding=True)),
        "verdict": field(REPORTS.verdict) == bindparam("verdict"),
        "zone": field(REPORTS.zone) == bindparam("zone"),
        "since": time >= bindparam("since", type_=time.type),
        "until": time < bindparam("until", type_=time.type),
        "min_score": field(REPORTS.score) >= bindparam("min_score"),
        "camera": field(REPORTS.camera) == bindparam("camera"),
        # The first condition lets the index begin there; the second leaves out what was shown.
        "key_at": time >= key_at if newer else time <= key_at,
        "key_id": or_(
            time > key_at if newer else time < key_at,
            and_(time == key_at, identity > key_id if newer else identity < key_id),
        ),
    }
    wanted = [condition for name, condition in conditions.items() if name in given]
    if open_only:
        wanted.append(field(REPORTS.verdict).is_(None))
    if plate is not None:
        wanted.append(plate_condition(plate))
    order = (time, identity) if newer else (time.desc(), identity.desc())
    rows = bindparam("rows", type_=Integer)
    return select(*(REPORTS[name] for name in _NAMES)).where(*wanted).order_by(*order).limit(rows)
