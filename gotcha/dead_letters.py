"""Reports that were refused for good hold plates as stored ones do: they are kept so many days, no longer."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gotcha.config import Config
from gotcha.hourly import hourly
from jobs.outbox import Outbox, OutboxItem
from storage.access_log import Access, AccessAction, SqlAccessLog
from storage.engine import connect

_log = logging.getLogger(__name__)

BY = "retention"
OUTBOX = "outbox.db"


def dead_letters_due(path: Path, days: int, now: datetime) -> tuple[OutboxItem, ...]:
    """The dead letters of an outbox that were taken more than `days` days before `now`, oldest first.

    Raises:
        QueueError: the outbox cannot be opened.
    """
    # A worker on a machine without cameras has no outbox, and needs none.
    if not path.exists():
        return ()
    outbox = Outbox(path)
    try:
        return _due(outbox, days, now)
    finally:
        outbox.close()


def expire_dead_letters(path: Path, days: int, log: SqlAccessLog, now: datetime) -> int:
    """Delete what `dead_letters_due` names, each once it is in the access log that it goes; how many.

    Their evidence is named by nothing then, and goes with what no report names.

    Raises:
        QueueError: the outbox cannot be opened.
        StorageError: the log refuses; what is not in it stays.
    """
    if not path.exists():
        return 0
    outbox = Outbox(path)
    try:
        due = _due(outbox, days, now)
        for item in due:
            what = f"revision {item.revision} of a {item.kind.value} that could not be stored"
            taken = f"{datetime.fromtimestamp(item.offered_at, UTC):%Y-%m-%d %H:%M:%S} UTC"
            log.record(
                Access(
                    at=now,
                    who=BY,
                    action=AccessAction.PURGE,
                    report_id=item.id,
                    detail=f"{what}, taken {taken}, deleted: kept {days} days",
                )
            )
            outbox.bury([(item.id, item.revision)])
    finally:
        outbox.close()
    return len(due)


@contextmanager
def burying_hourly(config: Config) -> Iterator[None]:
    """Expires this machine's dead letters once an hour while the block runs, in a thread.

    For a program that watches and does not store: its outbox is on no worker's machine.
    """

    def bury() -> None:
        now, days = datetime.now(UTC), config.retention.dead_letter_days
        if dead_letters_due(config.state_dir / OUTBOX, days, now):
            engine = connect(config.database_url)
            try:
                gone = expire_dead_letters(config.state_dir / OUTBOX, days, SqlAccessLog(engine), now)
            finally:
                engine.dispose()
            _log.info("%d dead letters deleted, kept %d days", gone, days)

    with hourly("purge of dead letters", bury):
        yield


def _due(outbox: Outbox, days: int, now: datetime) -> tuple[OutboxItem, ...]:
    before = (now - timedelta(days=days)).timestamp()
    return tuple(item for item in outbox.dead() if item.offered_at < before)
