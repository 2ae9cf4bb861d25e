"""Opens a database with its schema brought up to that of this version."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, text

from pipeline.errors import StorageError, StorageUnavailableError
from storage.engine import BUSY_TIMEOUT_S, connect, shown, translated, writing

# The chain of a million old reports is adopted in minutes; whoever started beside it waits them out.
UPGRADE_PATIENCE_S = 900.0
_PAUSE_S = 0.05
_MIGRATIONS = Path(__file__).with_name("migrations")
# Any number, the same in every program that upgrades: they queue for it.
_UPGRADE_LOCK = 7_034_188_251
_LOCK_NOT_AVAILABLE = "55P03"

_log = logging.getLogger(__name__)


def open_database(url: str) -> Engine:
    """An engine for `url` with its schema brought up to date.

    Args:
        url: `sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql://user:password@host/name`.

    Raises:
        StorageUnavailableError: the database does not answer now.
        StorageError: the address is wrong, access is refused, or a newer Gotcha made the database.
    """
    engine = connect(url)
    try:
        upgrade(engine)
    except StorageError:
        engine.dispose()
        raise
    return engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """Revisions of a schema before and after an upgrade; `before` is None for an empty database."""

    before: str | None
    after: str | None


def upgrade(engine: Engine, to: str = "head") -> Upgrade:
    """Bring the schema to a revision, in one transaction; a schema that is there already is only read.

    While another program upgrades or holds the database, it waits, for up to `UPGRADE_PATIENCE_S`.

    Args:
        engine: of `storage.engine.connect`.
        to: the revision; `head` is the newest.

    Raises:
        StorageUnavailableError: the database does not answer now, or stays locked.
        StorageError: it refuses, or was made by a newer Gotcha.
    """
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    wanted = ScriptDirectory.from_config(config).get_current_head() if to == "head" else to
    began_s, said = time.monotonic(), False
    while True:
        try:
            with translated(engine):
                with engine.connect() as connection:
                    before = _revision(connection)
                if before == wanted:
                    return Upgrade(before=before, after=before)
                return _upgraded(engine, config, to)
        except StorageUnavailableError as error:
            if not _is_locked(error) or time.monotonic() - began_s > UPGRADE_PATIENCE_S:
                raise
        except CommandError as error:
            raise StorageError(
                f"the database {shown(engine)} has a schema this version of Gotcha does not know"
                f" ({error}); a newer version made it: update Gotcha"
            ) from error
        if not said:
            _log.warning("another program upgrades or writes %s; waiting for it", shown(engine))
            said = True
        threading.Event().wait(_PAUSE_S)


def _upgraded(engine: Engine, config: Config, to: str) -> Upgrade:
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            # A migration may take longer than any question of a running program is given. What it waits for
            # it lets go of again soon: questions that come later queue behind it.
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text(f"SET LOCAL lock_timeout = {int(BUSY_TIMEOUT_S * 1000)}"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
        config.attributes["connection"] = connection
        before = _revision(connection)
        command.upgrade(config, to)
        return Upgrade(before=before, after=_revision(connection))


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _is_locked(error: StorageUnavailableError) -> bool:
    """Whether another program holds what was asked for; other reasons do not pass by waiting."""
    cause = getattr(error.__cause__, "orig", None)
    if isinstance(cause, sqlite3.OperationalError):
        # The low byte is the code, the others say more of it.
        return cause.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return getattr(cause, "sqlstate", None) == _LOCK_NOT_AVAILABLE
