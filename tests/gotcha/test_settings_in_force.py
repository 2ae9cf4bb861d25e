"""Zones that change in the file of a running program."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from gotcha.camera_runner import CameraRunner
from gotcha.camera_setup import CameraSetup, Revision
from gotcha.config import load_config
from gotcha.config_passwords import PasswordFile
from gotcha.settings_in_force import SettingsInForce
from gotcha.video_identity import settings_digest
from pipeline.frame import Frame
from pipeline.report import ReportState
from pipeline.watch_step import WatchStep
from tests.gotcha.test_camera_runner import DictMemory, Seconds
from tests.pipeline.rig import Rig, stands, zone

TEXT = """
state_dir: var
cameras:
  gate:
    kind: rtsp
    url: rtsp://127.0.0.1:1/main
    zones:
      - {name: a, kind: fire_hydrant, polygon: [[0, 0], [1, 0], [1, 1]]}
  yard: {kind: stills, url: "http://127.0.0.1:1/yard.jpg"}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def changed(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def test_a_changed_zone_holds_for_its_camera_alone(path: Path) -> None:
    settings = SettingsInForce(load_config(path))
    settings.look()
    assert settings.revision("gate") == Revision()
    changed(path, "fire_hydrant", "no_parking")
    settings.look()
    assert settings.config.zones_of("gate")[0].dwell_s == 300
    assert (settings.revision("gate"), settings.revision("yard")) == (Revision(rules=1), Revision())


def test_what_is_written_while_the_program_begins_holds(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = load_config(path)
    changed(path, "fire_hydrant", "no_parking")
    settings = SettingsInForce(config)
    assert settings.current().zones_of("gate")[0].dwell_s == 300
    assert "after a restart" not in caplog.text


def test_a_dwell_that_needs_other_frames_needs_another_source(path: Path) -> None:
    settings = SettingsInForce(load_config(path))
    changed(path, "kind: fire_hydrant", "kind: fire_hydrant, dwell_s: 10")
    settings.look()
    assert settings.revision("gate") == Revision(rules=1, source=1)


def test_a_wrong_file_changes_nothing(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = SettingsInForce(load_config(path))
    before = settings.config
    changed(path, "fire_hydrant", "fire_hidrant")
    settings.look()
    assert settings.config is before
    assert "did you mean fire_hydrant" in caplog.text
    path.unlink()
    settings.look()
    assert settings.config is before


def test_another_address_opens_its_camera_anew_and_no_other(path: Path) -> None:
    settings = SettingsInForce(load_config(path), opens_cameras=True)
    assert settings.editions() == {"gate": 0, "yard": 0}
    changed(path, "127.0.0.1:1/main", "127.0.0.1:2/main")
    settings.look()
    assert settings.editions() == {"gate": 1, "yard": 0}
    camera = settings.config.camera("gate")
    assert camera.kind == "rtsp"
    assert camera.url.reveal().endswith(":2/main")


def test_cameras_come_and_go_with_the_file(path: Path) -> None:
    settings = SettingsInForce(load_config(path), opens_cameras=True)
    changed(path, "  yard: {", '  lot: {kind: stills, url: "http://127.0.0.1:1/lot.jpg"}\n  yard: {')
    settings.look()
    assert settings.editions() == {"gate": 0, "lot": 1, "yard": 0}
    changed(path, "  yard: {kind", "  court: {kind")
    settings.look()
    assert settings.editions() == {"gate": 0, "lot": 1, "court": 2}
    assert "yard" not in settings.config.cameras


def test_only_those_that_were_asked_for_are_watched(path: Path) -> None:
    config = load_config(path)
    one = config.model_copy(update={"cameras": {"gate": config.camera("gate")}})
    settings = SettingsInForce(one, opens_cameras=True, only=["gate"])
    changed(path, "  yard: {", '  lot: {kind: stills, url: "http://127.0.0.1:1/lot.jpg"}\n  yard: {')
    settings.look()
    assert settings.editions() == {"gate": 0}


def test_a_camera_without_its_password_waits_for_it_and_its_zones_do_not(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = SettingsInForce(load_config(path), opens_cameras=True)
    changed(path, "rtsp://127.0.0.1:1", "rtsp://admin:${GOTCHA_GATE_TEST}@127.0.0.1:1")
    changed(path, "fire_hydrant", "no_parking")
    settings.look()
    assert "gate: not watched" not in caplog.text
    assert (settings.editions()["gate"], settings.config.zones_of("gate")[0].dwell_s) == (0, 300)
    PasswordFile(path).write({"GOTCHA_GATE_TEST": "p@ss"})
    settings.look()
    camera = settings.config.camera("gate")
    assert camera.kind == "rtsp"
    assert (settings.editions()["gate"], camera.url.reveal()) == (1, "rtsp://admin:p%40ss@127.0.0.1:1/main")
    assert "p@ss" not in caplog.text


def test_what_is_no_camera_waits_for_a_restart_and_is_said(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = SettingsInForce(load_config(path))
    changed(path, "state_dir: var", "state_dir: var\nregion: DE")
    settings.look()
    assert "after a restart" in caplog.text
    assert settings.config.region == "KR"


def test_what_is_sent_after_a_change_is_another_analysis(path: Path) -> None:
    """The same photo, judged by other zones, must not be answered with what the old ones made of it."""
    config = load_config(path)
    settings = SettingsInForce(config)
    before = settings_digest(settings.current().for_file(Path("video"), "gate"))
    changed(path, "fire_hydrant", "no_parking")
    assert settings_digest(settings.current().for_file(Path("video"), "gate")) != before
    changed(path, "no_parking", "fire_hydrant")
    assert settings_digest(settings.current().for_file(Path("video"), "gate")) == before


def test_a_watch_goes_on_with_its_new_zones_where_it_was() -> None:
    """The dwell is lengthened while a vehicle stands: its clock and its case go on, under the same id."""
    short = Rig(stands(2, 1000))
    long = Rig(stands(2, 1000), rule=zone(dwell_s=40), evidence=short.evidence, sink=short.sink)
    now_s, opened = 0.0, 0
    made = iter((short.watch, long.watch))

    def source(_notices: object) -> Seconds:
        nonlocal opened
        opened += 1
        return Seconds(0, 60)

    def seen(camera: str, frame: Frame, step: WatchStep) -> None:
        nonlocal now_s
        now_s = frame.at_s

    setup = CameraSetup(
        name="gate",
        live=False,
        source=source,
        watch=lambda _source: next(made),
        memory=DictMemory(),
        revision=lambda: Revision(rules=int(now_s >= 12)),
    )
    runner = CameraRunner(setup, seen)
    runner.run(threading.Event())
    reports = short.sink.reports
    assert [report.state for report in reports][:2] == [ReportState.TEMPORARY, ReportState.FINAL]
    assert len({report.id for report in reports}) == 1
    violating_at = reports[1].violating_at
    assert violating_at is not None
    assert (violating_at - reports[1].arrived_at).total_seconds() >= 40
    assert (opened, runner.counts.restarts) == (1, 0)
