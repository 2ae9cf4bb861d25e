"""`gotcha export-labels`: what people corrected, for training."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated

import typer

from gotcha.cli.console import err, out
from gotcha.cli.operator import operator
from gotcha.cli.options import config_of
from gotcha.database_wiring import opened_database
from pipeline.errors import EvidenceMissingError, StorageError

_COLUMNS = ("file", "text", "read", "source", "report", "camera")


def export_labels(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where the pictures and labels.csv go; made when missing.")],
) -> None:
    """Write the plate pictures whose text a person has corrected or confirmed, with labels.csv, for training.

    They show real plates: keep them as well as the evidence itself. Every picture that is taken out is in the
    access log.

      gotcha export-labels labels
    """
    config = config_of(context)
    from gotcha.evidence_wiring import open_evidence
    from jobs.context import utc_now
    from storage.access_log import LoggedEvidence, SqlAccessLog
    from storage.labels import PlateLabels

    written, gone = 0, 0
    try:
        (folder / "pictures").mkdir(parents=True, exist_ok=True)
        with (
            opened_database(config) as engine,
            (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file,
        ):
            logged = LoggedEvidence(open_evidence(config), SqlAccessLog(engine), who=operator(), now=utc_now)
            table = csv.writer(file)
            table.writerow(_COLUMNS)
            for label in PlateLabels(engine):
                for number, key in enumerate(label.crops):
                    try:
                        data = logged.get(key, report_id=label.report_id, purpose="taken out for training")
                    except EvidenceMissingError:
                        gone += 1
                        continue
                    name = f"pictures/{label.report_id}-{number}{Path(key).suffix}"
                    (folder / name).write_bytes(data)
                    source = "corrected" if label.corrected else "confirmed"
                    row = (name, label.text, label.read, source, label.report_id, label.camera)
                    table.writerow(row)
                    written += 1
    except OSError as error:
        raise StorageError(f"{folder} cannot be written to: {error.strerror or error}") from error
    out().print(f"{written} pictures with their texts are in {folder}.")
    if gone:
        err().print(f"{gone} pictures are not in the evidence store any more.", style="yellow")
