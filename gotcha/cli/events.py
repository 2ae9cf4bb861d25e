"""`gotcha events`: when a camera's view changed, and when it came back."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from gotcha.cli.console import err, out
from gotcha.cli.options import config_of
from gotcha.cli.report_table import moment_shown
from gotcha.cli.reports import open_store, time_zone_of
from pipeline.report import CameraCondition
from storage.ports import MAX_LIMIT


def events(
    context: typer.Context,
    camera: Annotated[str | None, typer.Option(help="Only this camera.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_LIMIT, help="At most so many, newest first.")] = 50,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON on standard output, for other programs.")
    ] = False,
) -> None:
    """List when cameras were moved, covered, dark, blurred or frozen, and well again; newest first.

    While a view is not ok, its camera reports nothing: these are the gaps in the watch.

      gotcha events
      gotcha events --camera gate --json
    """
    config = config_of(context)
    with open_store(config) as store:
        found = store.camera_events(camera=camera, limit=limit)
    if as_json:
        rows = [
            {
                "id": event.id,
                "camera": event.camera,
                "condition": event.condition.value,
                "at": event.at.isoformat(),
                "text": event.text,
            }
            for event in found
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    if not found:
        err().print(
            "No camera events are stored." if camera is None else f"No events of {camera} are stored."
        )
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("at", "camera", "condition", "what happened"):
        table.add_column(column, overflow="fold")
    for event in found:
        style = "green" if event.condition is CameraCondition.OK else "yellow"
        table.add_row(
            moment_shown(event.at, time_zone_of(config, event.camera)),
            Text(event.camera),
            Text(event.condition.value, style=style),
            Text(event.text),
        )
    out().print(table)
