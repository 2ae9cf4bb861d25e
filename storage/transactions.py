"""Sessions for the stores: reading ones, and writing ones that keep other writers of the same report out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import Connection, Engine, text
from sqlmodel import Session

from storage.engine import translated, writing

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(id, 0)) FROM unnest(CAST(:ids AS text[])) AS id")

_SHARED: ContextVar[Connection | None] = ContextVar("shared_connection", default=None)


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that only reads.

    Raises:
        StorageUnavailableError, StorageError: see `storage.engine.translated`.
    """
    with asking(engine) as connection, Session(connection, expire_on_commit=False) as session:
        yield session


@contextmanager
def asking(engine: Engine) -> Iterator[Connection]:
    """A connection that only reads, for columns, which cost a third of objects; raises as `reading`.

    On PostgreSQL each question may see the database at another moment; see `snapshot`.
    """
    shared = _SHARED.get()
    if shared is not None and shared.engine is engine:
        with translated(engine):
            yield shared
        return
    with translated(engine), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            # BEGIN and ROLLBACK are round trips, and after the latter psycopg prepares every statement anew.
            connection.execution_options(isolation_level="AUTOCOMMIT")
        yield connection


@contextmanager
def one_connection(engine: Engine) -> Iterator[None]:
    """All that is read while the block lasts, in this thread, is read on one connection; raises as `reading`.

    For answers that ask many questions: to take a connection for each and give it back costs as much as a
    question. What is written meanwhile is written on others.
    """
    with asking(engine) as connection:
        before = _SHARED.set(connection)
        try:
            yield
        finally:
            _SHARED.reset(before)


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
        # Sorted, so that two writers never wait for each other.
        keep_others_out(session, *sorted(filter(None, report_ids)))
        yield session
        session.flush()


def keep_others_out(session: Session, *report_ids: str | None) -> None:
    """Make the session's transaction the only one that writes these reports, locked in the order given.

    One writer per report, also before its row exists; SQLite has one writer anyway.
    """
    wanted = list(filter(None, report_ids))
    if wanted and session.get_bind().dialect.name == "postgresql":
        # One statement for all: each is a round trip. The rows of unnest come in the order of the array.
        session.execute(_LOCK, {"ids": wanted})
