"""`gotcha photo`: from files to a report, and one sentence for what is none."""

from __future__ import annotations

import json
import threading
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner, Result

from gotcha.cli.app import app
from storage.analyses import AnalysisFilter
from storage.analysis_store import AnalysisStore
from storage.database import open_database
from tests.gotcha.street import Parker, street, zones_of
from tests.gotcha.test_photos import NINE, jpeg
from tests.jobs.photo_files import exif_of, photo, zipped


def gotcha(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["--config", str(folder / "config.yaml"), *arguments])


def test_two_files_become_a_report(tmp_path: Path) -> None:
    scene = street(length_s=200.0, parkers=(Parker(side="right", from_s=0.0, to_s=200.0),))
    zones = zones_of(scene, dwell_s=60, photo_gap_s=60)
    (tmp_path / "config.yaml").write_text(
        f"state_dir: var\ncameras: {{gate: {{kind: webcam, zones: {zones}}}}}\n"
    )
    names = []
    for at_s in (10.0, 75.0):
        path = tmp_path / f"{at_s:g}.jpg"
        path.write_bytes(jpeg(scene.frame(at_s), at_s))
        names.append(str(path))
    done = gotcha(tmp_path, "photo", *names, "--camera", "gate", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    (report_id,) = found["reports"]
    shown = json.loads(gotcha(tmp_path, "reports", "show", report_id, "--json").stdout)
    (truth,) = scene.truth().stationary
    assert (shown["state"], shown["plate"]) == ("final", truth.plate)
    # The same files again: the analysis there is answers, at once and with the same words.
    assert json.loads(gotcha(tmp_path, "photo", *names, "--camera", "gate", "--json").stdout) == found
    # For people, with the time of the street.
    table = gotcha(tmp_path, "photo", *names, "--camera", "gate")
    for one in found["photos"]:
        taken = datetime.fromisoformat(one["taken_at"]).astimezone(ZoneInfo("Asia/Seoul"))
        assert f"{taken:%Y-%m-%d %H:%M:%S}" in table.stdout
    engine = open_database(f"sqlite:///{tmp_path / 'var' / 'gotcha.db'}")
    assert len(AnalysisStore(engine).list(AnalysisFilter())) == 1
    engine.dispose()


def test_a_time_that_was_taken_for_local_is_said_so(tmp_path: Path) -> None:
    """The table showed UTC, and only the JSON what the time rests on."""
    (tmp_path / "config.yaml").write_text("state_dir: var\ncameras: {gate: {kind: webcam}}\n")
    (tmp_path / "a[b].jpg").write_bytes(photo(exif_of(taken="2026:05:01 10:00:00"), size=(640, 480)))
    done = gotcha(tmp_path, "photo", str(tmp_path / "a[b].jpg"))
    assert done.exit_code == 0, done.output
    assert "2026-05-01 10:00:00" in done.stdout
    said = " ".join(done.stderr.split())
    assert "a[b].jpg: The time in a photo's EXIF has no offset and was read as Asia/Seoul time." in said


def test_what_it_waits_for_comes_back_and_nobody_else_works_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a worker beside it the command waited for ever: its one try was over."""
    monkeypatch.setattr("jobs.analyses.AWAY_WAIT_S", 0.1)
    monkeypatch.setattr("gotcha.photo_command._AGAIN_S", 0.5)
    scene = street(length_s=100.0, parkers=(Parker(side="right", from_s=0.0, to_s=100.0),))
    zones = zones_of(scene, dwell_s=60, photo_gap_s=60)
    (tmp_path / "config.yaml").write_text(
        f"state_dir: var\ncameras: {{gate: {{kind: webcam, zones: {zones}}}}}\n"
    )
    (tmp_path / "a.jpg").write_bytes(jpeg(scene.frame(10.0), 10.0))
    in_the_way = tmp_path / "var" / "evidence" / f"{NINE:%Y}"
    in_the_way.parent.mkdir(parents=True)
    in_the_way.touch()
    over = threading.Event()

    def mend() -> None:
        engine = open_database(f"sqlite:///{tmp_path / 'var' / 'gotcha.db'}")
        while not over.wait(0.1):
            if any(one.waiting_since for one in AnalysisStore(engine).list(AnalysisFilter())):
                in_the_way.unlink()
                break
        engine.dispose()

    thread = threading.Thread(target=mend)
    thread.start()
    try:
        done = gotcha(tmp_path, "photo", str(tmp_path / "a.jpg"), "--camera", "gate", "--json")
    finally:
        over.set()
        thread.join(20)
    assert done.exit_code == 0, done.output
    assert not in_the_way.is_file()
    assert len(json.loads(done.stdout)["reports"]) == 1


@pytest.mark.parametrize(
    ("content", "arguments", "sentence"),
    [
        (None, (), "there is no such file"),
        (b"", (), "0 bytes"),
        (zipped(), (), "a ZIP archive"),
        (photo(), ("--camera", "nowhere"), "no camera is named 'nowhere'"),
        (photo(), ("--taken-at", "noon"), "expected --taken-at such as"),
    ],
)
def test_what_is_refused(
    content: bytes | None, arguments: tuple[str, ...], sentence: str, tmp_path: Path
) -> None:
    (tmp_path / "config.yaml").write_text("state_dir: var\n")
    path = tmp_path / "photo.jpg"
    if content is not None:
        path.write_bytes(content)
    done = gotcha(tmp_path, "photo", str(path), *arguments)
    assert done.exit_code == 1
    assert sentence in done.stderr
    assert not [file for file in (tmp_path / "var" / "uploads").rglob("*") if file.is_file()]
