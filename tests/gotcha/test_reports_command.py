"""`gotcha reports` on a real store."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gotcha.cli.app import app
from pipeline.report import Report, ReportState
from storage.database import open_database
from storage.report_store import SqlReportStore
from storage.reviews import Review, ReviewStep, SqlReviews
from tests import reports as samples

Run = Callable[..., Result]
ARRIVED = datetime(2026, 5, 1, 0, 30, tzinfo=UTC)  # 09:30 in Seoul
PHOTO = samples.evidence("one").key


def numbered(number: int, make: Callable[..., Report] = samples.final, **changes: object) -> Report:
    """A report that arrived `number` hours after ARRIVED and stood 95 s, with an id that shows its number."""
    arrived_at = ARRIVED + timedelta(hours=number)
    last_at = arrived_at + timedelta(seconds=95)
    times = {
        "arrived_at": arrived_at,
        "parked_at": arrived_at,
        "departed_at": last_at,
        "last_seen_at": last_at,
    }
    return make(number, **({"id": f"{number:02x}" * 16, "note": ""} | times | changes))


@pytest.fixture
def reports(tmp_path: Path) -> Run:
    """Runs `gotcha reports` on a store of four reports."""
    (tmp_path / "config.yaml").write_text("cameras: {gate: {kind: webcam}}\n")
    engine = open_database(f"sqlite:///{tmp_path / 'var' / 'gotcha.db'}")
    store = SqlReportStore(engine)
    for report in (
        numbered(1),
        numbered(2, samples.temporary, state=ReportState.DUPLICATE, duplicate_of="01" * 16),
        numbered(3, samples.rejected),
        numbered(4, camera="yard"),
    ):
        store.apply(report, at=ARRIVED, by="test")
    engine.dispose()

    def run(*arguments: str) -> Result:
        config = str(tmp_path / "config.yaml")
        return CliRunner().invoke(app, ["--config", config, "reports", *arguments], env={"COLUMNS": "180"})

    return run


def ids(result: Result) -> list[int]:
    return [int(report["id"][:2], 16) for report in json.loads(result.stdout)]


def test_a_table_newest_first_in_local_time(reports: Run) -> None:
    lines = [line.split() for line in reports("list").stdout.splitlines()]
    assert [line[0] for line in lines] == ["id", "04040404", "03030303", "02020202", "01010101"]
    assert lines[-1][1:] == [
        "final",
        "gate",
        "fire",
        "lane",
        "12가3456",
        "car",
        "2026-05-01",
        "10:30:00",
        "1:35",
        "min",
    ]


def test_what_is_not_certain_stands_in_brackets_with_its_reason(reports: Run) -> None:
    (line,) = [line for line in reports("list").stdout.splitlines() if line.startswith("03030303")]
    assert "(12?3456)" in line
    assert line.rstrip().endswith("left before dwell")


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ((), [4, 3, 2, 1]),
        (("--state", "final"), [4, 1]),
        (("--state", "duplicate", "--state", "rejected"), [3, 2]),
        (("--camera", "yard"), [4]),
        (("--zone", "nowhere"), []),
        (("--plate", "12?"), [3, 2]),
        (("--since", "2026-05-01T12:00"), [4, 3]),
        (("--until", "2026-05-01T12:00"), [2, 1]),
        (("--since", "2026-05-01T03:00+00:00"), [4, 3]),
        (("--since", "2026-05-02"), []),
        (("--limit", "1"), [4]),
    ],
)
def test_filters(reports: Run, filters: tuple[str, ...], expected: list[int]) -> None:
    result = reports("list", "--json", *filters)
    assert result.exit_code == 0
    assert ids(result) == expected


def test_lists_name_the_report_that_counts_for_a_merged_one(reports: Run, tmp_path: Path) -> None:
    """01 was merged with 05, and that one with 06."""
    first, second, last = ("01" * 16, "05" * 16, "06" * 16)
    engine = open_database(f"sqlite:///{tmp_path / 'var' / 'gotcha.db'}")
    for number in (5, 6):
        SqlReportStore(engine).apply(numbered(number), at=ARRIVED, by="test")
    for merged, becomes in ((first, second), (second, last)):
        step = Review(report_id=merged, step=ReviewStep.MERGED, becomes=becomes, by="anna", at=ARRIVED)
        SqlReviews(engine).add(step)
    engine.dispose()
    listed = json.loads(reports("list", "--json").stdout)
    assert {one["id"]: one["merged_into"] for one in listed if one["merged_into"]} == {
        first: last,
        second: last,
    }
    rows = csv.DictReader(io.StringIO(reports("list", "--csv").stdout))
    assert {row["id"]: row["merged_into"] for row in rows if row["merged_into"]} == {
        first: last,
        second: last,
    }
    (line,) = [line for line in reports("list").stdout.splitlines() if line.startswith("01010101")]
    assert line.rstrip().endswith("merged into 06060606")
    assert json.loads(reports("show", first, "--json").stdout)["merged_into"] == last
    assert "merged into 06060606" in reports("show", first).stdout


def test_a_cut_list_says_so(reports: Run) -> None:
    assert "3 of 4 reports; --limit shows more." in reports("list", "--limit", "3").stderr


def test_nothing_fits(reports: Run) -> None:
    result = reports("list", "--camera", "nowhere")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "No reports fit." in result.stderr


def test_a_new_installation_has_none_yet(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("")
    result = CliRunner().invoke(app, ["--config", str(tmp_path / "config.yaml"), "reports", "list"])
    assert result.exit_code == 0
    assert "No reports are stored yet." in result.stderr


def test_a_date_that_is_none_is_wrong_usage(reports: Run) -> None:
    result = reports("list", "--since", "yesterday")
    assert result.exit_code == 2
    assert "expected a date or time such as 2026-05-01 or 2026-05-01T08:00, got 'yesterday'" in result.stderr


def test_show_by_the_beginning_of_the_id(reports: Run, tmp_path: Path) -> None:
    text = reports("show", "0101").stdout
    assert "01" * 16 in text
    assert "gate, zone fire lane (fire_hydrant)" in text
    assert "1:35 min (allowed: 1:00 min)" in text
    assert ["final", "2026-05-01", "09:30:00", "test"] in [line.split() for line in text.splitlines()]
    assert f"{tmp_path / 'var' / 'evidence' / PHOTO} (missing)" in text


def test_evidence_that_is_there_is_not_called_missing(reports: Run, tmp_path: Path) -> None:
    photo = tmp_path / "var" / "evidence" / PHOTO
    photo.parent.mkdir(parents=True)
    photo.write_bytes(b"jpeg")
    text = reports("show", "0101").stdout
    assert f"{photo}\n" in text.replace(" ", "") + "\n"
    assert text.count("(missing)") == 1


def test_show_as_json_has_the_history(reports: Run) -> None:
    shown = json.loads(reports("show", "01" * 16, "--json").stdout)
    assert shown["plate"] == "12가3456"
    assert shown["arrived_at"] == "2026-05-01T01:30:00.000+00:00"
    assert shown["repeats"] == 1
    assert shown["evidence"][0]["key"] == PHOTO
    assert [(step["from"], step["to"], step["by"]) for step in shown["history"]] == [(None, "final", "test")]


@pytest.mark.parametrize(
    ("wanted", "code", "message"),
    [
        ("ffff", 1, "there is no report ffff; `gotcha reports list` shows all"),
        ("01", 2, "expected at least 4 characters of a report's id, got '01'"),
    ],
)
def test_show_what_is_not_there(reports: Run, wanted: str, code: int, message: str) -> None:
    result = reports("show", wanted)
    assert result.exit_code == code
    assert result.stderr == message + "\n"
