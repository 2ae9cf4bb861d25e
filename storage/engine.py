"""Connects to SQLite in a file or PostgreSQL, and turns their exceptions into ours, without secrets."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from pipeline.errors import StorageError, StorageUnavailableError
from storage.idle_connections import ask_idle_connections

BUSY_TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 5
STATEMENT_TIMEOUT_S = 30
WRITES = "gotcha_writes"
# Drivers take passwords as parameters too: ?password=, ?sslpassword=.
_SECRET = re.compile(r"pass(word|wd)?$|pwd$|token$|secret$|auth$", re.IGNORECASE)
_AWAY = "is not available"
_ADVICE = {
    "sqlite": "check that its disk has room and that this user may write there",
    "postgresql": "start it, or put the right address into database.url",
}
_ADVICE_REFUSED = (
    "nothing of it was stored; if the schema is not that of this version, `gotcha db upgrade` mends it"
)


def connect(url: str) -> Engine:
    """An engine for `url`, its schema left as it is; nothing is read yet.

    Raises:
        StorageError: the address is wrong, or the folder of the file cannot be made.
    """
    parsed = _parse(url)
    return _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _postgresql(parsed)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction that may write; commits at the end, rolls back on an exception."""
    with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        yield connection


@contextmanager
def translated(engine: Engine) -> Iterator[None]:
    """Turns the database's exceptions into StorageError and StorageUnavailableError."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError) as error:
        raise StorageUnavailableError(_sentence(engine, error, _AWAY)) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise StorageUnavailableError(_sentence(engine, error, _AWAY)) from error
        raise StorageError(_sentence(engine, error, "refused")) from error
    except (SQLAlchemyError, StatementError) as error:
        raise StorageError(_sentence(engine, error, "refused")) from error


def shown(engine: Engine) -> str:
    """The address of the database, without its passwords."""
    url = engine.url
    hidden = {name: "***" for name in url.query if _SECRET.search(name)}
    # The library writes "***" as percent signs into a parameter.
    text_shown = url.update_query_dict(hidden).render_as_string(hide_password=True)
    return text_shown.replace("%2A%2A%2A", "***")


def _parse(url: str) -> URL:
    if url.startswith("postgres://"):
        url = "postgresql://" + url.removeprefix("postgres://")
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, ValueError):
        # The library's message quotes the address, password included.
        raise StorageError(
            "database.url is not an address; write sqlite:///gotcha.db or"
            " postgresql://user:password@host:5432/name"
        ) from None
    if backend == "sqlite":
        return parsed
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    raise StorageError(f"database.url: expected sqlite or postgresql, got {backend!r}")


def _sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise StorageError(
            "database.url: reports are kept in a file; write sqlite:///gotcha.db, not a database in memory"
        )
    try:
        Path(url.database).absolute().parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"the folder of the database {url.database} cannot be made: {error}") from error
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_TIMEOUT_S})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver's own transactions begin too late (at the first write): reads before it are not protected.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when another wrote in between; taking the
    # write lock at the beginning makes it wait instead (sqlite.org/isolation.html).
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql(url: URL) -> Engine:
    arguments: dict[str, Any] = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "options": f"-c statement_timeout={STATEMENT_TIMEOUT_S * 1000} -c timezone=UTC",
        "application_name": "gotcha",
    }
    # What the address says itself wins.
    arguments = {key: value for key, value in arguments.items() if key not in url.query}
    engine = create_engine(url, hide_parameters=True, connect_args=arguments)
    ask_idle_connections(engine)
    return engine


def _secrets(url: URL) -> list[str]:
    secrets = [str(url.password)] if url.password else []
    for name, value in url.query.items():
        if _SECRET.search(name):
            secrets += [value] if isinstance(value, str) else value
    return [secret for secret in secrets if secret]


def _sentence(engine: Engine, error: Exception, verb: str) -> str:
    cause = str(getattr(error, "orig", None) or error).strip().splitlines()
    reason = cause[0] if cause else type(error).__name__
    for secret in _secrets(engine.url):
        reason = reason.replace(secret, "***")
    advice = _ADVICE[engine.dialect.name] if verb == _AWAY else _ADVICE_REFUSED
    return f"the database {shown(engine)} {verb} ({reason}); {advice}"
