"""The SQLite file of an outbox: what is committed survives a power cut, and an error says what to do."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import QueueError

BUSY_TIMEOUT_S = 10.0
_ADVICE = {
    **dict.fromkeys((sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR), "free space on its disk"),
    **dict.fromkeys(
        (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB),
        "move the file away, keep it for repair, and start again",
    ),
    **dict.fromkeys(
        (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN),
        "let this user write the file and its folder",
    ),
}


class OutboxFile:
    """One connection that threads take turns at; other programs may have the file open too.

    Args:
        path: of the file; made with its folder where there is none.

    Raises:
        QueueError: it cannot be opened, or is no database; says what to do.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._closed = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise QueueError(f"the outbox {path} cannot be opened: {error}") from error
        with self.transaction("be opened", begin=False) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            # Each commit reaches the disk before it returns (sqlite.org/pragma.html#pragma_synchronous).
            connection.execute("PRAGMA synchronous=FULL")

    @contextmanager
    def transaction(self, what: str, *, begin: bool = True) -> Iterator[sqlite3.Connection]:
        """The connection for one thread, in a transaction that is on disk when the block has ended.

        Args:
            what: is done, for the sentence of an error, such as "be updated".
            begin: False for what needs no transaction.

        Raises:
            QueueError: it cannot be done, or the file is closed; says what to do.
        """
        with self._lock:
            if self._closed:
                raise QueueError(f"the outbox {self._path} cannot {what}: it is closed")
            try:
                if begin:
                    self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                if begin:
                    self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise QueueError(f"the outbox {self._path} cannot {what}: {_advice(error)}") from error

    def close(self) -> None:
        """Close the file; a transaction raises QueueError from then on."""
        with self._lock:
            self._closed = True
            self._connection.close()


def _advice(error: sqlite3.Error) -> str:
    # The low byte of an extended code is the kind of error (sqlite.org/rescode.html).
    advice = _ADVICE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    return f"{error}; {advice}" if advice else str(error)
