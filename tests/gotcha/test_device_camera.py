"""A camera that sends a frame every twenty seconds: judged like any other, and no crash loses a frame."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from sqlalchemy import Engine

from gotcha.config import Config, parse_config
from gotcha.device_inbox import DatabaseInbox, JudgingMemory
from gotcha.models import Models
from gotcha.source_wiring import build_source
from gotcha.wiring import build_watch
from pipeline.frame import Frame
from pipeline.picture import ArrayPicture
from pipeline.report import CameraEvent, Report, ReportState
from simulator.scene import Scene
from simulator.scenes import build_scene
from storage.device_store import SqlDevices
from storage.devices import DeviceSettings, SentFrame
from storage.evidence_folder import EvidenceFolder

EVERY_S = 20
LASTS_S = 300.0
BEGIN = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)


class Reports:
    def __init__(self) -> None:
        self.items: list[Report] = []

    def offer(self, item: Report | CameraEvent) -> None:
        if isinstance(item, Report):
            self.items.append(item)


@pytest.fixture(scope="module")
def scene() -> Scene:
    return build_scene("day", 7, duration_s=LASTS_S)


@pytest.fixture
def config(tmp_path: Path, scene: Scene) -> Config:
    zones = "".join(
        f"      - {{name: {zone.name}, kind: no_parking, dwell_s: 90, photo_gap_s: 20, report_unread: true,"
        f" polygon: {[[point.x, point.y] for point in zone.polygon.points]}}}\n"
        for zone in scene.truth().zones
    )
    text = f"state_dir: {tmp_path}\nplates: {{enabled: false}}\ncameras:\n  lane:\n    kind: device\n"
    return parse_config(f"{text}    interval_s: {EVERY_S}\n    zones:\n{zones}", environment={})


@pytest.fixture
def database_url(config: Config) -> str:
    return config.database_url


def test_dwell_is_counted_by_the_frames_own_times(
    config: Config, engine: Engine, scene: Scene, tmp_path: Path
) -> None:
    devices = SqlDevices(engine)
    devices.add("lane-cam", "lane", at=BEGIN)
    times = range(0, int(LASTS_S), EVERY_S)
    for at_s in times:
        jpeg = bytes(cv2.imencode(".jpg", scene.frame(float(at_s)))[1])
        taken_at = BEGIN + timedelta(seconds=at_s)
        devices.take("lane-cam", SentFrame(jpeg=jpeg, taken_at=taken_at), at=taken_at)
    source = build_source(config, "lane")
    sink = Reports()
    watch = build_watch(
        config,
        "lane",
        models=Models(config),
        evidence=EvidenceFolder(tmp_path / "evidence"),
        sink=sink,
        cut=source.clip,
    )
    stop = threading.Event()
    for seen, frame in enumerate(source.frames(stop), start=1):
        watch.step(frame)
        if seen == len(times):
            stop.set()
    final = {report.id: report for report in sink.items if report.state is ReportState.FINAL}
    halts = [halt for halt in scene.truth().stationary if halt.t1 - halt.t0 >= 120]
    assert len(final) == len(halts)
    for halt in halts:
        arrivals = [(report.arrived_at - BEGIN).total_seconds() for report in final.values()]
        assert min(abs(arrived_s - halt.t0) for arrived_s in arrivals) <= EVERY_S


def sent(devices: SqlDevices, count: int) -> None:
    devices.add("lane-cam", "lane", at=BEGIN)
    for number in range(count):
        taken_at = BEGIN + timedelta(seconds=EVERY_S * number)
        devices.take("lane-cam", SentFrame(jpeg=b"%d" % number, taken_at=taken_at), at=taken_at)


class Kept:
    """A memory in memory; `full` makes it refuse."""

    full = False

    def save(self, camera: str, state: bytes) -> None:
        if self.full:
            raise OSError("the disk is full")

    def load(self, camera: str) -> bytes | None:
        return None

    def set_aside(self, camera: str) -> None:
        """Nothing is kept."""

    def take_accepted_view(self, camera: str) -> bool:
        return False


def test_a_frame_stays_in_the_inbox_until_a_state_that_knows_it_is_kept(
    config: Config, engine: Engine
) -> None:
    sent(SqlDevices(engine), 3)
    inbox = DatabaseInbox(config, "lane")
    inner = Kept()
    memory = JudgingMemory(inner, inbox)
    first, second, third = inbox.waiting(None)
    memory.saw(_frame_of(first.taken_at))
    assert len(DatabaseInbox(config, "lane").waiting(None)) == 3
    inner.full = True
    with pytest.raises(OSError, match="full"):
        memory.save("lane", b"state")
    assert len(DatabaseInbox(config, "lane").waiting(None)) == 3
    inner.full = False
    memory.save("lane", b"state")
    assert [one.number for one in DatabaseInbox(config, "lane").waiting(None)] == [
        second.number,
        third.number,
    ]


def _frame_of(taken_at: datetime) -> Frame:
    picture = ArrayPicture(np.zeros((8, 8, 3), dtype=np.uint8))
    return Frame(camera="lane", index=0, at_s=0.0, taken_at=taken_at, picture=picture, detail=picture)


def test_what_a_device_is_told_is_the_pace_of_its_camera_at_once(
    config: Config, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gotcha.device_inbox._ASK_EVERY_S", 0.0)
    inbox = DatabaseInbox(config, "lane")
    assert inbox.interval_s() == EVERY_S
    devices = SqlDevices(engine)
    for name in ("lane-cam", "second-cam"):
        devices.add(name, "lane", at=BEGIN)
    devices.set("second-cam", DeviceSettings(sleep_s=300))
    assert inbox.interval_s() == EVERY_S
    devices.set("lane-cam", DeviceSettings(sleep_s=600))
    assert inbox.interval_s() == 300.0
    devices.revoke("second-cam", at=BEGIN)
    assert inbox.interval_s() == 600.0
    assert inbox.late_after_s() == 1500.0


def test_a_late_frame_is_said_and_not_judged(
    config: Config, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    devices = SqlDevices(engine)
    sent(devices, 2)
    inbox = DatabaseInbox(config, "lane")
    frames = inbox.waiting(None)
    late = SentFrame(jpeg=b"late", taken_at=BEGIN + timedelta(seconds=1))
    devices.take("lane-cam", late, at=BEGIN + timedelta(hours=1))
    assert inbox.waiting(frames[-1]) == ()
    inbox.judged(frames[-1].taken_at)
    assert "newer ones had been judged already, and were passed over: 1" in caplog.text
    (device,) = devices.all()
    assert (device.late, device.dropped) == (1, 0)
