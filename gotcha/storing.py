"""Storing what the queue holds: the worker wired to the database."""

from __future__ import annotations

import threading

from gotcha.config import Config
from gotcha.retention import purging_hourly
from gotcha.state_folder import prepare
from jobs.embedded_redis import open_redis
from jobs.worker import run_worker
from storage.database import open_database
from storage.report_store import SqlReportStore


def store_reports(config: Config, redis_url: str, stop: threading.Event | None = None) -> None:
    """Work on the queue at `redis_url` until `stop` is set or SIGTERM comes.

    Raises:
        StorageError: the database cannot be opened or brought up to date; says what to do.
        QueueError: the address of Redis is wrong.
    """
    database = open_database(config.database_url)
    try:
        with purging_hourly(config, database):
            run_worker(redis_url, SqlReportStore(database), stop=stop)
    finally:
        database.dispose()


def run_separate_worker(config: Config, stop: threading.Event) -> None:
    """What `gotcha worker` does: the queue of the configuration, or the embedded one of its state folder.

    Raises:
        StorageError, QueueError: see `store_reports`; also when Redis does not answer.
    """
    prepare(config.state_dir)
    with open_redis(config.redis_url, config.state_dir) as service:
        store_reports(config, service.url, stop)
