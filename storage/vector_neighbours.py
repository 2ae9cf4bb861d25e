"""Nearest vectors by pgvector's HNSW index, where PostgreSQL has it (Malkov, Yashunin, 2018)."""

from __future__ import annotations

from sqlalchemy import Engine, text
from sqlmodel import Session

from pipeline.vehicle_look import VehicleLook
from storage.sightings import SightingQuery
from storage.transactions import reading

INDEXED_LENGTH = 96
# How many neighbours the index looks at at once; with more, fewer true ones are missed. Of 100,000 sightings
# all of the true ten are found with 100. Within one camera of 20 it takes the most there is: 82 % are found
# with 100, 94 % with 400, 99 % with 1000.
_EF_SEARCH, _EF_FILTERED = 100, 1000
_NEAREST = """
    SELECT v.number, -((v.vector::vector(96)) <#> CAST(:vector AS vector(96))) AS likeness
    FROM vectors v JOIN sightings s ON s.number = v.number
    WHERE array_length(v.vector, 1) = 96 AND v.model = :model {conditions}
    ORDER BY (v.vector::vector(96)) <#> CAST(:vector AS vector(96)) LIMIT :limit
"""

# By number and not by neighbourhood: every one of them is compared, whatever the planner makes of the index.
_OF_THESE = """
    SELECT v.number, -((v.vector::vector(96)) <#> CAST(:vector AS vector(96))) AS likeness
    FROM vectors v WHERE v.number = ANY(:numbers) AND array_length(v.vector, 1) = 96 AND v.model = :model
"""


def has_index(engine: Engine) -> bool:
    """Whether this database has the index; a PostgreSQL without pgvector and SQLite have none.

    Raises:
        StorageUnavailableError, StorageError: see `storage.engine.translated`.
    """
    if engine.dialect.name != "postgresql":
        return False
    with reading(engine) as session:
        return session.connection().scalar(text("SELECT to_regclass('ix_vectors_neighbours')")) is not None


def nearest(session: Session, look: VehicleLook, wanted: SightingQuery) -> dict[int, float]:
    """The sightings that look most like `look`, number to likeness, best first.

    Args:
        session: of `storage.transactions.snapshot`: how far the index is searched is said to a transaction.
        look: of 96 values.
        wanted: its filters and its limit hold.
    """
    conditions, values = _conditions(wanted)
    # Goes on along the index until enough neighbours pass the filters, the nearest first.
    session.execute(text("SET LOCAL hnsw.iterative_scan = strict_order"))
    session.execute(text(f"SET LOCAL hnsw.ef_search = {_EF_FILTERED if conditions else _EF_SEARCH}"))
    rows = session.connection().execute(
        text(_NEAREST.format(conditions=conditions)),
        {"vector": _written(look), "model": look.model, "limit": wanted.limit, **values},
    )
    return {int(row.number): float(row.likeness) for row in rows}


def likeness_of(session: Session, look: VehicleLook, numbers: list[int]) -> dict[int, float]:
    """How much each of these sightings looks like `look` (of 96 values); without a vector of its model, none.

    Exact, and without reading a vector out of the database: as lists of numbers, 100,000 of them take ten
    seconds.
    """
    values = {"vector": _written(look), "model": look.model, "numbers": numbers}
    rows = session.connection().execute(text(_OF_THESE), values)
    return {int(row.number): float(row.likeness) for row in rows}


def _written(look: VehicleLook) -> str:
    return "[" + ",".join(f"{value:.6g}" for value in look.vector) + "]"


def _conditions(wanted: SightingQuery) -> tuple[str, dict[str, object]]:
    """The filters as SQL, every value a parameter."""
    found: dict[str, tuple[str, object]] = {}
    if wanted.cameras is not None:
        found["cameras"] = ("s.camera = ANY(:cameras)", sorted(wanted.cameras))
    if wanted.zone is not None:
        found["zone"] = ("s.zone = :zone", wanted.zone)
    if wanted.labels:
        found["labels"] = ("s.label = ANY(:labels)", [label.value for label in wanted.labels])
    if wanted.colours:
        found["colours"] = ("s.colour = ANY(:colours)", [colour.value for colour in wanted.colours])
    if wanted.since is not None:
        found["since"] = ("s.last_seen_at >= :since", wanted.since)
    if wanted.until is not None:
        found["until"] = ("s.first_seen_at < :until", wanted.until)
    sql = "".join(f" AND {condition}" for condition, _ in found.values())
    return sql, {name: value for name, (_, value) in found.items()}
