"""An empty database of each kind, for the tests of what holds on SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from storage.database import open_database
from tests.postgres import NewDatabase

EmptyDatabase = Callable[[str], str]


@pytest.fixture
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> EmptyDatabase:
    """Gives the address of an empty database of a kind, `sqlite` or `postgresql`.

    PostgreSQL is started by the first that asks for it: who runs tests on SQLite alone waits for no server.
    """

    def new(kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / 'gotcha.db'}"
        assert kind == "postgresql"
        new_postgres: NewDatabase = request.getfixturevalue("new_postgres_database")
        return new_postgres()

    return new


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, empty_database: EmptyDatabase) -> str:
    """The test is run on each database; a file or folder that needs only one overrides this."""
    return empty_database(request.param)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    yield engine
    engine.dispose()
