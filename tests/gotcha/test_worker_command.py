"""`gotcha worker`: several processes, started again when killed, ended in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from jobs.dispatcher import Dispatcher
from jobs.embedded_redis import open_redis
from jobs.outbox import Outbox
from pipeline.report import ReportState
from storage.database import open_database
from storage.ports import ReportFilter
from storage.report_store import SqlReportStore
from tests.jobs.conftest import wait_for
from tests.reports import final, temporary


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    program = "from gotcha.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", program, "--config", str(folder / "config.yaml"), "worker", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def workers_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    found = []
    for child in psutil.Process(process.pid).children(recursive=True):
        # A killed one has no command line any more.
        with suppress(psutil.NoSuchProcess):
            if "spawn_main" in " ".join(child.cmdline()):
                found.append(child)
    return found


def test_several_workers_store_and_end_with_the_program(tmp_path: Path) -> None:
    with open_redis(None, tmp_path / "redis") as service:
        url = f"sqlite:///{tmp_path / 'gotcha.db'}"
        (tmp_path / "config.yaml").write_text(
            f'queue: {{url: "{service.url}"}}\ndatabase: {{url: "{url}"}}\n'
        )
        client = service.connect()
        process = start(tmp_path, "-n", "2", "--queue", "light")
        try:
            wait_for(lambda: len(list(client.scan_iter("rq:worker:*"))) == 2, 60, "two workers")
            workers_of(process)[0].kill()
            wait_for(lambda: len(workers_of(process)) == 2, 30, "a new one for the killed one")
            outbox = Outbox(tmp_path / "outbox.db")
            for number in range(10):
                # Elsewhere each: ten vehicles, not one.
                outbox.offer(temporary(number, camera=f"camera {number}"))
                outbox.offer(final(number, camera=f"camera {number}"))
            dispatcher = Dispatcher(outbox, service.connect())
            dispatcher.start()
            assert dispatcher.wait_until_stored(40)
            dispatcher.stop()
            assert dispatcher.join(10)
            outbox.close()
            started = psutil.Process(process.pid).children(recursive=True)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
            assert psutil.wait_procs(started, timeout=5)[1] == []
        finally:
            process.kill()
            process.communicate()
        client.close()
        engine = open_database(url)
        states = [one.state for one in SqlReportStore(engine).list(ReportFilter())]
        engine.dispose()
    assert states == [ReportState.FINAL] * 10


def test_a_database_that_cannot_be_used_is_said_once_and_ends_it(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        'state_dir: state\ndatabase: {url: "postgresql://gotcha@127.0.0.1:1/none"}\n'
    )
    process = start(tmp_path, "-n", "3")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.count("is not available") == 1
    assert "Traceback" not in err
