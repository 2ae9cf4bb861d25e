"""Reports on disk until they are stored: what `offer` has taken survives a power cut and a dead Redis."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from time import time

from jobs.outbox_file import OutboxFile
from jobs.payloads import encode
from pipeline.report import CameraEvent, Report

_log = logging.getLogger(__name__)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'dead')),
    failures INTEGER NOT NULL DEFAULT 0,
    next_at REAL NOT NULL DEFAULT 0,
    sent_at REAL,
    reason TEXT NOT NULL DEFAULT '',
    offered_at REAL NOT NULL,
    UNIQUE (id, revision)
);
CREATE INDEX IF NOT EXISTS items_state ON items (state, next_at, seq);
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_SELECT = (
    "SELECT id, revision, kind, payload, failures, reason, state, offered_at, next_at FROM items AS item "
)


class ItemState(StrEnum):
    """How far an item is: on disk, in the queue, or refused for good."""

    PENDING = "pending"
    SENT = "sent"
    DEAD = "dead"


class ItemKind(StrEnum):
    """What a payload is of."""

    REPORT = "report"
    CAMERA_EVENT = "camera_event"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    """One payload on its way.

    Attributes:
        id, revision: of the report; a camera event has revision 1.
        kind: what it is.
        payload: JSON of `jobs.payloads`.
        failures: how often it came back unstored.
        reason: why it came back last, "" when it did not.
        state: how far it is.
        offered_at, next_at: when it was taken, and before when it is not queued (again); Unix seconds.
    """

    id: str
    revision: int
    kind: ItemKind
    payload: str
    failures: int
    reason: str
    state: ItemState
    offered_at: float
    next_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxCounts:
    """How many items wait to be queued, are queued and not yet stored, and were refused for good."""

    pending: int
    sent: int
    dead: int


class Outbox:
    """`pipeline.report.ReportSink` in a SQLite file; `jobs.dispatcher` empties it. Threads may share it.

    An item is `pending` until it is queued, `sent` until the worker has acknowledged the stored row, then
    gone. One that is refused for good stays as `dead` until it is revived.
    """

    def __init__(self, path: Path) -> None:
        """Open or make the file.

        Raises:
            QueueError: it cannot be opened, or is no outbox; says what to do.
        """
        self._file = OutboxFile(path)
        self._arrived = threading.Event()
        with self._file.transaction("be opened", begin=False) as connection:
            connection.executescript(_SCHEMA)
            connection.execute("INSERT OR IGNORE INTO about VALUES ('name', ?)", (uuid.uuid4().hex,))
            (self._name,) = connection.execute("SELECT value FROM about WHERE name = 'name'").fetchone()

    @property
    def name(self) -> str:
        """32 hex digits that tell this outbox from others that use the same Redis; kept in the file."""
        return str(self._name)

    @property
    def arrived(self) -> threading.Event:
        """Set at each offer and revival; the dispatcher waits on it and clears it."""
        return self._arrived

    def offer(self, item: Report | CameraEvent) -> None:
        """Keep `item`; it is on disk when this returns. The same revision of a report is kept once.

        Raises:
            QueueError: the disk refused it (full): keep it and try again.
            PayloadError: the item breaks the payload's bounds: trying again does not help.
        """
        revision = item.revision if isinstance(item, Report) else 1
        kind = ItemKind.REPORT if isinstance(item, Report) else ItemKind.CAMERA_EVENT
        payload = encode(item)
        with self._file.transaction(f"take {kind.value} {item.id}") as connection:
            connection.execute(
                "INSERT INTO items (id, revision, kind, payload, offered_at) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (id, revision) DO NOTHING",
                (item.id, revision, kind.value, payload, time()),
            )
        self._arrived.set()

    def due(self, limit: int, now: float) -> tuple[OutboxItem, ...]:
        """What may be queued at `now` (Unix seconds), oldest first.

        A revision waits until the one before it is stored, so that one job id serves all revisions. It does
        not wait for a dead one: each revision is the whole report.
        """
        return self._select(
            "WHERE state = 'pending' AND next_at <= ? AND NOT EXISTS (SELECT 1 FROM items AS earlier"
            "  WHERE earlier.id = item.id AND earlier.revision < item.revision AND earlier.state != 'dead')"
            " ORDER BY seq LIMIT ?",
            (now, limit),
        )

    def sent_before(self, moment: float) -> tuple[OutboxItem, ...]:
        """What was queued before `moment` (Unix seconds) and is not stored yet, oldest first."""
        return self._select(
            "WHERE state = 'sent' AND sent_at < ? ORDER BY seq",
            (moment,),
        )

    def mark_sent(self, keys: Sequence[tuple[str, int]], now: float) -> None:
        """These (id, revision) are in the queue since `now`."""
        with self._file.transaction("be updated") as connection:
            connection.executemany(
                "UPDATE items SET state = 'sent', sent_at = ?"
                " WHERE id = ? AND revision = ? AND state != 'dead'",
                [(now, *key) for key in keys],
            )

    def mark_stored(self, keys: Iterable[tuple[str, int]]) -> None:
        """These (id, revision) are in the database: they leave, dead ones too."""
        with self._file.transaction("be updated") as connection:
            connection.executemany("DELETE FROM items WHERE id = ? AND revision = ?", list(keys))

    def mark_pending(self, key: tuple[str, int], *, next_at: float, reason: str) -> None:
        """This (id, revision) came back unstored: queue it again at `next_at` (Unix seconds)."""
        with self._file.transaction("be updated") as connection:
            connection.execute(
                "UPDATE items SET state = 'pending', failures = failures + 1, next_at = ?, reason = ?"
                " WHERE id = ? AND revision = ? AND state = 'sent'",
                (next_at, reason, *key),
            )

    def mark_dead(self, key: tuple[str, int], reason: str) -> None:
        """This (id, revision) was refused for good; it stays here until it is revived."""
        with self._file.transaction("be updated") as connection:
            connection.execute(
                "UPDATE items SET state = 'dead', failures = failures + 1, reason = ?"
                " WHERE id = ? AND revision = ?",
                (reason, *key),
            )
        _log.error("report %s revision %d was refused and waits in the dead letters: %s", *key, reason)

    def counts(self) -> OutboxCounts:
        """How many items are in each state."""
        with self._file.transaction("be read", begin=False) as connection:
            found = dict(connection.execute("SELECT state, count(*) FROM items GROUP BY state").fetchall())
        return OutboxCounts(**{state.value: found.get(state.value, 0) for state in ItemState})

    def dead(self) -> tuple[OutboxItem, ...]:
        """The dead letters, oldest first."""
        return self._select("WHERE state = 'dead' ORDER BY seq")

    def items(
        self, *, state: ItemState | None = None, id_begins: str = "", limit: int = 100
    ) -> tuple[OutboxItem, ...]:
        """What is here, oldest first: of one state, of ids that begin so, at most `limit`."""
        return self._select(
            "WHERE (?1 IS NULL OR state = ?1) AND substr(id, 1, length(?2)) = ?2 ORDER BY seq LIMIT ?3",
            (None if state is None else state.value, id_begins, limit),
        )

    def revive(self, item_id: str | None = None) -> int:
        """Put dead letters back in line: those of `item_id`, or all; returns how many."""
        with self._file.transaction("be updated") as connection:
            done = connection.execute(
                "UPDATE items SET state = 'pending', failures = 0, next_at = 0"
                " WHERE state = 'dead' AND (?1 IS NULL OR id = ?1)",
                (item_id,),
            )
            count = done.rowcount
        self._arrived.set()
        return count

    def bury(self, keys: Iterable[tuple[str, int]]) -> None:
        """Delete these (id, revision) for good, as far as they are still dead letters."""
        with self._file.transaction("be updated") as connection:
            connection.executemany("DELETE FROM items WHERE id = ? AND revision = ? AND state = 'dead'", keys)

    def close(self) -> None:
        """Close the file; nothing is lost, everything is on disk already. Later calls raise QueueError."""
        self._file.close()

    def _select(self, where: str, values: tuple[object, ...] = ()) -> tuple[OutboxItem, ...]:
        with self._file.transaction("be read", begin=False) as connection:
            rows = connection.execute(_SELECT + where, values).fetchall()
        return tuple(
            OutboxItem(
                id=row[0],
                revision=row[1],
                kind=ItemKind(row[2]),
                payload=row[3],
                failures=row[4],
                reason=row[5],
                state=ItemState(row[6]),
                offered_at=row[7],
                next_at=row[8],
            )
            for row in rows
        )
