"""From camera to stored report: an RTSP camera and an ESP32-CAM that both fail on the way."""

from __future__ import annotations

import hashlib
import io
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from gotcha.config import parse_config
from gotcha.run_summary import RunSummary
from gotcha.runtime import Runtime
from pipeline.frame import Frame
from pipeline.geometry import Size
from pipeline.picture import Image
from pipeline.report import EvidenceKind, RejectionReason, Report, ReportState
from pipeline.watch_step import WatchStep
from simulator.esp32_server import Esp32Server
from simulator.rtsp_server import RtspServer
from simulator.scene import Scene
from simulator.truth import StandingTruth
from simulator.vehicle_model import VehicleKind
from simulator.video import write_video
from storage.database import open_database
from storage.evidence_folder import EvidenceFolder
from storage.ports import ReportFilter
from storage.report_store import SqlReportStore
from tests.gotcha.street import Parker, offenders, pictures, street, zones_of

pytestmark = pytest.mark.timeout(300)

LENGTH_S = 28.0
DWELL_S = 9.0


@pytest.fixture(scope="module")
def scene() -> Scene:
    """One vehicle parks from second 4 to 24, another stops for 5 s, traffic passes."""
    return street(
        length_s=LENGTH_S,
        parkers=(
            Parker(side="right", from_s=4.0, to_s=24.0),
            Parker(side="left", from_s=14.0, to_s=19.0, kind=VehicleKind.CITY_CAR),
        ),
    )


@pytest.fixture(scope="module")
def video(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("street") / "street.mp4"
    write_video(scene, path)
    return path


@dataclass(slots=True)
class Progress:
    """When each camera's first frame was taken, and how far it has come."""

    began_at: dict[str, datetime]
    at_s: dict[str, float]

    def __call__(self, camera: str, frame: Frame, step: WatchStep) -> None:
        self.began_at.setdefault(camera, frame.taken_at)
        self.at_s[camera] = frame.at_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    reports: tuple[Report, ...]
    summary: RunSummary
    progress: Progress
    evidence: EvidenceFolder
    log: str

    def of(self, camera: str, state: ReportState) -> list[Report]:
        return [r for r in self.reports if r.camera == camera and r.state is state]


@pytest.fixture(scope="module")
def outcome(scene: Scene, video: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    """One run over both cameras: the RTSP server restarts at second 9, the ESP32-CAM reboots at second 11."""
    state = tmp_path_factory.mktemp("state")
    shown = pictures(video)

    def sensor(at_s: float, _size: Size) -> Image:
        return shown[min(int(at_s * 5), len(shown) - 1)]

    zones = zones_of(scene, dwell_s=DWELL_S, photo_gap_s=5.0, more=", confirm_s: 2")
    with (
        RtspServer(video, user="viewer", password="s3cret", loop=False) as rtsp,
        Esp32Server(sensor, fps=5.0) as esp32,
    ):
        text = f"""
state_dir: {state}
web: {{enabled: false}}
cameras:
  gate:
    kind: rtsp
    url: {rtsp.url.replace("rtsp://", "rtsp://viewer:${PASSWORD}@")}
    zones: {zones}
  maker:
    kind: esp32cam
    url: {esp32.base_url}
    stream_port: {esp32.stream_port}
    framesize: HD
    zones: {zones}
"""
        config = parse_config(text, environment={"PASSWORD": "s3cret"})
        progress, stop = Progress(began_at={}, at_s={}), threading.Event()
        log = io.StringIO()
        handler = logging.StreamHandler(log)
        logging.getLogger().addHandler(handler)
        runtime = Runtime(config, observe=progress)

        def trouble_and_end() -> None:
            waits = threading.Event()
            # The first frame may take its time on a busy machine; faults count from then.
            while len(progress.began_at) < 2 and not waits.wait(0.1):
                pass
            waits.wait(9.0)
            rtsp.restart(2.0)
            waits.wait(2.0)
            esp32.reboot()
            waits.wait(LENGTH_S - 11.0 - 1.0)
            for _ in range(300):
                if runtime.waiting == 0:
                    break
                waits.wait(0.1)
            stop.set()

        threading.Thread(target=trouble_and_end, daemon=True).start()
        try:
            summary = runtime.run_with_worker(stop)
        finally:
            logging.getLogger().removeHandler(handler)
    database = open_database(config.database_url)
    stored = SqlReportStore(database).list(ReportFilter(limit=100))
    yield Outcome(
        reports=tuple(s.report for s in stored),
        summary=summary,
        progress=progress,
        evidence=EvidenceFolder(config.evidence_dir),
        log=log.getvalue(),
    )
    database.dispose()


@pytest.fixture(scope="module")
def offender(scene: Scene) -> StandingTruth:
    (halt,) = offenders(scene, DWELL_S)
    return halt


@pytest.mark.parametrize("camera", ["gate", "maker"])
def test_one_final_report_for_each_camera_in_spite_of_the_faults(camera: str, outcome: Outcome) -> None:
    assert len(outcome.of(camera, ReportState.FINAL)) == 1
    assert outcome.of(camera, ReportState.DUPLICATE) == []
    assert outcome.summary.waiting == 0


def test_plate_place_and_start_are_the_truth(outcome: Outcome, offender: StandingTruth) -> None:
    (report,) = outcome.of("gate", ReportState.FINAL)
    assert report.plate.text == offender.plate
    assert report.zone == offender.zone
    start = report.arrived_at - outcome.progress.began_at["gate"]
    assert abs(start - timedelta(seconds=offender.t0)) <= timedelta(seconds=1.0)


def test_a_small_picture_never_gives_a_wrong_plate(outcome: Outcome, offender: StandingTruth) -> None:
    (report,) = outcome.of("maker", ReportState.FINAL)
    assert all(
        seen in (true, "?") for seen, true in zip(report.plate.text, offender.plate or "", strict=True)
    )


@pytest.mark.parametrize("camera", ["gate", "maker"])
def test_the_evidence_is_whole(camera: str, outcome: Outcome) -> None:
    (report,) = outcome.of(camera, ReportState.FINAL)
    kinds = {item.kind for item in report.evidence}
    assert kinds >= {
        EvidenceKind.PHOTO_1,
        EvidenceKind.PHOTO_2,
        EvidenceKind.PHOTO_1_MARKED,
        EvidenceKind.PHOTO_2_MARKED,
        EvidenceKind.PLATE,
    }
    for item in report.evidence:
        assert hashlib.sha256(outcome.evidence.get(item.key)).hexdigest() == item.sha256


def test_the_photos_of_an_esp32_cam_are_the_bytes_it_sent(outcome: Outcome) -> None:
    (report,) = outcome.of("maker", ReportState.FINAL)
    original = next(e for e in report.evidence if e.kind is EvidenceKind.PHOTO_1)
    data = np.frombuffer(outcome.evidence.get(original.key), np.uint8)
    assert bytes(data[:2]) == b"\xff\xd8"
    assert bytes(data[-2:]) == b"\xff\xd9"


def test_a_short_stop_is_never_an_accusation(outcome: Outcome) -> None:
    """Whether a live camera sees it depends on the machine; that of a file is in test_file_camera."""
    of_the_stop = {r.rejection for r in outcome.reports if r.zone == "kerb-left"}
    assert of_the_stop <= {RejectionReason.LEFT_BEFORE_DWELL}


def test_the_log_tells_of_the_disconnect_and_holds_no_password(outcome: Outcome) -> None:
    assert "gate: lost" in outcome.log
    assert "s3cret" not in outcome.log
