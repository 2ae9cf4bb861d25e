"""The command `gotcha` itself: its commands, common options, and what an error looks like."""

from __future__ import annotations

import importlib.metadata
import itertools
import sys
import traceback
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text
from typer.core import TyperGroup

from gotcha.cli.analyze import analyze
from gotcha.cli.bench import bench
from gotcha.cli.check import check
from gotcha.cli.console import err, out
from gotcha.cli.demo import demo
from gotcha.cli.device import device
from gotcha.cli.events import events
from gotcha.cli.export import export
from gotcha.cli.ingest import ingest
from gotcha.cli.key import key
from gotcha.cli.labels import export_labels
from gotcha.cli.logs import set_up_logs
from gotcha.cli.options import CommonOptions
from gotcha.cli.photo import photo
from gotcha.cli.queue import queue
from gotcha.cli.reports import reports
from gotcha.cli.search import search
from gotcha.cli.taught import taught
from gotcha.cli.upkeep import database, purge, verify
from gotcha.cli.user import user
from gotcha.cli.view import accept_view
from gotcha.cli.watching import run, watch, worker
from gotcha.cli.web import web
from pipeline.errors import ConfigError, GotchaError
from sources.redact import redact

FAILED, MISUSED = 1, 2

_HELP = """Watch fixed cameras and report illegally parked vehicles, once each, with evidence.

Begin with [bold]gotcha demo[/] to see it work on a simulated street. Then put your cameras into config.yaml:

  [bold]gotcha check[/]            connect to each camera, and draw its zones
  [bold]gotcha run[/]              watch until Ctrl-C
  [bold]gotcha web[/]              the dashboard by itself
  [bold]gotcha reports list[/]     what was reported
  [bold]gotcha search PLATE[/]     where a vehicle was seen before
  [bold]gotcha queue[/]            what is on its way to the database
  [bold]gotcha export ID[/]        the evidence pack of a report, for others
  [bold]gotcha verify[/]           whether anything stored was altered or removed
  [bold]gotcha events[/]           when a camera's view was moved, covered or dark
  [bold]gotcha analyze FILE[/]     the same for a video
  [bold]gotcha photo FILE...[/]    the same for photos
  [bold]gotcha ingest[/]           photos and videos that appear in buckets

Exit code: 0 done, 1 failed, 2 wrong usage or configuration.
"""


_FLAGS = frozenset({"--verbose", "-v", "--debug"})
_WITH_VALUE = frozenset({"--config", "-c"})


def common_first(arguments: list[str]) -> list[str]:
    """`arguments` with the common options moved before the command: people write them behind it too.

    What follows `bench` or `--` belongs to others and stays.
    """
    front: list[str] = []
    rest: list[str] = []
    left = iter(arguments)
    for argument in left:
        if argument in ("bench", "--"):
            rest.append(argument)
            break
        if argument in _WITH_VALUE:
            front += [argument, *itertools.islice(left, 1)]
        elif argument in _FLAGS or argument.startswith("--config="):
            front.append(argument)
        else:
            rest.append(argument)
    return [*front, *rest, *left]


class GotchaCommands(TyperGroup):
    """Takes common options in any place; turns our errors into one red sentence each and an exit code."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, common_first(args))

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except GotchaError as error:
            if ctx.params.get("debug"):
                _show_traceback()
            _show_error(redact(str(error)))
            raise typer.Exit(MISUSED if isinstance(error, ConfigError) else FAILED) from error
        except KeyboardInterrupt as error:
            raise typer.Exit(FAILED) from error


app = typer.Typer(
    name="gotcha",
    cls=GotchaCommands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        out().print(f"gotcha {importlib.metadata.version('gotcha-parking')}")
        raise typer.Exit


@app.callback(help=_HELP)
def configure(
    context: typer.Context,
    config: Annotated[
        Path, typer.Option("--config", "-c", envvar="GOTCHA_CONFIG", help="The configuration file.")
    ] = Path("config.yaml"),
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log details too; these may show number plates.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where in the program an error arose.")] = False,
    version: Annotated[  # noqa: ARG001 - the callback of the option does its work
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Take the options that stand before the command."""
    set_up_logs(verbose=verbose or debug)
    source = context.get_parameter_source("config")
    named = source is not None and source.name != "DEFAULT"
    context.obj = CommonOptions(config_path=config, named=named, verbose=verbose, debug=debug)


for command in (
    run,
    watch,
    worker,
    web,
    analyze,
    photo,
    check,
    accept_view,
    events,
    search,
    export,
    export_labels,
    verify,
    purge,
    demo,
    ingest,
):
    app.command(help=taught(command))(command)
app.add_typer(reports, name="reports")
app.add_typer(queue, name="queue")
app.add_typer(database, name="db")
app.add_typer(user, name="user")
app.add_typer(key, name="key")
app.add_typer(device, name="device")
app.command(help=taught(bench), context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(
    bench
)


def main() -> None:
    """Run the command line; ends the process with its exit code."""
    try:
        app(prog_name="gotcha")
    except Exception as error:  # noqa: BLE001 - the program's border: what arrives here is a bug of ours
        text = f"an unexpected error, which is a bug: {type(error).__name__}: {error}"
        if "--debug" in sys.argv:
            _show_traceback()
        else:
            text += "; with --debug it says where"
        _show_error(redact(text))
        raise SystemExit(FAILED) from None


def _show_error(sentence: str) -> None:
    # Never broken into lines: a log or a script takes it as one sentence.
    err().print(Text(sentence, style="bold red"), soft_wrap=True)


def _show_traceback() -> None:
    """The current traceback, without the passwords that libraries write into their messages."""
    err().print(Text(redact(traceback.format_exc())))
