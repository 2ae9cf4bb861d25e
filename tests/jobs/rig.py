"""What the tests of the queue share: what was stored, a store that fails, a worker to be killed."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from jobs.embedded_redis import RedisService
from jobs.outbox import OutboxCounts
from pipeline.errors import StorageUnavailableError
from pipeline.report import Report
from storage.ports import Applied, ReportFilter
from storage.report_store import SqlReportStore
from tests.reports import hex_id

NOTHING = OutboxCounts(pending=0, sent=0, dead=0)


def stored_ids(store: SqlReportStore) -> list[str]:
    return sorted(one.report.id for one in store.list(ReportFilter(limit=1000)))


def revisions(store: SqlReportStore, name: str | int) -> list[int]:
    return [entry.revision for entry in store.history(hex_id(name))]


@contextmanager
def worker_program(
    service: RedisService, database_url: str, hang: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tests.jobs.worker_program", service.url, database_url]
    process = subprocess.Popen(command if hang is None else [*command, str(hang)], stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


class SlowStore(SqlReportStore):
    """Counts its calls and takes its time, or says that the database is away."""

    def __init__(self, store: SqlReportStore, *, delay_s: float = 0.0, away: int = 0) -> None:
        super().__init__(store._engine)
        self.delay_s, self.away, self.calls = delay_s, away, 0

    def apply(self, report: Report, *, at: datetime, by: str) -> Applied:
        self.calls += 1
        if self.calls <= self.away:
            raise StorageUnavailableError("the database is away")
        threading.Event().wait(self.delay_s)
        return super().apply(report, at=at, by=by)
