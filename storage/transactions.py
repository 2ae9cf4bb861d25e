"""Sessions for the stores: reading ones, and writing ones that keep other writers of the same report out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, text
from sqlmodel import Session

from storage.database import translated, writing


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that only reads.

    Raises:
        StorageUnavailableError, StorageError: see `storage.database.translated`.
    """
    with translated(engine), Session(engine, expire_on_commit=False) as session:
        yield session


@contextmanager
def snapshot(engine: Engine) -> Iterator[Session]:
    """A session whose every query sees the database as it was at the first one; raises as `reading`."""
    isolation = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    with (
        translated(engine),
        engine.connect().execution_options(**isolation) as connection,
        Session(connection, expire_on_commit=False) as session,
    ):
        yield session


@contextmanager
def changing(engine: Engine, *report_ids: str | None) -> Iterator[Session]:
    """A session in one transaction, the only one that writes these reports; raises as `reading`."""
    with (
        translated(engine),
        writing(engine) as connection,
        Session(connection, expire_on_commit=False) as session,
    ):
        if engine.dialect.name == "postgresql":
            # One writer per report, also before its row exists; SQLite has one writer anyway. Sorted, so
            # that two writers never wait for each other.
            for report_id in sorted(filter(None, report_ids)):
                session.execute(
                    text("SELECT pg_advisory_xact_lock(hashtextextended(:id, 0))"), {"id": report_id}
                )
        yield session
        session.flush()
