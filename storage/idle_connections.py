"""Connections that lay idle are asked whether they are alive before they are used.

A database that was begun anew leaves dead connections in the pool. SQLAlchemy's `pool_pre_ping` asks each
time one is taken, which is a round trip for every question of a page; one that was used a moment ago lives.
"""

from __future__ import annotations

from time import monotonic

from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

_IDLE_S = 1.0
_USED = "used_s"


def ask_idle_connections(engine: Engine) -> None:
    """From now on `engine` gives out no connection that has died while it lay idle for a second."""
    dialect = engine.dialect

    def returned(_connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
        entry.info[_USED] = monotonic()

    def taken(connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
        used_s = entry.info.get(_USED)
        if used_s is None or monotonic() - used_s < _IDLE_S:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            # The others died with it; new ones are opened, or what is wrong is said.
            raise InvalidatePoolError(str(error)) from error

    event.listen(engine, "checkin", returned)
    event.listen(engine, "checkout", taken)
