"""A store with a short history on both databases, for the tests of its chain."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine, text

from pipeline.report import ReportState
from storage.chain import heads, record_of
from storage.engine import writing
from storage.record_hash import link_bytes, sha256
from storage.report_store import SqlReportStore
from storage.tables import ReportRow
from storage.transactions import snapshot
from tests.reports import NOON, duplicate, final, hex_id, rejected, temporary

LATER = NOON + timedelta(minutes=5)


def fill(engine: Engine) -> SqlReportStore:
    """Two cameras, each state of life, several revisions: 9 links of `gate`, 1 of `yard`."""
    store = SqlReportStore(engine)
    store.apply(temporary("a"), at=NOON, by="w1")
    store.apply(temporary("b"), at=NOON, by="w1")
    store.apply(final("a"), at=LATER, by="w2")
    store.apply(rejected("b"), at=LATER, by="w1")
    store.apply(final("yard", camera="yard", dwell_limit_s=60), at=LATER, by="w2")
    store.apply(duplicate("c", "a", last_seen_at=LATER), at=LATER, by="w1")
    store.apply(temporary("d"), at=LATER, by="w1")
    store.apply(final("a", revision=3, departed_at=LATER), at=LATER, by="w1")
    store.move(hex_id("a"), ReportState.EXPORTED, at=LATER, by="anna", why="for the city")
    store.apply(final("e"), at=LATER, by="w1")
    return store


def tamper(engine: Engine, *statements: str) -> None:
    """Do behind Gotcha's back what an administrator of the database can do, its triggers out of the way."""
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET session_replication_role = replica"))
        else:
            names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
            for name in names.scalars().all():
                connection.execute(text(f"DROP TRIGGER {name}"))
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for statement in statements:
            connection.execute(text(statement))


def forge_last(engine: Engine, camera: str, statement: str) -> None:
    """Alter the report at the end of a chain and compute every hash anew, as one who knows the format can."""
    tamper(engine, statement)
    with snapshot(engine) as session:
        link = max((one for one in heads(engine) if one.camera == camera), key=lambda one: one.position)
        row = session.get(ReportRow, link.report_id)
        assert row is not None
        record = sha256(record_of(session, row))
    forged = sha256(
        link_bytes(
            camera=link.camera,
            position=link.position,
            kind=link.kind.value,
            report_id=link.report_id,
            revision=link.revision,
            at=link.at,
            record_sha256=record,
            previous_sha256=link.previous_sha256,
        )
    )
    tamper(
        engine,
        f"UPDATE chain SET record_sha256 = '{record}', link_sha256 = '{forged}'"  # noqa: S608
        f" WHERE camera = '{camera}' AND position = {link.position}",
    )
