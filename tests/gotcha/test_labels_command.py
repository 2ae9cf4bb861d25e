from __future__ import annotations

import csv
from pathlib import Path

from typer.testing import CliRunner

from gotcha.cli.app import app
from gotcha.config import load_config
from gotcha.database_wiring import opened_database
from gotcha.evidence_wiring import open_evidence
from pipeline.report import EvidenceKind
from storage.access_log import SqlAccessLog
from storage.report_store import SqlReportStore
from storage.reviews import Review, ReviewStep, SqlReviews
from tests.reports import NOON, final, hex_id


def test_what_people_corrected_and_confirmed_is_written_with_its_pictures(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("state_dir: state\n")
    config = load_config(path)
    evidence = open_evidence(config)
    with opened_database(config) as engine:
        for name in ("corrected", "confirmed", "rejected", "unseen"):
            photos = final(name).evidence
            crop = evidence.put(
                camera="gate",
                kind=EvidenceKind.PLATE,
                taken_at=NOON,
                data=f"the plate of {name}".encode(),
                media_type="image/jpeg",
            )
            SqlReportStore(engine).apply(final(name, evidence=(*photos, crop)), at=NOON, by="test")
        reviews = SqlReviews(engine)
        steps = (
            ("corrected", ReviewStep.CORRECTED, "", "12가3466"),
            ("confirmed", ReviewStep.CONFIRMED, "", None),
            ("rejected", ReviewStep.REJECTED, "another vehicle", None),
        )
        for name, step, reason, becomes in steps:
            review = Review(
                report_id=hex_id(name), step=step, by="omar", at=NOON, reason=reason, becomes=becomes
            )
            reviews.add(review)
    result = CliRunner().invoke(app, ["--config", str(path), "export-labels", str(tmp_path / "labels")])
    assert result.exit_code == 0, result.output
    with (tmp_path / "labels" / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["report"]: row for row in csv.DictReader(file)}
    assert {name: rows[hex_id(name)]["text"] for name in ("corrected", "confirmed")} == {
        "corrected": "12가3466",
        "confirmed": "12가3456",
    }
    assert rows[hex_id("corrected")]["read"] == "12가3456"
    assert len(rows) == 2
    picture = tmp_path / "labels" / rows[hex_id("corrected")]["file"]
    assert picture.read_bytes() == b"the plate of corrected"
    with opened_database(config) as engine:
        assert len(SqlAccessLog(engine).entries()) == 2
