"""The set-up of docs/several-machines.md: two nodes share a camera, one is killed, the other goes on.

Redis, PostgreSQL and S3, two nodes and two workers, each a process with a state folder of its own.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest
from redis import Redis

from bench.database_proxy import DatabaseProxy
from jobs.camera_leases import CameraLeases
from jobs.embedded_redis import open_redis
from pipeline.report import EvidenceKind, ReportState
from simulator.casting import Cast
from simulator.light_courses import light_track
from simulator.rtsp_server import RtspServer
from simulator.scene import Scene, SceneScript
from simulator.scenes import CLOSE_PLACES, CLOSE_SIZE, kerb_zones, viewpoint
from simulator.street import make_layout
from simulator.vehicle_model import VehicleKind
from storage.database import open_database
from storage.evidence_bucket import EvidenceBucket
from storage.ports import ReportFilter, StoredReport
from storage.report_store import SqlReportStore
from storage.whole_check import verify_all
from tests.gotcha.street import write_long_parking
from tests.postgres import NewDatabase
from tests.s3 import NewBucket

pytestmark = pytest.mark.timeout(300)

LENGTH_S = 75.0
# What is drawn; its second half, in which nothing moves, is shown again and again.
DRAWN_S = 16.0
ARRIVES_S = 4.0
DWELL_S = 35.0
PROGRAM = "from gotcha.cli import main; main()"


@pytest.fixture(scope="module")
def scene() -> Scene:
    """A close view in which one vehicle parks at second 4 and stays."""
    rng = random.Random("hand over")
    layout = make_layout(rng.randrange(1 << 30), one_way=True, crossing_y=None)
    view = viewpoint(CLOSE_SIZE, layout, rng, close=True)
    cast = Cast(layout, rng, flow=1)
    cast.park("right", CLOSE_PLACES[0][1], ARRIVES_S, LENGTH_S + 5, VehicleKind.SEDAN)
    return Scene(
        SceneScript(
            kind="hand_over",
            seed=1,
            fps=4.0,
            duration_s=DRAWN_S,
            view=view,
            layout=layout,
            light=light_track("overcast", rng, DRAWN_S),
            actors=tuple(cast.actors),
            zones=kerb_zones(view, layout, cast),
            note="hand over",
        )
    )


@pytest.fixture(scope="module")
def video(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("street") / "street.mp4"
    write_long_parking(scene, path, length_s=LENGTH_S)
    return path


@dataclass(frozen=True, slots=True)
class Program:
    """A `gotcha` command that runs as a process of its own; what it says goes into a file."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid


@contextmanager
def program(folder: Path, config: str, *command: str) -> Iterator[Program]:
    folder.mkdir()
    (folder / "config.yaml").write_text(config)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "--config", str(folder / "config.yaml"), *command],
            stdout=log,
            stderr=log,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
    try:
        yield Program(process, folder / "log")
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def soon(found: Callable[[], object], within_s: float, what: str, *programs: Program) -> float:
    """Wait until `found`; how long that took, seconds."""
    began = monotonic()
    while not found():
        if monotonic() - began > within_s:
            logs = "\n".join(one.log.read_text() for one in programs)
            pytest.fail(f"{what} did not happen within {within_s} s\n{logs}")
        threading.Event().wait(0.1)
    return monotonic() - began


def as_if_long_up(client: Redis) -> None:
    """A Redis that has just begun keeps everybody waiting for one lease's time."""
    run = client.info("server")["run_id"]
    client.hset("gotcha:leases:epoch", mapping={"run": run, "since": 0})


def test_a_killed_nodes_camera_is_watched_on_and_its_vehicle_reported_once(
    scene: Scene, video: Path, new_postgres_database: NewDatabase, new_bucket: NewBucket, tmp_path: Path
) -> None:
    zones = "".join(
        f"""
      - name: {zone.name}
        kind: {zone.kind}
        polygon: {[[p.x, p.y] for p in zone.polygon.points]}
        dwell_s: {DWELL_S}
        photo_gap_s: 6"""
        for zone in scene.truth().zones
    )
    bucket = new_bucket()
    with ExitStack() as stack:
        # Over TCP, as from another machine.
        database_url = stack.enter_context(DatabaseProxy(new_postgres_database())).url
        service = stack.enter_context(open_redis(None, tmp_path / "shared"))
        rtsp = stack.enter_context(RtspServer(video, loop=False))
        client = service.connect()
        as_if_long_up(client)
        config = f"""
evidence: {{s3: {{bucket: {bucket.bucket}, endpoint: '{bucket.endpoint}'}}}}
queue: {{url: "{service.url}"}}
database: {{url: "{database_url}"}}
detector: {{backend: onnx}}
web: {{enabled: false}}
cameras:
  gate:
    kind: rtsp
    url: {rtsp.url}
    zones:{zones}
"""
        engine = open_database(database_url)
        stack.callback(engine.dispose)
        store = SqlReportStore(engine)
        leases = CameraLeases(client, "test")

        def stored(*states: ReportState) -> tuple[StoredReport, ...]:
            return store.list(ReportFilter(states=frozenset(states)))

        def holder() -> str | None:
            return leases.holders(["gate"])["gate"]

        stack.enter_context(program(tmp_path / "worker", config, "worker", "-n", "2"))
        nodes = [
            stack.enter_context(program(tmp_path / f"node {number}", config, "watch")) for number in (1, 2)
        ]
        soon(holder, 60, "a node taking the camera", *nodes)
        soon(lambda: rtsp.connections, 30, "a node watching", *nodes)
        began_at = datetime.now(UTC)
        first_holder = str(holder())
        (killed,) = (node for node in nodes if f"-{node.pid}-" in first_holder)
        (other,) = (node for node in nodes if node is not killed)
        soon(lambda: stored(ReportState.TEMPORARY), 60, "photo 1", *nodes)
        noted = stored(ReportState.TEMPORARY)
        assert f"-{other.pid}-" not in str(holder())
        watched_by_one = rtsp.connections

        os.kill(killed.pid, signal.SIGKILL)
        taken_s = soon(lambda: f"-{other.pid}-" in str(holder()), 30, "the other node taking over", other)
        watched_s = soon(lambda: rtsp.connections > watched_by_one, 30, "watching again", other)
        assert taken_s + watched_s < 30

        soon(lambda: stored(ReportState.FINAL), 90, "the final report", other)
        (report,) = (one.report for one in stored())
        (temporary,) = (step for step in store.history(report.id) if step.revision == 1)
        assert temporary.to_state is ReportState.TEMPORARY
        assert report.state is ReportState.FINAL
        assert not report.since_start
        (halt,) = scene.truth().stationary
        # The stream began when the first node asked for it, up to a second before `began_at`.
        arrived = report.arrived_at - (began_at + timedelta(seconds=halt.t0))
        assert abs(arrived) <= timedelta(seconds=3)
        assert report.violating_at is not None
        assert report.violating_at - report.arrived_at < timedelta(seconds=DWELL_S + 15)
        # What the killed node had stored is in the report of the other.
        first = next(item for item in report.evidence if item.kind is EvidenceKind.PHOTO_1)
        assert first in next(iter(noted)).report.evidence
        check = verify_all(engine, EvidenceBucket(bucket))
        assert check.faults == ()
        assert len(check.records.evidence) == len(report.evidence) >= 5
