"""`gotcha search`: finding a vehicle again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table
from rich.text import Text

from gotcha.cli.console import err, out
from gotcha.cli.moments import moment_of
from gotcha.cli.operator import operator
from gotcha.cli.options import config_of
from gotcha.cli.report_json import moment_json
from gotcha.cli.report_table import plate_shown
from gotcha.config import Config
from gotcha.database_wiring import opened_database
from pipeline.detection import ObjectClass
from pipeline.errors import ConfigError
from pipeline.vehicle_look import VehicleColour, VehicleLook
from storage.sightings import LEAST_LIKENESS, MAX_FOUND, Found, SightingQuery, SightingStore

Day = Annotated[str | None, typer.Option(help="A date or time (local).")]


def search(
    context: typer.Context,
    plate: Annotated[str | None, typer.Argument(help="A plate; ? is any character, * any number.")] = None,
    least_likeness: Annotated[
        float, typer.Option(min=0, max=1, help="How well the plate must fit; 1 is exactly.")
    ] = LEAST_LIKENESS,
    like: Annotated[str | None, typer.Option(help="A report's id: what looks alike.")] = None,
    image: Annotated[Path | None, typer.Option(help="A picture of one vehicle: what looks alike.")] = None,
    camera: Annotated[list[str] | None, typer.Option(help="Only this camera; may be repeated.")] = None,
    zone: Annotated[str | None, typer.Option(help="Only this zone.")] = None,
    since: Day = None,
    until: Day = None,
    vehicle: Annotated[list[ObjectClass] | None, typer.Option(help="Only this class.")] = None,
    colour: Annotated[list[VehicleColour] | None, typer.Option(help="Only this colour.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_FOUND, help="At most so many.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> None:
    """Find vehicles that were seen: by plate, by what they look like, by where and when.

    A plate that differs a little is found too, the likest first. What is searched for is written into the
    access log.

      gotcha search 12가34?? --since 2026-05-01
      gotcha search '*3456' --camera gate
      gotcha search --like REPORT --colour white
      gotcha search --image car.jpg
    """
    config = config_of(context)
    from jobs.context import utc_now
    from storage.access_log import Access, AccessAction, SqlAccessLog
    from storage.sighting_store import SqlSightingStore

    if like is not None and image is not None:
        raise ConfigError("expected --like or --image, got both")
    with opened_database(config) as engine:
        store = SqlSightingStore(engine)
        look = _look(config, store, like, image)
        wanted = SightingQuery(
            plate=plate,
            least_likeness=least_likeness,
            look=look,
            cameras=frozenset(camera) if camera else None,
            zone=zone,
            since=moment_of(since, config.time_zone),
            until=moment_of(until, config.time_zone),
            labels=frozenset(vehicle or ()),
            colours=frozenset(colour or ()),
            limit=limit,
        )
        found = store.search(wanted)
        said = plate or like or ("a picture" if image else "all")
        SqlAccessLog(engine).record(
            Access(
                at=utc_now(),
                who=operator(),
                action=AccessAction.READ,
                detail=f"search ({said}): {len(found)} sightings",
            )
        )
    if as_json:
        typer.echo(json.dumps([_json(one) for one in found], ensure_ascii=False, indent=2))
    elif found:
        out().print(_table(found, config.time_zone))
    else:
        err().print("Nothing that was seen fits.")


def _look(config: Config, store: SightingStore, like: str | None, image: Path | None) -> VehicleLook | None:
    """What to compare with, or None.

    Raises:
        ConfigError: there is no such sighting or picture, or no vehicle is seen in it.
    """
    if like is not None:
        known = store.get(like)
        if known is None or known.look is None:
            raise ConfigError(f"nothing is known of how {like} looks; expected the whole id of a report")
        return known.look
    if image is None:
        return None
    # Imported when asked for: models take a while, which --help should not.
    from gotcha.crop_look import look_of_crop

    return look_of_crop(config, image)


def _table(found: tuple[Found, ...], time_zone: ZoneInfo) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("id", "camera", "zone", "plate", "vehicle", "seen", "plate fits", "looks alike"):
        table.add_column(column)
    for one in found:
        seen = one.sighting
        table.add_row(
            seen.id,
            Text(seen.camera or "-"),
            Text(seen.zone or "-"),
            Text(plate_shown(seen.plate)),
            f"{seen.colour.value} {seen.label.value}" if seen.colour else seen.label.value,
            f"{seen.first_seen_at.astimezone(time_zone):%Y-%m-%d %H:%M:%S}",
            _share(one.plate_likeness),
            _share(one.look_likeness),
        )
    return table


def _share(likeness: float | None) -> str:
    return "" if likeness is None else f"{likeness:.2f}"


def _json(found: Found) -> dict[str, object]:
    seen = found.sighting
    return {
        "id": seen.id,
        "report_id": seen.report_id,
        "analysis_id": seen.analysis_id,
        "camera": seen.camera,
        "zone": seen.zone,
        "vehicle": seen.label.value,
        "colour": None if seen.colour is None else seen.colour.value,
        "plate": seen.plate.text,
        "plate_confidences": list(seen.plate.confidences),
        "plate_accepted": seen.plate.accepted,
        "box": [seen.box.x1, seen.box.y1, seen.box.x2, seen.box.y2],
        "frame_size": [seen.frame_size.width, seen.frame_size.height],
        "photo_key": seen.photo_key,
        "first_seen_at": moment_json(seen.first_seen_at),
        "last_seen_at": moment_json(seen.last_seen_at),
        "plate_likeness": found.plate_likeness,
        "look_likeness": found.look_likeness,
    }
