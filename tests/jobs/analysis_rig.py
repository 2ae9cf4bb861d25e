"""Analyses for the tests of the queue: requests, an analyzer that obeys, a worker program to be killed.

As a program: `... -m tests.jobs.analysis_rig REDIS DATABASE HANG`: works on analyses until it is killed, and
hangs in each as long as the file HANG exists.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import jobs.analyses
import jobs.worker
from jobs.analyses import AnalysisControl, AnalysisInterrupted, AnalysisRunner
from jobs.analysis_queue import AnalysisQueue, AnalysisSweep
from jobs.queues import QueueName
from jobs.redis_connection import connect
from storage.analyses import Analysis, AnalysisKind, AnalysisSource, NewAnalysis, Progress, UploadedFile
from storage.analysis_store import AnalysisStore
from storage.database import open_database
from storage.report_store import SqlReportStore
from tests.reports import hex_id


def asked(name: str | int, kind: AnalysisKind = AnalysisKind.PHOTO) -> NewAnalysis:
    digest = hex_id(f"content of {name}") * 2
    return NewAnalysis(
        id=hex_id(name),
        kind=kind,
        files=(
            UploadedFile(
                key=f"{digest[:2]}/{digest}",
                sha256=digest,
                name="a.jpg",
                media_type="image/jpeg",
                size_bytes=7,
            ),
        ),
        source=AnalysisSource.HTTP,
        owner="anna",
    )


class ObedientAnalyzer:
    """Counts its calls, does what it is told within, and answers with the number of the attempt."""

    def __init__(self, within: Callable[[AnalysisControl], None] = lambda _: None) -> None:
        self.within = within
        self.calls: list[str] = []

    def analyze(self, analysis: Analysis, control: AnalysisControl) -> str:
        self.calls.append(analysis.id)
        control.advance(Progress(done_s=1.0, whole_s=4.0))
        self.within(control)
        return f'{{"attempt": {analysis.attempts}}}'


def until_stopped(control: AnalysisControl) -> None:
    control.stop.wait(30)
    raise AnalysisInterrupted("stopped")


class ModelsWorker:
    """A worker on a queue of analyses with its sweep, in threads of this program."""

    def __init__(
        self,
        redis_url: str,
        database_url: str,
        analyzer: ObedientAnalyzer,
        queue: QueueName = QueueName.MODELS,
    ) -> None:
        self.stop = threading.Event()
        self._engine = open_database(database_url)
        store = AnalysisStore(self._engine)
        self._sweep = AnalysisSweep(AnalysisQueue(store, connect(redis_url)), self.stop)
        self._thread = threading.Thread(
            target=jobs.worker.run_worker,
            args=(redis_url, SqlReportStore(self._engine)),
            kwargs={
                "queue": queue,
                "analyses": AnalysisRunner(store, analyzer, self.stop),
                "stop": self.stop,
            },
        )
        self._sweep.start()
        self._thread.start()

    def end(self) -> None:
        self.stop.set()
        self._thread.join(20)
        self._sweep.join(20)
        self._engine.dispose()
        assert not self._thread.is_alive()


def main(redis_url: str, database_url: str, hang: str) -> None:
    def within(control: AnalysisControl) -> None:
        Path(hang).with_suffix(".reached").touch()
        while Path(hang).exists():
            control.check()
            threading.Event().wait(0.02)

    # So that a test notices within seconds that this program was killed.
    jobs.analyses.CLAIM_S = 4.0
    jobs.worker.HEARTBEAT_INTERVAL_S, jobs.worker.HEARTBEAT_TTL_S = 1, 3
    worker = ModelsWorker(redis_url, database_url, ObedientAnalyzer(within))
    worker.stop.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
