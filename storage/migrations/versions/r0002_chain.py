"""The hash chain over the reports, tombstones, evidence to delete, the access log."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from storage.columns import UtcDateTime
from storage.record_hash import FIRST, link_bytes, record_bytes, sha256

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and chain the reports that are there, in the order they were stored."""
    op.create_index("ix_evidence_key", "evidence", ["key"])
    chain = op.create_table(
        "chain",
        sa.Column("camera", sa.String, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("report_id", sa.String(64), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("record_sha256", sa.String(64), nullable=False),
        sa.Column("previous_sha256", sa.String(64), nullable=False),
        sa.Column("link_sha256", sa.String(64), nullable=False),
    )
    op.create_index("ix_chain_report_id", "chain", ["report_id"])
    op.create_table(
        "tombstones",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("camera", sa.String, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("was", sa.String(16), nullable=False),
        sa.Column("duplicate_of", sa.String(64)),
        sa.Column("last_seen_at", UtcDateTime, nullable=False),
        sa.Column("expired_at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_tombstones_duplicate_of", "tombstones", ["duplicate_of"])
    op.create_table(
        "evidence_to_delete",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("since", UtcDateTime, nullable=False),
    )
    op.create_table(
        "access_log",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("who", sa.String, nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("report_id", sa.String(64)),
        sa.Column("key", sa.String),
        sa.Column("detail", sa.String, nullable=False),
    )
    op.create_index("ix_access_log_report_id", "access_log", ["report_id"])
    _adopt(chain)
    for table in ("chain", "access_log"):
        _make_append_only(table)


def _adopt(chain: sa.Table) -> None:
    connection = op.get_bind()
    last: dict[str, tuple[int, str]] = {}
    times = ("arrived_at", "parked_at", "violating_at", "departed_at", "own_last_seen_at")
    reports = _table("reports", *times, "last_seen_at", "stored_at", "updated_at")
    evidence = _table("evidence", "taken_at")
    history = _table("report_history", "at")
    ids = connection.execute(sa.select(reports.c.id).order_by(reports.c.stored_at, reports.c.id)).scalars()
    for report_id in ids.all():
        report = _rows(connection, reports, reports.c.id == report_id)[0]
        record = sha256(
            record_bytes(
                report,
                _rows(connection, evidence, evidence.c.report_id == report_id, evidence.c.position),
                _rows(connection, history, history.c.report_id == report_id, history.c.id),
            )
        )
        position, previous = last.get(report["camera"], (0, FIRST))
        link = {
            "camera": report["camera"],
            "position": position + 1,
            "kind": "adopted",
            "report_id": report_id,
            "revision": report["revision"],
            "at": report["updated_at"],
            "record_sha256": record,
            "previous_sha256": previous,
        }
        digest = sha256(link_bytes(**link))
        connection.execute(chain.insert().values(**link, link_sha256=digest))
        last[report["camera"]] = (position + 1, digest)


def _table(name: str, *times: str) -> sa.Table:
    """The table as this revision finds it, with our times."""
    table = sa.Table(name, sa.MetaData(), autoload_with=op.get_bind())
    for column in table.columns:
        if column.name in times:
            column.type = UtcDateTime()
    return table


def _rows(
    connection: sa.Connection,
    table: sa.Table,
    where: sa.ColumnElement[bool],
    *order: sa.ColumnElement[object],
) -> list[dict[str, Any]]:
    found = connection.execute(sa.select(table).where(where).order_by(*order)).mappings()
    return [dict(row) for row in found]


def _make_append_only(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()"
    )
