"""What is between a violation and the database fails or ends; the report is stored all the same, and once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from gotcha.config import load_config
from pipeline.report import ReportState
from simulator.rtsp_server import RtspServer
from storage.database import open_database
from storage.ports import ReportFilter, StoredReport
from storage.report_store import SqlReportStore
from tests.gotcha.conftest import LongParking
from tests.gotcha.program import Program, gotcha
from tests.gotcha.street import zones_of

pytestmark = pytest.mark.timeout(300)

PASSWORD = "s3cret"


@pytest.fixture
def camera(long_parking: LongParking) -> Iterator[RtspServer]:
    with RtspServer(long_parking.path, user="viewer", password=PASSWORD, loop=False) as server:
        yield server


def write_config(folder: Path, camera: RtspServer, parking: LongParking, *, dwell_s: float) -> Path:
    zones = zones_of(parking.scene, dwell_s=dwell_s, photo_gap_s=3.0, more=", report_unread: true")
    path = folder / "config.yaml"
    path.write_text(f"""
state_dir: state
web: {{enabled: false}}
detector: {{backend: onnx}}
plates: {{enabled: false}}
evidence: {{clip_before_s: 1, clip_after_s: 1}}
cameras:
  gate:
    kind: rtsp
    url: {camera.url.replace("rtsp://", "rtsp://viewer:${PASSWORD}@")}
    zones: {zones}
""")
    return path


def stored(config: Path) -> tuple[StoredReport, ...]:
    database = open_database(load_config(config, {"PASSWORD": PASSWORD}).database_url)
    try:
        return SqlReportStore(database).list(ReportFilter())
    finally:
        database.dispose()


def kill(processes: list[psutil.Process]) -> None:
    assert processes
    for process in processes:
        process.kill()


def assert_clean(program: Program) -> None:
    assert program.exit_code == 0, program.log
    assert "Traceback" not in program.log
    assert PASSWORD not in program.log + program.shown
    assert "wait on disk" not in program.shown


def wait_until_stored(program: Program, config: Path, state: ReportState) -> None:
    """Until the database, not only the program, knows of a report in this state."""
    program.wait_for(f"is {state.value}")
    pause = threading.Event()
    for _ in range(600):
        if any(report.state is state for report in stored(config)):
            return
        assert program.exit_code is None, program.log
        pause.wait(0.1)
    raise AssertionError(f"nothing {state.value} was stored:\n{program.log}")


def test_worker_and_redis_are_killed_in_mid_run(
    tmp_path: Path, camera: RtspServer, long_parking: LongParking
) -> None:
    """Both go while the report is temporary; the program starts them again by itself."""
    config = write_config(tmp_path, camera, long_parking, dwell_s=8.0)
    with gotcha(config, "run", PASSWORD=PASSWORD) as program:
        program.wait_for("is temporary")
        worker, redis = program.children("spawn_main"), program.children("redis-server")
        kill(worker)
        kill(redis)
        program.wait_for("the worker on the queue light ended with status -9")
        program.wait_for("the embedded Redis ended")
        wait_until_stored(program, config, ReportState.FINAL)
        program.interrupt()
        assert_clean(program)
    (report,) = stored(config)
    assert (report.report.camera, report.state) == ("gate", ReportState.FINAL)


def test_ctrl_c_during_a_violation_and_a_restart_are_one_report(
    tmp_path: Path, camera: RtspServer, long_parking: LongParking
) -> None:
    config = write_config(tmp_path, camera, long_parking, dwell_s=20.0)
    with gotcha(config, "run", PASSWORD=PASSWORD) as program:
        wait_until_stored(program, config, ReportState.TEMPORARY)
        began = program.log.partition(": report ")[2][:8]
        took_s = program.interrupt()
        assert_clean(program)
        # Within 2 s on a free machine; the tests share theirs with others.
        assert took_s < 8
    (temporary,) = stored(config)
    assert temporary.state is ReportState.TEMPORARY
    with gotcha(config, "run", PASSWORD=PASSWORD) as program:
        wait_until_stored(program, config, ReportState.FINAL)
        program.interrupt()
        assert_clean(program)
        assert "is temporary" not in program.log
    (report,) = stored(config)
    assert report.report.id == temporary.report.id
    assert report.report.id.startswith(began)
    assert report.report.arrived_at == temporary.report.arrived_at
    assert report.report.violating_at is not None
    stood_s = (report.report.violating_at - report.report.arrived_at).total_seconds()
    # Wall-clock times of two runs are bridged to the microsecond, media time to the tick of 90 kHz.
    assert 19.99 <= stood_s < 60.0
