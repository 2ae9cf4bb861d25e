"""A configuration whose database and evidence store hold real reports with real evidence, for the tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from gotcha.cli.app import app
from gotcha.config import Config, load_config
from gotcha.evidence_wiring import open_evidence
from pipeline.report import Evidence, EvidenceKind, Report
from storage.blob_store import BlobStore
from storage.database import open_database
from storage.report_store import SqlReportStore
from tests.reports import NOON

YAML = "cameras: {gate: {kind: webcam}}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An installation: its configuration, stores, and command line."""

    config: Config
    path: Path
    engine: Engine
    store: SqlReportStore
    evidence: BlobStore

    def put(
        self,
        data: bytes,
        kind: EvidenceKind = EvidenceKind.PHOTO_1,
        *,
        camera: str = "gate",
        taken_at: datetime | None = None,
        media_type: str = "image/jpeg",
    ) -> Evidence:
        """Store a piece of evidence: of noon, photo 2 of a good minute later."""
        if taken_at is None:
            taken_at = NOON + timedelta(seconds=61 if kind is EvidenceKind.PHOTO_2 else 0)
        return self.evidence.put(
            camera=camera, kind=kind, taken_at=taken_at, data=data, media_type=media_type
        )

    def keep(self, report: Report, at: datetime) -> Report:
        """Store a report."""
        self.store.apply(report, at=at, by="test")
        return report

    def run(self, *arguments: str) -> Result:
        """`gotcha` with this configuration."""
        return CliRunner().invoke(app, ["--config", str(self.path), *arguments], env={"COLUMNS": "200"})


def kept(folder: Path, yaml: str = YAML) -> Kept:
    """A new installation in `folder`; dispose its engine."""
    path = folder / "config.yaml"
    path.write_text(yaml, encoding="utf-8")
    config = load_config(path)
    engine = open_database(config.database_url)
    return Kept(
        config=config,
        path=path,
        engine=engine,
        store=SqlReportStore(engine),
        evidence=open_evidence(config),
    )
