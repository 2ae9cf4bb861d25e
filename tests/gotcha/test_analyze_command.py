"""`gotcha analyze`: what it writes, and what it says of a file that is no video."""

from __future__ import annotations

import csv
import io
import json
import os
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gotcha.cli.app import app
from gotcha.cli.report_json import CSV_COLUMNS, reports_csv
from tests import reports as samples
from tests.sources.media import write_video


def analyze(folder: Path, *arguments: str) -> Result:
    (folder / "config.yaml").write_text("detector: {backend: onnx}\ncameras: {gate: {kind: webcam}}\n")
    return CliRunner().invoke(app, ["--config", str(folder / "config.yaml"), "analyze", *arguments])


def test_an_empty_street_has_no_reports(tmp_path: Path) -> None:
    video = write_video(tmp_path / "street.mp4", frames=60, fps=10, keyframe_every=10)
    seen = tmp_path / "seen.mp4"
    written = tmp_path / "reports.csv"
    result = analyze(tmp_path, str(video), "--json", "-", "--csv", str(written), "--annotated", str(seen))
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert [found[key] for key in ("events", "parked", "plates", "reports", "standing")] == [[]] * 5
    assert found["analysed_s"] >= 4.0
    assert found["video"] == str(video)
    assert written.read_text(encoding="utf-8") == ",".join(CSV_COLUMNS) + "\n"
    assert seen.stat().st_size > 1000


@pytest.mark.parametrize(
    ("said", "begins"),
    [
        ("2026-05-01T09:00:00-05:00", "2026-05-01T14:00:00+00:00"),
        ("2026-05-01T09:00", "2026-05-01T00:00:00+00:00"),
    ],
)
def test_who_knows_when_it_was_filmed_says_so(tmp_path: Path, said: str, begins: str) -> None:
    """The week of a zone's hours follows it; without an offset it is the time of the street, and says so."""
    video = write_video(tmp_path / "street.mp4", frames=20, fps=10, keyframe_every=10)
    result = analyze(tmp_path, str(video), "--json", "-", "--started-at", said)
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert datetime.fromisoformat(found["started_at"]) == datetime.fromisoformat(begins)
    assert found["started_at_is_from"] == "sender"
    assert ("read as Asia/Seoul time" in result.stderr) is ("-05:00" not in said)


def test_an_absurd_start_is_refused(tmp_path: Path) -> None:
    video = write_video(tmp_path / "street.mp4", frames=20, fps=10, keyframe_every=10)
    for said in ("9999-12-31T23:59:59", "1970-01-01T00:00:00+00:00", "yesterday"):
        assert analyze(tmp_path, str(video), "--started-at", said).exit_code != 0


def test_without_a_word_the_file_says_when_it_was_filmed_else_its_date_does(tmp_path: Path) -> None:
    video = write_video(tmp_path / "street.mp4", frames=20, fps=10, keyframe_every=10)
    os.utime(video, (1_777_000_000, 1_777_000_000))
    found = json.loads(analyze(tmp_path, str(video), "--json", "-").stdout)
    assert (found["started_at"], found["started_at_is_from"]) == ("2026-04-24T03:06:40.000+00:00", "modified")
    assert any("by the file's date on this disk" in notice for notice in found["notices"])


@pytest.mark.parametrize("content", [b"", b"no video at all" * 100])
def test_a_file_that_is_no_video_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    video = tmp_path / "street.mp4"
    video.write_bytes(content)
    result = analyze(tmp_path, str(video))
    assert result.exit_code == 1
    last = result.stderr.splitlines()[-1]
    assert last == "street.mp4 cannot be read as a video (Invalid data found when processing input)"
    assert "Traceback" not in result.output


def test_a_video_that_was_cut_gives_what_is_there_and_says_where_it_ends(tmp_path: Path) -> None:
    video = write_video(tmp_path / "street.mkv", frames=60, fps=10, keyframe_every=10)
    video.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    result = analyze(tmp_path, str(video), "--json", "-")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert 0.5 < found["analysed_s"] < 5.0
    assert any("of the 6.0 s it says" in notice for notice in found["notices"])


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    video = write_video(tmp_path / "street.mp4", frames=20, fps=10, keyframe_every=10)
    result = analyze(tmp_path, str(video), "--json", str(tmp_path / "none" / "a.json"))
    assert result.exit_code == 1
    assert f"{tmp_path / 'none' / 'a.json'} cannot be written: No such file or directory" in result.stderr


@pytest.mark.parametrize("option", ["--json", "--csv", "--annotated"])
def test_the_video_itself_is_never_written_over(tmp_path: Path, option: str) -> None:
    """`--annotated yesterday.mp4` left the drawn copy where the recording had been."""
    video = write_video(tmp_path / "street.mp4", frames=20, fps=10, keyframe_every=10)
    (tmp_path / "same.mp4").hardlink_to(video)
    recorded = video.read_bytes()
    for name in ("street.mp4", "same.mp4", "../" + tmp_path.name + "/street.mp4"):
        result = analyze(tmp_path, str(video), option, str(tmp_path / name))
        assert (result.exit_code, "is the file that is read" in result.stderr) == (2, True)
    assert video.read_bytes() == recorded


def test_what_cannot_be_written_is_said_before_the_work(tmp_path: Path) -> None:
    video = write_video(tmp_path / "street.mp4", frames=20, fps=10, keyframe_every=10)
    for option, where in (("--json", tmp_path), ("--csv", tmp_path / "none" / "x.csv")):
        result = analyze(tmp_path, str(video), option, str(where))
        assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
        assert "cannot be written" in result.stderr
    both = str(tmp_path / "found")
    result = analyze(tmp_path, str(video), "--json", both, "--csv", both)
    assert (result.exit_code, "written twice" in result.stderr) == (2, True)


def test_csv_has_a_line_for_each_report() -> None:
    rows = list(csv.DictReader(io.StringIO(reports_csv([samples.final("a"), samples.rejected("b")]))))
    assert [row["state"] for row in rows] == ["final", "rejected"]
    assert rows[0]["plate"] == "12가3456"
    assert rows[0]["zone"] == "fire lane"
    assert rows[0]["duplicate_of"] == ""
    assert rows[1]["rejection"] == "left_before_dwell"
