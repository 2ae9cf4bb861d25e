"""A worker as a program of its own, to be killed: `... -m tests.jobs.worker_program REDIS DATABASE [HANG]`.

With HANG, a file's path, storing writes that file and then waits as long as it exists.
"""

from __future__ import annotations

import sys
import threading
from datetime import datetime
from pathlib import Path

from jobs.worker import run_worker
from pipeline.report import Report
from storage.database import open_database
from storage.ports import Applied
from storage.report_store import SqlReportStore


class HangingStore(SqlReportStore):
    """Says that it was asked to store, and waits until it is let go."""

    hang: Path

    def apply(self, report: Report, *, at: datetime, by: str) -> Applied:
        with self.hang.open("a") as file:
            file.write(f"{report.id} {report.revision}\n")
        while self.hang.exists():
            threading.Event().wait(0.02)
        return super().apply(report, at=at, by=by)


def main(redis_url: str, database_url: str, hang: str | None = None) -> None:
    engine = open_database(database_url)
    if hang is None:
        run_worker(redis_url, SqlReportStore(engine))
    else:
        store = HangingStore(engine)
        store.hang = Path(hang)
        run_worker(redis_url, store)


if __name__ == "__main__":
    main(*sys.argv[1:])
