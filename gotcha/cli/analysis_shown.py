"""The result of analysing a video, for people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gotcha.cli.report_table import duration_shown, reports_table
from gotcha.config import Config

if TYPE_CHECKING:
    from gotcha.analysis import AnalysisResult


def show_analysis(result: AnalysisResult, config: Config, evidence: Path, console: Console) -> None:
    """What the source said, what stood, the reports, and a line that sums up."""
    # Imported when asked for, with the decoder that it needs.
    from sources.video_date import DateFrom

    if result.started_at is not None and result.started_from is DateFrom.SENDER:
        (zone,) = {config.time_zone_of(name) for name in config.cameras}
        console.print(
            Text(
                f"Filmed from {result.started_at.astimezone(zone):%Y-%m-%d %H:%M:%S %z} on, as given.",
                style="dim",
            )
        )
    for notice in result.notices:
        console.print(Text(notice, style="dim"))
    if result.halts:
        console.print(_halts_table(result))
    if result.reports:
        rows = ((report, report.state) for report in result.reports)
        zone_of = {name: config.time_zone_of(name) for name in config.cameras}
        console.print(reports_table(rows, lambda name: zone_of.get(name, config.time_zone)))
        console.print(Text(f"Evidence: {evidence}"))
    for event in result.camera_events:
        console.print(Text(event.text, style="yellow"))
    length, stood, reports = duration_shown(result.analysed_s), len(result.halts), len(result.reports)
    console.print(f"{length} analysed; {_counted(stood, 'vehicle')} stood; {_counted(reports, 'report')}.")


def _halts_table(result: AnalysisResult) -> Table:
    table = Table(
        title="Standing vehicles", title_justify="left", box=None, header_style="bold", pad_edge=False
    )
    for column in ("vehicle", "from", "to", "at (pixels)", "score"):
        table.add_column(column, no_wrap=True)
    for halt in result.halts:
        table.add_row(
            halt.label.value,
            "the start" if halt.since_start else f"{halt.from_s:.1f} s",
            "the end" if halt.to_s is None else f"{halt.to_s:.1f} s",
            ", ".join(f"{v:.0f}" for v in (halt.box.x1, halt.box.y1, halt.box.x2, halt.box.y2)),
            f"{halt.score:.2f}",
        )
    return table


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
