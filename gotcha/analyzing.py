"""Working on the queue of models: the worker that analyses photos and videos, wired to everything."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from gotcha.analyzers import AnalysisTools, LazyModels, build_analyzers
from gotcha.config import Config
from gotcha.evidence_wiring import open_evidence
from gotcha.upload_wiring import open_uploads, purge_uploads
from jobs.analyses import AnalysisRunner
from jobs.analysis_queue import AnalysisQueue, AnalysisSweep
from jobs.context import utc_now
from jobs.queue_name import QueueName
from jobs.redis_connection import connect
from jobs.repeat_search import RepeatSearch
from jobs.report_keeper import ReportKeeper
from jobs.worker import run_worker
from pipeline.errors import GotchaError
from storage.analysis_store import AnalysisStore
from storage.database import open_database
from storage.place_history import PlaceHistory
from storage.report_store import SqlReportStore

_log = logging.getLogger(__name__)

_UPKEEP_FIRST_S, _UPKEEP_EVERY_S = 30.0, 3600.0


def analyze_uploads(
    config: Config, redis_url: str, stop: threading.Event | None = None, models: LazyModels | None = None
) -> None:
    """Work on the queue of models at `redis_url` until `stop` is set or SIGTERM comes.

    An analysis that runs then is put back in line.

    Args:
        config: whose files, models and database.
        redis_url: the queue's Redis, an embedded one's too.
        stop: ends it; without one only a signal does.
        models: by default those of `config`, opened when the first file comes.

    Raises:
        StorageError: the database cannot be opened or brought up to date; says what to do.
        EvidenceError, UploadError: a folder or bucket cannot be used.
        QueueError: the address of Redis is wrong.
    """
    stop = threading.Event() if stop is None else stop
    engine = open_database(config.database_url)
    try:
        redis = connect(redis_url)
        evidence, reports = open_evidence(config), SqlReportStore(engine)
        repeats = RepeatSearch(
            store=reports,
            history=PlaceHistory(engine),
            evidence=evidence,
            window_s=config.repeats.window_s,
        )
        tools = AnalysisTools(
            config=config,
            models=models or LazyModels(config),
            uploads=open_uploads(config),
            evidence=evidence,
            reports=reports,
            keeper=ReportKeeper(reports, redis, repeats=repeats, by=f"{socket.gethostname()}-{os.getpid()}"),
            engine=engine,
            redis=redis,
        )
        analyses = AnalysisStore(engine)
        sweep = AnalysisSweep(AnalysisQueue(analyses, connect(redis_url)), stop)
        sweep.start()
        with _upkeep(tools, analyses):
            run_worker(
                redis_url,
                reports,
                queue=QueueName.MODELS,
                analyses=AnalysisRunner(analyses, build_analyzers(tools), stop),
                stop=stop,
            )
        sweep.join(5.0)
    finally:
        engine.dispose()


@contextmanager
def _upkeep(tools: AnalysisTools, analyses: AnalysisStore) -> Iterator[None]:
    """Once an hour, in a thread: what is kept no longer goes."""
    stop = threading.Event()

    def work() -> None:
        wait_s = _UPKEEP_FIRST_S
        while not stop.wait(wait_s):
            wait_s = _UPKEEP_EVERY_S
            try:
                keep = timedelta(days=tools.config.uploads.keep_days)
                gone = purge_uploads(tools.uploads, analyses, now=utc_now(), keep=keep)
                if any(gone):
                    _log.info("%d analyses and %d uploaded files expired", *gone)
            except GotchaError as error:
                _log.error("the upkeep of uploads failed, the next is in an hour: %s", error)
            except Exception:  # noqa: BLE001 - the thread's border: the worker beside it must go on
                _log.exception("the upkeep of uploads failed, the next is in an hour")

    thread = threading.Thread(target=work, name="upload-upkeep", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(2.0)
