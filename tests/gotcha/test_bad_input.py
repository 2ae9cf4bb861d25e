"""Bad input of every kind: one clear sentence each, the other cameras go on, nothing stored is lost."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from gotcha.cli.app import app
from gotcha.config import load_config
from gotcha.state_folder import watching
from pipeline.errors import StorageError
from pipeline.report import ReportState
from simulator.esp32_server import Esp32Server, Fault
from simulator.rtsp_server import RtspServer
from simulator.video_frames import VideoFrames
from storage.database import open_database
from storage.ports import ReportFilter, StoredReport
from storage.report_store import SqlReportStore
from tests.gotcha.conftest import LongParking
from tests.gotcha.program import Program, gotcha
from tests.gotcha.street import zones_of
from tests.sources.media import write_video

pytestmark = pytest.mark.timeout(300)

WHOLE = "[{name: all, kind: no_parking, polygon: [[0, 0], [1, 0], [1, 1], [0, 1]]}]"
SECRETS = {"PASSWORD": "s3cret", "WRONG": "falsch"}


def command(folder: Path, config: str, *arguments: str) -> Result:
    path = folder / "config.yaml"
    path.write_text(config)
    return CliRunner().invoke(app, ["--config", str(path), *arguments])


def street_camera(folder: Path) -> str:
    video = write_video(folder / "street.mp4", frames=20, fps=10, keyframe_every=10)
    settings = "detector: {backend: onnx}\nweb: {enabled: false}\n"
    return f"{settings}cameras:\n  street: {{kind: file, path: {video}, zones: {WHOLE}}}\n"


def last_line(result: Result) -> str:
    assert "Traceback" not in result.output
    return str(result.stderr.splitlines()[-1])


def test_missing_and_damaged_weights_are_one_sentence(tmp_path: Path) -> None:
    camera = street_camera(tmp_path).replace("backend: onnx", "backend: onnx, weights: own.onnx")
    missing = command(tmp_path, camera, "run")
    assert missing.exit_code == 2
    assert "expected a file in `weights`, got 'own.onnx', where there is none" in last_line(missing)
    (tmp_path / "own.onnx").write_bytes(b"no network" * 100)
    damaged = command(tmp_path, camera, "run")
    assert damaged.exit_code == 1
    assert f"cannot load {tmp_path / 'own.onnx'}" in last_line(damaged)


@pytest.mark.parametrize("arguments", [("run",), ("watch",), ("worker",), ("check",), ("reports", "list")])
def test_a_state_folder_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "taken").write_text("a file, no folder")
    result = command(tmp_path, f"state_dir: taken\n{street_camera(tmp_path)}", *arguments)
    assert result.exit_code == 1
    assert last_line(result) == (
        f"the state folder {tmp_path / 'taken'} cannot be used (File exists): "
        "set state_dir to a folder that this user may write to"
    )


@pytest.mark.parametrize("run", ["run", "watch"])
def test_a_second_program_does_not_watch_the_same_cameras(tmp_path: Path, run: str) -> None:
    """Both would have reported every vehicle, and overwritten each other's memory."""
    with watching(tmp_path / "var", ["street"]):
        result = command(tmp_path, street_camera(tmp_path), run)
    assert result.exit_code == 1
    sentence = last_line(result)
    assert f"camera street is watched already by another gotcha (process {os.getpid()})" in sentence
    assert "end that one first, or give this one a state_dir of its own" in sentence


def test_cameras_may_be_shared_out_to_programs_and_are_free_again_afterwards(tmp_path: Path) -> None:
    with (
        watching(tmp_path, ["gate", "yard"]),
        watching(tmp_path, ["lot"]),
        pytest.raises(StorageError, match="camera yard is watched already"),
        watching(tmp_path, ["yard"]),
    ):
        pass
    with watching(tmp_path, ["gate", "yard", "lot"]):
        pass


def test_a_database_that_is_away_is_one_sentence_without_its_password(tmp_path: Path) -> None:
    config = "database: {url: 'postgresql://me:${DB_PASSWORD}@127.0.0.1:1/x'}\n" + street_camera(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DB_PASSWORD", "geheim")
        result = command(tmp_path, config, "reports", "list")
    assert result.exit_code == 1
    assert "127.0.0.1:1/x is not available (" in last_line(result)
    assert last_line(result).endswith("; start it, or put the right address into database.url")
    assert "geheim" not in result.output


def test_database_and_redis_away_reports_wait_and_the_cameras_go_on(
    tmp_path: Path, long_parking: LongParking
) -> None:
    """The worker's traceback of a database that was away stood in the log each time it was started."""
    zones = zones_of(long_parking.scene, dwell_s=4.0, photo_gap_s=2.0, more=", report_unread: true")
    with contextlib.ExitStack() as stack:
        programs = []
        for name, away in (
            ("database", "database: {url: 'postgresql://me:${PASSWORD}@127.0.0.1:1/x'}"),
            # One node alone need not ask Redis whose camera it is.
            ("queue", "queue: {url: 'redis://:${PASSWORD}@127.0.0.1:1/0', share_cameras: false}"),
        ):
            camera = f"  street: {{kind: file, path: {long_parking.path}, pace: real, zones: {zones}}}"
            path = tmp_path / f"{name}.yaml"
            path.write_text(
                f"state_dir: {name}\nweb: {{enabled: false}}\n{away}\n"
                "detector: {backend: onnx}\nplates: {enabled: false}\n"
                f"evidence: {{clip_after_s: 1}}\ncameras:\n{camera}\n"
            )
            programs.append(stack.enter_context(gotcha(path, "run", **SECRETS)))
        database, queue = programs
        database.wait_for("127.0.0.1:1/x is not available")
        queue.wait_for("reports wait on disk")
        for program in programs:
            program.wait_for("is final")
            program.interrupt()
            assert "2 reports and events wait on disk" in program.shown
            assert program.exit_code == 0
            assert "Traceback" not in program.log
            assert "s3cret" not in program.log + program.shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    program: Program
    stored: tuple[StoredReport, ...]
    ended_in_s: float


class FullDisk:
    """An evidence folder that is full, until it is enlarged: a real file system where that may be mounted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        self.mounted = _mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder))

    def fill(self, program: Program) -> None:
        if not self.mounted:
            # Without the right to mount, the kernel refuses the program every file of the size of a photo.
            hard = resource.prlimit(program.pid, resource.RLIMIT_FSIZE)[1]
            resource.prlimit(program.pid, resource.RLIMIT_FSIZE, (50_000, hard))

    def enlarge(self, program: Program) -> None:
        if self.mounted:
            assert _mount("-o", "remount,size=64m", str(self._folder))
            return
        hard = resource.prlimit(program.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(program.pid, resource.RLIMIT_FSIZE, (hard, hard))

    def close(self) -> None:
        if self.mounted:
            subprocess.run(["umount", str(self._folder)], check=True)


def _mount(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], check=False, capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def outcome(long_parking: LongParking, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    """One run over a good camera and every kind of bad one, on an evidence disk that is full at first."""
    folder = tmp_path_factory.mktemp("bad")
    whole = long_parking.path.read_bytes()
    (folder / "noise.mp4").write_bytes(bytes(range(256)) * 40)
    (folder / "cut.mp4").write_bytes(whole[: len(whole) // 20])
    disk = FullDisk(folder / "evidence")
    zones = zones_of(long_parking.scene, dwell_s=5.0, photo_gap_s=3.0, more=", report_unread: true")
    sensor = VideoFrames(long_parking.path)
    with (
        RtspServer(long_parking.path, user="viewer", password="s3cret", loop=False) as rtsp,
        Esp32Server(sensor, fps=3.0) as tiny,
        Esp32Server(VideoFrames(long_parking.path), fps=3.0) as changing,
    ):
        tiny.fault(Fault.TINY)
        at = rtsp.url.removeprefix("rtsp://")
        (folder / "config.yaml").write_text(f"""
state_dir: state
web: {{enabled: false}}
detector: {{backend: onnx}}
plates: {{enabled: false}}
evidence: {{folder: evidence, clip_before_s: 1, clip_after_s: 1}}
cameras:
  good: {{kind: rtsp, url: "rtsp://viewer:${{PASSWORD}}@{at}", zones: {zones}}}
  wrong: {{kind: rtsp, url: "rtsp://viewer:${{WRONG}}@{at}", zones: {WHOLE}}}
  missing: {{kind: rtsp, url: "rtsp://viewer:${{PASSWORD}}@{at}x", zones: {WHOLE}}}
  away: {{kind: rtsp, url: "rtsp://127.0.0.1:1/x", zones: {WHOLE}}}
  tiny: {{kind: esp32cam, url: "{tiny.base_url}", stream_port: {tiny.stream_port}, zones: {WHOLE}}}
  changing:
    {{kind: esp32cam, url: "{changing.base_url}", stream_port: {changing.stream_port}, framesize: VGA,
      zones: {WHOLE}}}
  noise: {{kind: file, path: noise.mp4, zones: {WHOLE}}}
  cut: {{kind: file, path: cut.mp4, zones: {WHOLE}}}
""")
        try:
            with gotcha(folder / "config.yaml", "run", **SECRETS) as program:
                disk.fill(program)
                program.wait_for("changing: settings: the camera sends 640x480 as set")
                httpx.get(f"{changing.base_url}/control?var=framesize&val=13").raise_for_status()
                program.wait_for("good: the evidence folder")
                disk.enlarge(program)
                program.wait_for("is final")
                stored = _stored(folder / "config.yaml")
                ended_in_s = program.interrupt()
                yield Outcome(program=program, stored=stored, ended_in_s=ended_in_s)
        finally:
            disk.close()


def _stored(config: Path) -> tuple[StoredReport, ...]:
    pause = threading.Event()
    database = open_database(load_config(config, SECRETS).database_url)
    try:
        for _ in range(300):
            stored = SqlReportStore(database).list(ReportFilter(camera="good"))
            if any(report.state is ReportState.FINAL for report in stored):
                break
            pause.wait(0.1)
        return stored
    finally:
        database.dispose()


@pytest.mark.parametrize(
    "sentence",
    [
        "wrong: refused: {host} refuses the user name or the password (401)",
        "missing: refused: {host} knows no stream of this name (404)",
        "away: lost: nothing answers at 127.0.0.1:1",
        "tiny: damaged: the camera sent a picture of 1x1 pixels",
        "changing: settings: the picture changed from 640x480 to ",
        "noise: noise.mp4 cannot be read as a video",
        "cut: damaged: cut.mp4 ends after ",
        "good: the evidence folder ",
    ],
)
def test_each_is_said_in_one_sentence(outcome: Outcome, sentence: str) -> None:
    before, _, after = sentence.partition("{host}")
    lines = [line for line in outcome.program.log.splitlines() if before in line and after in line]
    assert lines, outcome.program.log


def test_a_full_disk_says_what_to_do(outcome: Outcome) -> None:
    assert "it is full: free space there or set evidence.folder to another disk" in outcome.program.log


def test_the_good_camera_goes_on_and_its_report_is_stored_once_there_is_room(outcome: Outcome) -> None:
    (report,) = outcome.stored
    assert report.state is ReportState.FINAL
    kinds = {item.kind.value for item in report.report.evidence}
    assert kinds >= {"photo_1", "photo_1_marked", "photo_2", "photo_2_marked"}


def test_the_summary_says_why_a_camera_sent_nothing(outcome: Outcome) -> None:
    rows = {line.split()[0]: line for line in outcome.program.shown.splitlines() if line.strip()}
    assert "refuses the user name or the password" in rows["wrong"]
    assert "nothing answers" in rows["away"]
    assert int(rows["good"].split()[1]) > 5
    assert int(rows["changing"].split()[1]) > 3


def test_it_ends_in_order_without_a_traceback_or_a_password(outcome: Outcome) -> None:
    # A file that is no video can never be watched: that is a failure of the run.
    assert outcome.program.exit_code == 1
    # Within 2 s on a free machine; the tests share theirs with others.
    assert outcome.ended_in_s < 8
    said = outcome.program.log + outcome.program.shown
    assert "Traceback" not in said
    assert "RemoteProtocolError" not in said
    assert not any(secret in said for secret in SECRETS.values())
