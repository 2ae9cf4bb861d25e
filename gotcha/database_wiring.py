"""The database of a configuration, open while a command works on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gotcha.config import Config
from gotcha.state_folder import prepare

if TYPE_CHECKING:
    from sqlalchemy import Engine


@contextmanager
def opened_database(config: Config) -> Iterator[Engine]:
    """The database, brought up to date, while the block lasts.

    Raises:
        StorageError: it cannot be opened, or the state folder it lies in cannot be used.
    """
    # Imported when asked for: SQLAlchemy takes half a second, which --help should not.
    from storage.database import open_database

    if config.database.url is None:
        prepare(config.state_dir)
    engine = open_database(config.database_url)
    try:
        yield engine
    finally:
        engine.dispose()
