"""`gotcha export`: the evidence pack of a report."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from gotcha.cli.console import err, out
from gotcha.cli.operator import operator
from gotcha.cli.options import config_of
from gotcha.cli.reports import found_report
from gotcha.database_wiring import opened_database


def export(
    context: typer.Context,
    report: Annotated[str, typer.Argument(help="The report's id, or its first characters (4 or more).")],
    out_dir: Annotated[Path, typer.Option("--out", help="Where the pack goes.")] = Path(),
    clips: Annotated[bool, typer.Option(help="Whether its clips go with it.")] = True,
    why: Annotated[str, typer.Option(help="What for; goes into the history and the access log.")] = "",
) -> None:
    """Make the evidence pack of a final report: one zip with PDF, photos, clips and report.json.

    People's heads and other vehicles' plates are hidden in everything it holds; the originals stay as they
    are in the evidence store. The report becomes `exported`.

      gotcha export 3f2a --out packs --why "for the city"
    """
    config = config_of(context)
    from gotcha.anchoring import write_down_ends
    from gotcha.evidence_wiring import open_evidence
    from gotcha.export_masking import open_masker
    from gotcha.export_pack import Exporter, ExportRequest
    from storage.report_store import SqlReportStore

    with opened_database(config) as engine:
        found = found_report(SqlReportStore(engine), report.strip().lower())
        with err().status("reading") as status:
            exporter = Exporter(
                config,
                engine,
                open_evidence(config),
                functools.cache(lambda: open_masker(config)),
                progress=status.update,
            )
            path = exporter.export(
                ExportRequest(
                    report_id=found.report.id,
                    folder=out_dir,
                    clips=clips,
                    by=operator(),
                    why=why,
                    at=datetime.now(UTC),
                )
            )
        out().print(Text(str(path)), soft_wrap=True)
        write_down_ends(config, engine)
