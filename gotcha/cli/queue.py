"""`gotcha queue`: what is on its way to the database, and what was refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table
from rich.text import Text

from gotcha.cli.console import err, out
from gotcha.cli.options import config_of
from gotcha.config import Config
from pipeline.errors import QueueError

if TYPE_CHECKING:
    from jobs.outbox import Outbox, OutboxItem

queue = typer.Typer(help="Show what is on its way to the database; replay what was refused.")

AsJson = Annotated[bool, typer.Option("--json", help="JSON on standard output, for other programs.")]
_SHOWN = 20
_STATES = {"pending": "waits on disk", "sent": "queued", "dead": "refused"}


@queue.callback(invoke_without_command=True)
def overview(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, oldest first.")] = _SHOWN,
    as_json: AsJson = False,
) -> None:
    """Show how many reports wait on disk, are queued or were refused, and the oldest of them.

    A report stays in this machine's outbox until a worker has stored it. Refused ones (dead letters) wait
    until they are retried.

      gotcha queue
      gotcha queue show 3f2a
      gotcha queue retry
    """
    if context.invoked_subcommand is not None:
        return
    config = config_of(context)
    with _outbox(config) as outbox:
        counts, items = outbox.counts(), outbox.items(limit=limit)
    if as_json:
        states = {"pending": counts.pending, "sent": counts.sent, "dead": counts.dead}
        _print_json({**states, "items": [_summary(item, config.time_zone) for item in items]})
        return
    out().print(f"{counts.pending} wait on disk, {counts.sent} are queued, {counts.dead} were refused.")
    if items:
        out().print(_table(items, config.time_zone))
    in_all = counts.pending + counts.sent + counts.dead
    if in_all > len(items):
        err().print(f"{len(items)} of {in_all}; --limit shows more.", style="dim")
    if counts.pending:
        err().print("What waits on disk is sent while `gotcha run` or `gotcha watch` runs on this machine.")
    if counts.dead:
        err().print("`gotcha queue show ID` says why one was refused; `gotcha queue retry` queues them anew.")


@queue.command()
def show(
    context: typer.Context,
    item: Annotated[str, typer.Argument(help="The report's id, or its first characters.")],
) -> None:
    """Show what is queued under an id, as JSON: each revision with its state, trouble and payload.

    gotcha queue show 3f2a
    """
    config = config_of(context)
    with _outbox(config) as outbox:
        items = _named(outbox, item)
    _print_json([_summary(one, config.time_zone) | {"payload": json.loads(one.payload)} for one in items])


@queue.command()
def retry(
    context: typer.Context,
    item: Annotated[
        str | None, typer.Argument(help="A report's id, or its first characters; by default all.")
    ] = None,
) -> None:
    """Queue what was refused anew, once its cause is mended: a program of the right version, say.

      gotcha queue retry
      gotcha queue retry 3f2a

    The program that watches the cameras sends them; without one they wait for its next start.
    """
    config = config_of(context)
    with _outbox(config) as outbox:
        names = None if item is None else sorted({one.id for one in _named(outbox, item)})
        count = outbox.revive() if names is None else sum(outbox.revive(name) for name in names)
    what = "nothing was refused" if item is None else f"nothing under {item} was refused"
    out().print(f"{count} queued anew." if count else f"{what[0].upper()}{what[1:]}.")


@contextmanager
def _outbox(config: Config) -> Iterator[Outbox]:
    from jobs.outbox import Outbox

    outbox = Outbox(config.state_dir / "outbox.db")
    try:
        yield outbox
    finally:
        outbox.close()


def _named(outbox: Outbox, wanted: str) -> tuple[OutboxItem, ...]:
    found = outbox.items(id_begins=wanted.strip().lower(), limit=10_000)
    ids = sorted({item.id for item in found})
    if not ids:
        raise QueueError(
            f"nothing is on its way under {wanted}: `gotcha queue` shows what is, "
            f"`gotcha reports show {wanted}` what was stored"
        )
    if len(ids) > 1:
        some = ", ".join(name[: len(wanted) + 4] for name in ids[:5])
        raise QueueError(f"{len(ids)} ids begin with {wanted}: {some}; give more characters")
    return found


def _table(items: tuple[OutboxItem, ...], time_zone: ZoneInfo) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("id", "revision", "kind", "state", "taken", "failures", "trouble"):
        table.add_column(column, justify="right" if column in ("revision", "failures") else "left")
    for item in items:
        table.add_row(
            item.id[:8],
            str(item.revision),
            item.kind.value.replace("_", " "),
            Text(_STATES[item.state.value], style="red" if item.state.value == "dead" else ""),
            _local(item.offered_at, time_zone).strftime("%Y-%m-%d %H:%M:%S"),
            str(item.failures),
            Text(item.reason),
        )
    return table


def _summary(item: OutboxItem, time_zone: ZoneInfo) -> dict[str, object]:
    return {
        "id": item.id,
        "revision": item.revision,
        "kind": item.kind.value,
        "state": item.state.value,
        "taken_at": _local(item.offered_at, time_zone).isoformat(),
        "failures": item.failures,
        "trouble": item.reason,
    }


def _local(moment_s: float, time_zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(moment_s, UTC).astimezone(time_zone)


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
