from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import pytest
from redis import Redis
from sqlalchemy import Engine

from jobs.dispatcher import Dispatcher
from jobs.embedded_redis import RedisService, open_redis
from jobs.outbox import Outbox
from jobs.repeat_search import RepeatSearch
from jobs.worker import run_worker
from storage.ports import ReportStore
from storage.report_store import SqlReportStore


def wait_for(condition: Callable[[], bool], timeout_s: float = 20.0, what: str = "the condition") -> None:
    """Wait until `condition` holds; fails the test when it does not in time."""
    deadline = monotonic() + timeout_s
    while not condition():
        assert monotonic() < deadline, f"{what} did not come true within {timeout_s} s"
        threading.Event().wait(0.02)


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'gotcha.db'}"


@pytest.fixture
def store(engine: Engine) -> SqlReportStore:
    return SqlReportStore(engine)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RedisService]:
    with open_redis(None, tmp_path) as service:
        yield service


@pytest.fixture
def client(service: RedisService) -> Iterator[Redis]:
    client = service.connect()
    yield client
    client.close()


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    outbox = Outbox(tmp_path / "outbox.db")
    yield outbox
    outbox.close()


@pytest.fixture
def dispatcher(outbox: Outbox, service: RedisService) -> Iterator[Dispatcher]:
    """Not started."""
    dispatcher = Dispatcher(outbox, service.connect())
    yield dispatcher
    dispatcher.stop()
    assert dispatcher.join(10)


@dataclass
class Workers:
    """Starts workers as threads of the test; all are stopped and waited for at its end."""

    url: str

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, store: ReportStore, *, repeats: RepeatSearch | None = None) -> None:
        thread = threading.Thread(
            target=run_worker, args=(self.url, store), kwargs={"stop": self._stop, "repeats": repeats}
        )
        thread.start()
        self._threads.append(thread)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(20)
            assert not thread.is_alive()


@pytest.fixture
def workers(service: RedisService) -> Iterator[Workers]:
    workers = Workers(service.url)
    yield workers
    workers.stop()
