"""Chains what people had said of reports before reviews were a part of the record."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from storage.columns import UtcDateTime
from storage.record_hash import link_bytes, record_bytes, sha256

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TIMES = frozenset(
    {"at", "taken_at", "arrived_at", "parked_at", "violating_at", "departed_at", "own_last_seen_at"}
    | {"last_seen_at", "stored_at", "updated_at"}
)


def upgrade() -> None:
    """Append a link for each report that was reviewed, and is otherwise as its last link says.

    One that is not was altered behind Gotcha's back: it is left alone, so that `gotcha verify` goes on
    naming it.
    """
    reviewed = _table("reviews")
    for report_id in op.get_bind().execute(sa.select(reviewed.c.report_id).distinct()).scalars().all():
        _adopt(report_id, reviewed)


def _adopt(report_id: str, reviewed: sa.Table) -> None:
    reports, evidence, history, chain = map(_table, ("reports", "evidence", "report_history", "chain"))
    found = _rows(reports, reports.c.id == report_id)
    links = _rows(chain, chain.c.report_id == report_id, chain.c.position)
    if not found or not links:
        return
    hangs_on_it = (
        _rows(evidence, evidence.c.report_id == report_id, evidence.c.position),
        _rows(history, history.c.report_id == report_id, history.c.id),
    )
    without = {name: value for name, value in found[0].items() if name not in ("verdict", "plate_corrected")}
    if sha256(record_bytes(without, *hangs_on_it)) != links[-1]["record_sha256"]:
        return
    reviews = _rows(reviewed, reviewed.c.report_id == report_id, reviewed.c.id)
    camera = found[0]["camera"]
    last = _rows(chain, chain.c.camera == camera, chain.c.position)[-1]
    link = {
        "camera": camera,
        "position": last["position"] + 1,
        "kind": "adopted",
        "report_id": report_id,
        "revision": found[0]["revision"],
        "at": reviews[-1]["at"],
        "record_sha256": sha256(record_bytes(found[0], *hangs_on_it, reviews)),
        "previous_sha256": last["link_sha256"],
    }
    op.get_bind().execute(chain.insert().values(**link, link_sha256=sha256(link_bytes(**link))))


def _table(name: str) -> sa.Table:
    """The table as this revision finds it, with our times."""
    table = sa.Table(name, sa.MetaData(), autoload_with=op.get_bind())
    for column in table.columns:
        if column.name in _TIMES:
            column.type = UtcDateTime()
    return table


def _rows(
    table: sa.Table, where: sa.ColumnElement[bool], *order: sa.ColumnElement[object]
) -> list[dict[str, Any]]:
    found = op.get_bind().execute(sa.select(table).where(where).order_by(*order)).mappings()
    return [dict(row) for row in found]
