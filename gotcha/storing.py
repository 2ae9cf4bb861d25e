"""Storing what the queue holds: the worker wired to the database."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from gotcha.anchoring import anchor_file, anchoring
from gotcha.config import Config
from gotcha.evidence_wiring import open_evidence
from gotcha.notifying import notifying
from gotcha.retention import purging_hourly
from gotcha.state_folder import prepare
from gotcha.worker_process import WorkerGroup, WorkerProcess, work_on
from jobs.dispatcher import JOB_TIMEOUT_S
from jobs.embedded_redis import open_redis
from jobs.queue_name import QueueName
from jobs.repeat_search import RepeatSearch
from jobs.worker import run_worker
from storage.database import open_database
from storage.place_history import PlaceHistory
from storage.report_store import SqlReportStore

_KEEP_ALIVE_S = 0.5


def store_reports(config: Config, redis_url: str, stop: threading.Event | None = None) -> None:
    """Work on the queue at `redis_url` until `stop` is set or SIGTERM comes.

    Raises:
        StorageError: the database cannot be opened or brought up to date; says what to do.
        EvidenceError: the evidence folder or bucket cannot be used.
        QueueError: the address of Redis is wrong.
    """
    database = open_database(config.database_url)
    try:
        store = SqlReportStore(database)
        repeats = RepeatSearch(
            store=store,
            history=PlaceHistory(database),
            evidence=open_evidence(config),
            window_s=config.repeats.window_s,
        )
        with (
            anchoring(anchor_file(config), database),
            purging_hourly(config, database),
            notifying(config, database, redis_url),
        ):
            run_worker(redis_url, store, repeats=repeats, stop=stop)
    finally:
        database.dispose()


def run_separate_workers(
    config: Config, stop: threading.Event, *, number: int = 1, queues: Sequence[QueueName] = tuple(QueueName)
) -> None:
    """What `gotcha worker` does: the queue of the configuration, or the embedded one of its state folder.

    Args:
        config: whose queue and database.
        stop: ends them, each after the job it is doing.
        number: how many for each queue; more than one in all are processes of their own, started again
            should they die.
        queues: which ones they work on.

    Raises:
        StorageError, EvidenceError, UploadError, QueueError: see `work_on`; also when Redis does not answer.
    """
    prepare(config.state_dir)
    with open_redis(config.redis_url, config.state_dir) as service:
        if number == 1 and len(queues) == 1:
            work_on(queues[0], config, service.url, stop)
            return
        # What is wrong with the database is said once and at once, not by each of them for ever.
        open_database(config.database_url).dispose()
        workers = WorkerGroup(
            [WorkerProcess(config, service.url, queue) for queue in queues for _ in range(number)]
        )
        try:
            workers.start()
            while not stop.wait(_KEEP_ALIVE_S):
                workers.keep_alive()
        finally:
            workers.stop(within_s=JOB_TIMEOUT_S)
