"""From request to result through a real Redis: each analysis completes once, whatever is killed."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pytest
from redis import Redis
from sqlalchemy import Engine

from jobs.analyses import MAX_ATTEMPTS, AnalysisRunner
from jobs.analysis_queue import AnalysisQueue
from jobs.context import TaskContext, given
from jobs.embedded_redis import RedisService
from jobs.queues import AllowedJob, QueueName, open_queue
from jobs.redis_connection import connect
from jobs.tasks import run_analysis
from pipeline.errors import (
    EvidenceUnavailableError,
    GotchaError,
    PictureError,
    QueueError,
    StorageUnavailableError,
    UploadUnavailableError,
)
from storage.analyses import Analysis, AnalysisKind, AnalysisState
from storage.analysis_store import AnalysisStore
from storage.report_store import SqlReportStore
from tests.jobs.analysis_rig import ModelsWorker, ObedientAnalyzer, asked, until_stopped
from tests.jobs.conftest import wait_for
from tests.reports import NOON, hex_id


class StartWorker(Protocol):
    """Starts a worker that ends with the test."""

    def __call__(self, analyzer: ObedientAnalyzer, queue: QueueName = QueueName.MODELS) -> ModelsWorker: ...


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits of seconds become tenths; nothing else changes."""
    monkeypatch.setattr("jobs.analysis_queue.SWEEP_EVERY_S", 0.1)
    monkeypatch.setattr("jobs.analysis_queue._GRACE_S", 0.2)
    monkeypatch.setattr("jobs.analyses.RENEW_EVERY_S", 0.2)
    monkeypatch.setattr("jobs.analyses.AWAY_WAIT_S", 0.2)


@pytest.fixture
def analyses(engine: Engine) -> AnalysisStore:
    return AnalysisStore(engine)


@pytest.fixture
def queue(analyses: AnalysisStore, client: Redis) -> AnalysisQueue:
    return AnalysisQueue(analyses, client)


@pytest.fixture
def start(service: RedisService, database_url: str, engine: Engine) -> Iterator[StartWorker]:
    started: list[ModelsWorker] = []

    def begin(analyzer: ObedientAnalyzer, queue: QueueName = QueueName.MODELS) -> ModelsWorker:
        started.append(ModelsWorker(service.url, database_url, analyzer, queue))
        return started[-1]

    yield begin
    for worker in started:
        worker.end()


def found(analyses: AnalysisStore, name: str | int) -> Analysis:
    analysis = analyses.get(hex_id(name))
    assert analysis is not None
    return analysis


def wait_for_end(analyses: AnalysisStore, *names: str | int, timeout_s: float = 40.0) -> None:
    wait_for(lambda: all(found(analyses, name).ended for name in names), timeout_s, "the end of the analyses")


def attempt(analysis: Analysis) -> object:
    assert analysis.result is not None
    return json.loads(analysis.result)["attempt"]


def test_what_is_asked_for_is_done(
    analyses: AnalysisStore, queue: AnalysisQueue, start: StartWorker, client: Redis
) -> None:
    analyzer = ObedientAnalyzer()
    start(analyzer)
    assert queue.submit(asked("a")).new
    assert not queue.submit(asked("a")).new
    wait_for_end(analyses, "a")
    done = found(analyses, "a")
    assert (done.state, attempt(done), analyzer.calls) == (AnalysisState.COMPLETED, 1, [hex_id("a")])
    assert (done.progress.done_s, done.progress.whole_s) == (4.0, 4.0)
    wait_for(lambda: list(client.scan_iter("rq:job:*")) == [], what="the job being gone")


def test_an_emptied_redis_loses_nothing(
    analyses: AnalysisStore, queue: AnalysisQueue, start: StartWorker, client: Redis
) -> None:
    for number in range(10):
        queue.submit(asked(number))
    client.flushall()
    analyzer = ObedientAnalyzer()
    start(analyzer)
    wait_for_end(analyses, *range(10))
    assert {found(analyses, number).state for number in range(10)} == {AnalysisState.COMPLETED}
    assert sorted(analyzer.calls) == sorted(map(hex_id, range(10)))


def test_a_photo_does_not_wait_behind_a_video_of_hours(
    analyses: AnalysisStore, queue: AnalysisQueue, start: StartWorker
) -> None:
    long = ObedientAnalyzer(until_stopped)
    start(long, QueueName.VIDEOS)
    start(ObedientAnalyzer())
    queue.submit(asked("video", AnalysisKind.VIDEO))
    wait_for(lambda: long.calls == [hex_id("video")], what="the video being worked on")
    queue.submit(asked("second video", AnalysisKind.VIDEO))
    for name, kind in (("a", AnalysisKind.PHOTO), ("b", AnalysisKind.DETECT), ("c", AnalysisKind.COMPARE)):
        queue.submit(asked(name, kind))
    wait_for_end(analyses, "a", "b", "c")
    assert found(analyses, "video").state is AnalysisState.PROCESSING
    assert found(analyses, "second video").state is AnalysisState.QUEUED


def test_a_video_that_redis_has_lost_comes_back_into_its_own_lane(
    analyses: AnalysisStore, queue: AnalysisQueue, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.submit(asked("a", AnalysisKind.VIDEO))
    client.flushall()
    wait_for(lambda: queue.sweep() == 1, what="its being queued again")
    lanes = {name: open_queue(client, name).count for name in QueueName}
    assert lanes == {QueueName.LIGHT: 0, QueueName.MODELS: 0, QueueName.VIDEOS: 1}
    # As an earlier version has queued it: nobody must find it in the lane of what is short.
    client.flushall()
    monkeypatch.setattr("jobs.analysis_queue.lane_of", lambda _: QueueName.MODELS)
    wait_for(lambda: queue.sweep() == 1, what="its being queued as before")
    monkeypatch.undo()
    monkeypatch.setattr("jobs.analysis_queue.STRANDED_AFTER_S", 0.0)
    wait_for(lambda: queue.sweep() == 1, what="its being found where it does not belong")
    assert open_queue(client, QueueName.MODELS).count == 0
    assert open_queue(client, QueueName.VIDEOS).count == 1


def test_redis_emptied_in_mid_job(
    analyses: AnalysisStore, queue: AnalysisQueue, start: StartWorker, client: Redis
) -> None:
    """The job in work is swept into no second worker: the claim on its row keeps it where it is."""

    def within(_: object) -> None:
        client.flushall()
        wait_for(lambda: queue.sweep() >= 0)
        assert open_queue(client, QueueName.MODELS).count == 0

    analyzer = ObedientAnalyzer(within)
    start(analyzer)
    queue.submit(asked("a"))
    wait_for_end(analyses, "a")
    done = found(analyses, "a")
    assert (done.state, attempt(done), analyzer.calls) == (AnalysisState.COMPLETED, 1, [hex_id("a")])


def test_a_redis_that_is_away_at_the_request(
    analyses: AnalysisStore, start: StartWorker, tmp_path: Path
) -> None:
    away = AnalysisQueue(analyses, connect(f"unix://{tmp_path}/nobody.sock"))
    assert away.submit(asked("a")).new
    start(ObedientAnalyzer())
    wait_for_end(analyses, "a")
    assert found(analyses, "a").state is AnalysisState.COMPLETED


@pytest.fixture
def killed_in_mid_job(queue: AnalysisQueue, service: RedisService, database_url: str, tmp_path: Path) -> None:
    """The analysis `a` is asked for, and the worker that has begun it is killed."""
    hang = tmp_path / "hang"
    hang.touch()
    command = [sys.executable, "-m", "tests.jobs.analysis_rig", service.url, database_url, str(hang)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        queue.submit(asked("a"))
        wait_for(hang.with_suffix(".reached").exists, what="the worker being in mid-job")
    finally:
        process.kill()
        process.wait()


@pytest.mark.usefixtures("killed_in_mid_job")
def test_a_worker_killed_in_mid_job(analyses: AnalysisStore, start: StartWorker, client: Redis) -> None:
    assert found(analyses, "a").state is AnalysisState.PROCESSING
    # Both at once: the job of the killed worker is gone from Redis too.
    client.flushall()
    analyzer = ObedientAnalyzer()
    start(analyzer)
    wait_for_end(analyses, "a")
    done = found(analyses, "a")
    assert (done.state, attempt(done), done.attempts) == (AnalysisState.COMPLETED, 2, 2)
    assert analyzer.calls == [hex_id("a")]


@pytest.mark.usefixtures("killed_in_mid_job")
def test_a_worker_killed_while_redis_lives(
    analyses: AnalysisStore, start: StartWorker, client: Redis
) -> None:
    """RQ calls the job failed once the heartbeat is over; the sweep takes it from there."""
    start(ObedientAnalyzer())
    wait_for_end(analyses, "a", timeout_s=60)
    done = found(analyses, "a")
    assert (done.state, attempt(done)) == (AnalysisState.COMPLETED, 2)
    wait_for(lambda: not client.exists(AllowedJob.key_for(hex_id("a"))), what="the job being gone")


def test_a_file_that_kills_its_workers_is_given_up(
    analyses: AnalysisStore, queue: AnalysisQueue, start: StartWorker, engine: Engine
) -> None:
    queue.submit(asked("a"))
    for number in range(MAX_ATTEMPTS):
        created = found(analyses, "a").created_at
        assert analyses.begin(hex_id("a"), claim=str(number), at=created, until=created)
    analyzer = ObedientAnalyzer()
    start(analyzer)
    wait_for_end(analyses, "a")
    done = found(analyses, "a")
    assert (done.state, analyzer.calls) == (AnalysisState.FAILED, [])
    assert "given up" in done.error


def test_a_file_that_cannot_be_analysed(
    analyses: AnalysisStore, queue: AnalysisQueue, start: StartWorker
) -> None:
    def within(_: object) -> None:
        raise PictureError("the picture is damaged")

    start(ObedientAnalyzer(within))
    queue.submit(asked("a"))
    wait_for_end(analyses, "a")
    done = found(analyses, "a")
    assert (done.state, done.error) == (AnalysisState.FAILED, "the picture is damaged")


def test_a_bug_ends_one_analysis_and_not_the_worker(
    analyses: AnalysisStore, queue: AnalysisQueue, start: StartWorker
) -> None:
    def within(_: object) -> None:
        if len(analyzer.calls) == 1:
            raise ZeroDivisionError("secret")

    analyzer = ObedientAnalyzer(within)
    start(analyzer)
    queue.submit(asked("a"))
    queue.submit(asked("b"))
    wait_for_end(analyses, "a", "b")
    assert found(analyses, "a").error == "an unexpected error, which is a bug of Gotcha's: ZeroDivisionError"
    assert found(analyses, "b").state is AnalysisState.COMPLETED


@pytest.mark.parametrize("away", [StorageUnavailableError, UploadUnavailableError, EvidenceUnavailableError])
def test_a_database_folder_or_bucket_that_is_away_costs_no_attempt(
    analyses: AnalysisStore, queue: AnalysisQueue, start: StartWorker, away: type[GotchaError]
) -> None:
    def within(_: object) -> None:
        if len(analyzer.calls) <= MAX_ATTEMPTS:
            raise away("it is away")

    analyzer = ObedientAnalyzer(within)
    start(analyzer)
    queue.submit(asked("a"))
    wait_for_end(analyses, "a")
    done = found(analyses, "a")
    assert (done.state, attempt(done), len(analyzer.calls)) == (AnalysisState.COMPLETED, 1, MAX_ATTEMPTS + 1)


def test_after_a_long_try_it_waits_as_long(analyses: AnalysisStore) -> None:
    """A video whose evidence could not be kept was analysed from its begin all night."""
    clock = [NOON]

    def within(_: object) -> None:
        clock[0] += timedelta(minutes=5)
        raise EvidenceUnavailableError("the disk is full")

    analyses.submit(asked("a", AnalysisKind.VIDEO), at=NOON)
    AnalysisRunner(analyses, ObedientAnalyzer(within), threading.Event(), lambda: clock[0]).run(hex_id("a"))

    def is_due(after: timedelta) -> bool:
        return bool(analyses.waiting(created_before=clock[0], now=clock[0] + after))

    assert (is_due(timedelta(seconds=299)), is_due(timedelta(seconds=301))) == (False, True)


def test_a_running_analysis_is_cancelled(
    analyses: AnalysisStore, queue: AnalysisQueue, start: StartWorker
) -> None:
    start(ObedientAnalyzer(until_stopped))
    queue.submit(asked("a"))
    wait_for(lambda: found(analyses, "a").progress.done_s == 1.0, what="its progress being told")
    queue.cancel(hex_id("a"))
    wait_for_end(analyses, "a")
    assert found(analyses, "a").state is AnalysisState.CANCELLED
    assert queue.cancel(hex_id("unknown")) is None


def test_a_worker_that_stops_puts_its_analysis_back(
    analyses: AnalysisStore, queue: AnalysisQueue, start: StartWorker
) -> None:
    first = ObedientAnalyzer(until_stopped)
    worker = start(first)
    queue.submit(asked("a"))
    wait_for(lambda: first.calls != [], what="the analysis being begun")
    worker.stop.set()
    wait_for(lambda: found(analyses, "a").state is AnalysisState.QUEUED, what="its being put back")
    start(ObedientAnalyzer())
    wait_for_end(analyses, "a")
    assert attempt(found(analyses, "a")) == 1


def test_a_worker_without_models_leaves_analyses_to_others(
    analyses: AnalysisStore,
    queue: AnalysisQueue,
    service: RedisService,
    client: Redis,
    start: StartWorker,
) -> None:
    queue.submit(asked("a"))
    context = TaskContext(store=SqlReportStore(analyses._engine), redis=client, worker="light")
    with given(context), pytest.raises(QueueError, match="no models"):
        run_analysis(hex_id("a"))
    assert found(analyses, "a").state is AnalysisState.QUEUED
