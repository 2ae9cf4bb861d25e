"""Working on the queues of analyses: the workers of photos and of videos, wired to everything."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from time import monotonic

from gotcha.analyzers import AnalysisTools, CurrentAnalyzers, LazyModels
from gotcha.beside import beside, outlasting
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
from storage.analysis_store import AnalysisStore
from storage.database import open_database
from storage.device_store import LONGEST_WAIT, SqlDevices
from storage.place_history import PlaceHistory
from storage.report_store import SqlReportStore

_log = logging.getLogger(__name__)

_GIVE_UP_EVERY_S = 15.0
_PURGE_FIRST_S, _PURGE_EVERY_S = 60.0, 3600.0


def analyze_uploads(
    config: Config,
    redis_url: str,
    stop: threading.Event | None = None,
    models: LazyModels | None = None,
    *,
    queue: QueueName = QueueName.MODELS,
) -> None:
    """Work on a queue of analyses at `redis_url` until `stop` is set or SIGTERM comes.

    An analysis that runs then is put back in line.

    Args:
        config: whose files, models and database.
        redis_url: the queue's Redis, an embedded one's too.
        stop: ends it; without one only a signal does.
        models: by default those of `config`, opened when the first file comes.
        queue: of videos, or of everything that takes seconds.

    Raises:
        StorageError: the database cannot be opened or brought up to date; says what to do.
        EvidenceError, UploadError: a folder or bucket cannot be used.
        QueueError: the address of Redis is wrong.
    """
    stop = threading.Event() if stop is None else stop
    with opened_tools(config, redis_url, models) as tools:
        analyses = AnalysisStore(tools.engine)
        sweep = AnalysisSweep(AnalysisQueue(analyses, connect(redis_url)), stop)
        sweep.start()
        # Once is enough, and what is small is there wherever files are taken.
        upkeep = _upkeep(tools, analyses) if queue is QueueName.MODELS else nullcontext()
        with upkeep:
            run_worker(
                redis_url,
                tools.reports,
                queue=queue,
                analyses=AnalysisRunner(
                    analyses,
                    CurrentAnalyzers(tools),
                    stop,
                    patience=timedelta(seconds=config.uploads.outage_wait_s),
                ),
                stop=stop,
            )
        sweep.join(5.0)


@contextmanager
def opened_tools(config: Config, redis_url: str, models: LazyModels | None = None) -> Iterator[AnalysisTools]:
    """What analyzers work with, open while the block lasts; raises as `analyze_uploads`."""
    engine = open_database(config.database_url)
    try:
        evidence, reports, client = open_evidence(config), SqlReportStore(engine), connect(redis_url)
        repeats = RepeatSearch(
            store=reports,
            history=PlaceHistory(engine),
            evidence=evidence,
            window_s=config.repeats.window_s,
        )
        yield AnalysisTools(
            config=config,
            models=models or LazyModels(config),
            uploads=open_uploads(config),
            evidence=evidence,
            reports=reports,
            keeper=ReportKeeper(reports, client, repeats=repeats, by=f"{socket.gethostname()}-{os.getpid()}"),
            engine=engine,
            redis=client,
        )
    finally:
        engine.dispose()


@contextmanager
def _upkeep(tools: AnalysisTools, analyses: AnalysisStore) -> Iterator[None]:
    """In a thread: photos whose second one did not come are rejected, and hourly what is old goes."""
    from gotcha.photo_pairs import PhotoPairs

    pairs = PhotoPairs(tools)

    def work(stop: threading.Event) -> None:
        next_purge_s = monotonic() + _PURGE_FIRST_S
        while not stop.wait(_GIVE_UP_EVERY_S):
            with outlasting(_log, "the upkeep of uploads waits: %s", "the upkeep of uploads failed"):
                if given_up := pairs.give_up(utc_now()):
                    _log.info("%d photos waited in vain for a second one: rejected", given_up)
                if monotonic() >= next_purge_s:
                    next_purge_s = monotonic() + _PURGE_EVERY_S
                    keep = timedelta(days=tools.config.uploads.keep_days)
                    gone = purge_uploads(tools.uploads, analyses, now=utc_now(), keep=keep)
                    if any(gone):
                        _log.info("%d analyses and %d uploaded files expired", *gone)
                    if unjudged := SqlDevices(tools.engine).purge(at=utc_now()):
                        _log.warning(
                            "%d frames of sleeping cameras went unjudged: nobody watched them for %d days",
                            unjudged,
                            LONGEST_WAIT.days,
                        )

    with beside("upload-upkeep", work):
        yield
