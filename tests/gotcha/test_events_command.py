"""`gotcha events` on a real store: the gaps in the watch were stored, and nobody could see them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner, Result

from gotcha.cli.app import app
from pipeline.report import CameraCondition
from storage.database import open_database
from storage.report_store import SqlReportStore
from tests import reports as samples

Run = Callable[..., Result]


@pytest.fixture
def events(tmp_path: Path) -> Run:
    """Runs `gotcha events`; with `stored` there are three."""
    (tmp_path / "config.yaml").write_text("cameras: {gate: {kind: webcam, time_zone: Europe/Berlin}}\n")

    def run(*arguments: str, stored: bool = True) -> Result:
        if stored:
            engine = open_database(f"sqlite:///{tmp_path / 'var' / 'gotcha.db'}")
            store = SqlReportStore(engine)
            well = samples.NOON + timedelta(hours=1)
            store.apply_camera_event(samples.camera_event("a"))
            store.apply_camera_event(
                samples.camera_event("b", condition=CameraCondition.OK, at=well, text="the view is back")
            )
            later = well + timedelta(hours=1)
            store.apply_camera_event(samples.camera_event("c", camera="yard [old]", at=later))
            engine.dispose()
        config = str(tmp_path / "config.yaml")
        return CliRunner().invoke(app, ["--config", config, "events", *arguments])

    return run


def test_a_table_newest_first_in_the_cameras_local_time(events: Run) -> None:
    lines = events().stdout.splitlines()
    assert [line.split()[0] for line in lines[:1]] == ["at"]
    assert "yard [old]" in lines[1]
    assert "ok" in lines[2]
    assert "the view is back" in lines[2]
    berlin = samples.NOON.astimezone(ZoneInfo("Europe/Berlin"))
    assert lines[3].startswith(f"{berlin:%Y-%m-%d %H:%M:%S}")
    assert lines[3].split()[2:4] == ["gate", "moved"]


def test_one_camera_as_json(events: Run) -> None:
    found = json.loads(events("--camera", "gate", "--json").stdout)
    assert [(event["camera"], event["condition"]) for event in found] == [("gate", "ok"), ("gate", "moved")]
    assert found[1] == {
        "id": samples.hex_id("a"),
        "camera": "gate",
        "condition": "moved",
        "at": samples.NOON.isoformat(),
        "text": "the camera was moved by 12 pixels",
    }


def test_a_new_installation_has_none_yet(events: Run) -> None:
    result = events(stored=False)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "No camera events are stored." in result.stderr
