"""A connection that died while nobody used it is not given out."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import text

import storage.idle_connections
from pipeline.errors import StorageUnavailableError
from storage.database import open_database
from storage.transactions import asking
from tests.postgres import NewDatabase


@pytest.mark.parametrize("idle", [True, False], ids=["idle", "used a moment ago"])
def test_a_connection_that_died_while_it_lay_idle_is_replaced(
    new_postgres_database: NewDatabase, monkeypatch: pytest.MonkeyPatch, *, idle: bool
) -> None:
    monkeypatch.setattr(storage.idle_connections, "_IDLE_S", 0.0 if idle else 3600.0)
    url = new_postgres_database()
    engine = open_database(url)
    with asking(engine) as connection:
        backend = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    plain = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))
    if not idle:
        # Not asked, it says so; the one after it is a new one.
        with pytest.raises(StorageUnavailableError), asking(engine) as connection:
            connection.execute(text("SELECT 1"))
    with asking(engine) as connection:
        assert connection.execute(text("SELECT pg_backend_pid()")).scalar_one() != backend
    engine.dispose()
