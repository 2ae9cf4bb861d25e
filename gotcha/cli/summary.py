"""What a run did, when it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from gotcha.run_summary import RunSummary


def show_summary(summary: RunSummary, console: Console) -> None:
    """One line for each camera, what still waits on disk, and what was refused."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in (
        "camera",
        "frames",
        "detector runs",
        "dropped",
        "damaged",
        "reports",
        "restarts",
        "remark",
    ):
        table.add_column(column, justify="left" if column in ("camera", "remark") else "right")
    for camera in summary.cameras:
        numbers = (
            *(camera.frames, camera.detected, camera.dropped, camera.damaged),
            *(camera.reports, camera.restarts),
        )
        remark = Text(camera.failure or camera.trouble or "", style="red" if camera.failure else "yellow")
        table.add_row(Text(camera.name), *map(str, numbers), remark)
    console.print(table)
    if summary.waiting:
        items = (
            "1 report or event waits"
            if summary.waiting == 1
            else f"{summary.waiting} reports and events wait"
        )
        console.print(f"{items} on disk; the next start, or a worker, stores what waits.")
    if summary.dead:
        items = "1 report or event was" if summary.dead == 1 else f"{summary.dead} reports and events were"
        console.print(Text(f"{items} refused and not stored; kept on disk, the log says why.", style="red"))


def exit_code(summary: RunSummary) -> int:
    """0, or 1 when a camera could not be watched at all."""
    return int(any(camera.failure for camera in summary.cameras))
