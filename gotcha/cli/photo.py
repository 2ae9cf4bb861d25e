"""`gotcha photo`: photos from a phone or a card, judged like those of a camera."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape
from rich.table import Table

from gotcha.cli.console import err, out
from gotcha.cli.operator import operator
from gotcha.cli.options import config_of
from gotcha.cli.stopping import stop_on_signals
from pipeline.errors import GotchaError, InvalidValueError

if TYPE_CHECKING:
    from gotcha.cli.report_json import Json
    from storage.analyses import Analysis


def photo(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="JPEG, PNG, WebP or HEIC.", metavar="FILE...")],
    camera: Annotated[
        str | None, typer.Option(help="The camera whose zones apply; by default the one their GPS is near.")
    ] = None,
    taken_at: Annotated[
        str | None,
        typer.Option(help="When a photo without EXIF was taken, such as 2026-05-01T09:00:00+09:00."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Find vehicles and plates on photos, and report those that two photos show to have stood.

    Two photos of one vehicle from the same view, at least the zone's gap apart, become a report; one alone
    waits for its second. Photos from two standpoints are no pair: an accusation needs one place and one
    direction, and the answer says so. Time and place are read from EXIF.

      gotcha photo first.jpg second.jpg
      gotcha photo card/*.jpg --camera gate
    """
    config = config_of(context)
    moment = _moment(taken_at)
    # Imported when asked for: models and decoders take a while, which --help should not.
    from gotcha.photo_command import analyze_photos
    from storage.analyses import AnalysisState

    console = err()
    with stop_on_signals() as stop, console.status("queued") as status:

        def observe(analysis: Analysis) -> None:
            done = f" {analysis.progress.done_s:g} of {analysis.progress.whole_s:g}"
            # What it waits for, where something is away.
            waits = f": {escape(analysis.error)}" if analysis.error else ""
            status.update(analysis.state.value + (done if analysis.progress.whole_s else "") + waits)

        analysis = analyze_photos(
            config, files, stop, camera=camera, taken_at=moment, owner=operator(), observe=observe
        )
    if analysis.state is AnalysisState.FAILED:
        raise GotchaError(analysis.error)
    if analysis.result is None:
        raise GotchaError(f"the analysis {analysis.id} is {analysis.state.value}; a worker goes on with it")
    if as_json:
        typer.echo(json.dumps(json.loads(analysis.result), ensure_ascii=False, indent=2))
        return
    photos = json.loads(analysis.result)["photos"]
    out().print(_table(photos, config.time_zone))
    for one in photos:
        if one["note"]:
            console.print(f"{escape(str(one['file']))}: {escape(str(one['note']))}", style="yellow")


def _moment(text: str | None) -> datetime | None:
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:
        raise InvalidValueError(
            f"expected --taken-at such as 2026-05-01T09:00:00+09:00, got {text!r}"
        ) from None


def _table(photos: list[dict[str, Json]], time_zone: ZoneInfo) -> Table:
    table = Table("photo", "taken", "camera", "vehicle", "plate", "zone", "report", "why")
    for found in photos:
        vehicles = found["vehicles"]
        rows = vehicles if isinstance(vehicles, list) else []
        head = (escape(str(found["file"])), _shown(found["taken_at"], time_zone), str(found["camera"]))
        if not rows:
            table.add_row(*head, "none", "", "", "", "")
        for number, vehicle in enumerate(rows):
            if isinstance(vehicle, dict):
                table.add_row(*(head if number == 0 else ("", "", "")), *_cells(vehicle))
    return table


def _shown(moment: Json, time_zone: ZoneInfo) -> str:
    if not isinstance(moment, str):
        return "unknown"
    return f"{datetime.fromisoformat(moment).astimezone(time_zone):%Y-%m-%d %H:%M:%S}"


def _cells(vehicle: dict[str, Json]) -> tuple[str, ...]:
    plate = vehicle["plate"]
    report = vehicle["report"]
    return (
        f"{vehicle['class']} {vehicle['score']:.2f}",
        str(plate["text"]) if isinstance(plate, dict) else "",
        str(vehicle["zone"] or ""),
        f"{str(report)[:8]} {vehicle['report_state']}" if report else "",
        str(vehicle["why"]),
    )
