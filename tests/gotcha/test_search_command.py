"""`gotcha search` and `gotcha device` on a real store."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gotcha.cli.app import app
from pipeline.plate import PlateText
from pipeline.vehicle_look import VehicleColour, VehicleLook
from storage.access_log import SqlAccessLog
from storage.database import open_database
from storage.report_store import SqlReportStore
from tests.reports import NOON, final, hex_id, temporary
from tests.vision.test_vehicle_colour import street
from vision.encode import encode_jpeg

Run = Callable[..., Result]
RED = VehicleLook(model="m", vector=(1.0, 0.0), colour=VehicleColour.RED)
OTHER = PlateText(text="77나9999", confidences=(0.9,) * 7, accepted=True, readings=3)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "config.yaml").write_text(
        "cameras:\n  gate: {kind: webcam}\n  lane: {kind: device, interval_s: 30}\n"
    )
    engine = open_database(f"sqlite:///{tmp_path / 'var' / 'gotcha.db'}")
    store = SqlReportStore(engine)
    store.apply(final("a", look=RED), at=NOON, by="t")
    store.apply(temporary("b", plate=OTHER, look=RED), at=NOON, by="t")
    engine.dispose()

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["--config", str(tmp_path / "config.yaml"), *arguments])

    return invoke


def test_a_plate_is_found_and_the_search_written_down(run: Run, tmp_path: Path) -> None:
    result = run("search", "12가345?", "--json")
    assert result.exit_code == 0, result.output
    assert [one["id"] for one in json.loads(result.stdout)] == [hex_id("a")]
    engine = open_database(f"sqlite:///{tmp_path / 'var' / 'gotcha.db'}")
    assert "12가345?" in SqlAccessLog(engine).entries()[0].detail
    engine.dispose()


def test_what_looks_like_a_report_is_found(run: Run) -> None:
    result = run("search", "--like", hex_id("a"), "--colour", "red", "--json")
    assert {one["id"] for one in json.loads(result.stdout)} == {hex_id("a"), hex_id("b")}


def test_a_picture_without_a_vehicle_and_an_unknown_report_are_refused_in_a_sentence(
    run: Run, tmp_path: Path
) -> None:
    picture = tmp_path / "street.jpg"
    picture.write_bytes(encode_jpeg(street((120, 120, 120))[:40]))
    assert "no vehicle is seen" in run("search", "--image", str(picture)).output
    refused = run("search", "--like", "nobody")
    assert refused.exit_code == 2
    assert "nobody" in refused.output


def test_a_device_is_made_told_shown_and_revoked(run: Run) -> None:
    made = run("device", "add", "lane-cam", "--camera", "lane")
    assert made.exit_code == 0, made.output
    assert made.stdout.strip().startswith("gd_")
    assert run("device", "set", "lane-cam", "--sleep", "45", "--framesize", "uxga").exit_code == 0
    shown = run("device", "list").output
    assert "never heard of" in shown
    assert "45" in shown
    assert run("device", "revoke", "lane-cam").exit_code == 0
    assert "revoked" in run("device", "list").output
    assert run("device", "revoke", "lane-cam").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "x", "--camera", "gate"), "kind: device"),
        (("add", "Not a name", "--camera", "lane"), "a-z"),
        (("set", "nobody", "--sleep", "60"), "nobody"),
        (("set", "lane-cam", "--sleep", "1"), "5-86400"),
    ],
)
def test_what_cannot_be_done_to_a_device_is_said_in_a_sentence(
    run: Run, arguments: tuple[str, ...], said: str
) -> None:
    result = run("device", *arguments)
    assert result.exit_code != 0
    assert said in result.output
