"""`gotcha reports`: what was stored."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.text import Text

from gotcha.cli.console import err, out
from gotcha.cli.moments import moment_of
from gotcha.cli.operator import operator
from gotcha.cli.options import config_of
from gotcha.cli.report_json import moment_json, stored_csv, stored_json
from gotcha.cli.report_table import access_table, report_details, reports_table
from gotcha.cli.taught import taught
from gotcha.config import Config
from gotcha.database_wiring import opened_database
from pipeline.errors import ConfigError, StorageError
from pipeline.report import ReportState
from storage.ports import MAX_LIMIT, ReportFilter, ReportStore, StoredReport

reports = typer.Typer(help="List and show stored reports.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="JSON on standard output, for other programs.")]
_LEAST_ID = 4


def list_reports(
    context: typer.Context,
    state: Annotated[list[ReportState] | None, typer.Option(help="Only this state; may be repeated.")] = None,
    camera: Annotated[str | None, typer.Option(help="Only this camera.")] = None,
    zone: Annotated[str | None, typer.Option(help="Only this zone.")] = None,
    plate: Annotated[str | None, typer.Option(help="Only plates with this in them.")] = None,
    since: Annotated[str | None, typer.Option(help="From this date or time on (local).")] = None,
    until: Annotated[str | None, typer.Option(help="Up to this date or time (local).")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_LIMIT, help="At most so many, newest first.")] = 50,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV on standard output, for spreadsheets.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="All that fit, whatever --limit says.")] = False,
) -> None:
    """List reports, newest first.

    A plate in brackets was not read with certainty; ? stands for a character nobody should guess. What is
    taken out as JSON or CSV is written into the access log.

      gotcha reports list --state final --since 2026-05-01
      gotcha reports list --camera gate --plate 4567 --json
    """
    config = config_of(context)
    wanted = ReportFilter(
        states=frozenset(state or ()),
        camera=camera,
        zone=zone,
        plate=plate,
        since=moment_of(since, config.time_zone),
        until=moment_of(until, config.time_zone),
        limit=limit,
    )
    if as_json and as_csv:
        raise ConfigError("expected --json or --csv, got both")
    with opened_database(config) as engine:
        from storage.report_store import SqlReportStore
        from storage.reviews import SqlReviews

        store = SqlReportStore(engine)
        found, in_all = _all_of(store, wanted) if everything else store.list(wanted), store.count(wanted)
        merged = SqlReviews(engine).merged_into(stored.report.id for stored in found)
    if as_json or as_csv:
        _log_query(config, "CSV" if as_csv else "JSON", wanted, len(found))
    if as_csv:
        typer.echo(stored_csv(found, merged), nl=False)
        return
    if as_json:
        _print_json([stored_json(one, merged_into=merged.get(one.report.id)) for one in found])
        return
    if not found:
        err().print(
            "No reports fit." if wanted != ReportFilter(limit=limit) else "No reports are stored yet."
        )
        return
    rows = ((stored.report, stored.state) for stored in found)
    out().print(reports_table(rows, lambda name: time_zone_of(config, name), merged))
    if in_all > len(found):
        err().print(f"{len(found)} of {in_all} reports; --limit shows more.", style="dim")


def show_report(
    context: typer.Context,
    report: Annotated[str, typer.Argument(help="The report's id, or its first characters (4 or more).")],
    as_json: AsJson = False,
) -> None:
    """Show one report: times, plate, where its evidence lies, and its history.

    gotcha reports show 3f2a
    """
    config = config_of(context)
    with opened_database(config) as engine:
        from storage.report_store import SqlReportStore
        from storage.reviews import SqlReviews

        store = SqlReportStore(engine)
        stored = found_report(store, report.strip().lower())
        history = store.history(stored.report.id)
        merged = SqlReviews(engine).merged_into([stored.report.id]).get(stored.report.id)
    if as_json:
        _print_json(stored_json(stored, history, merged_into=merged))
        return
    time_zone = time_zone_of(config, stored.report.camera)
    located = functools.partial(_located, config)
    out().print(report_details(stored, history, time_zone, located, merged_into=merged))


def _located(config: Config, key: str) -> Text:
    bucket = config.evidence.s3
    if bucket is not None:
        return Text(f"s3://{bucket.bucket}/{bucket.prefix}{key}")
    path = config.evidence_dir / key
    return Text(str(path)) if path.is_file() else Text(f"{path} (missing)", style="red")


@contextmanager
def open_store(config: Config) -> Iterator[ReportStore]:
    """The store of reports and camera events while the block lasts.

    Raises:
        StorageError: the database cannot be opened.
    """
    with opened_database(config) as engine:
        from storage.report_store import SqlReportStore

        yield SqlReportStore(engine)


def _all_of(store: ReportStore, wanted: ReportFilter) -> tuple[StoredReport, ...]:
    found: list[StoredReport] = []
    while page := store.list(replace(wanted, limit=MAX_LIMIT, offset=len(found))):
        found += page
    return tuple(found)


def _log_query(config: Config, form: str, wanted: ReportFilter, count: int) -> None:
    from storage.access_log import Access, AccessAction, SqlAccessLog

    parts = {
        "states": ",".join(sorted(state.value for state in wanted.states)),
        "camera": wanted.camera,
        "zone": wanted.zone,
        "plate": wanted.plate,
        "since": wanted.since,
        "until": wanted.until,
    }
    said = ", ".join(f"{name} {value}" for name, value in parts.items() if value) or "all"
    with opened_database(config) as engine:
        SqlAccessLog(engine).record(
            Access(
                at=datetime.now(UTC),
                who=operator(),
                action=AccessAction.EXPORT,
                detail=f"{count} reports as {form}: {said}",
            )
        )


def access_log(
    context: typer.Context,
    report: Annotated[str, typer.Argument(help="Only of this report: its id, or the beginning of it.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=MAX_LIMIT, help="At most so many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Who read or took out evidence and reports."""
    config = config_of(context)
    from storage.access_log import SqlAccessLog
    from storage.report_store import SqlReportStore

    with opened_database(config) as engine:
        wanted = found_report(SqlReportStore(engine), report.strip().lower()).report.id if report else None
        entries = SqlAccessLog(engine).entries(report_id=wanted, limit=limit)
    if as_json:
        _print_json(
            [
                {
                    "at": moment_json(entry.at),
                    "who": entry.who,
                    "action": entry.action.value,
                    "report": entry.report_id,
                    "key": entry.key,
                    "detail": entry.detail,
                }
                for entry in entries
            ]
        )
        return
    out().print(access_table(entries, config.time_zone))


reports.command(name="list", help=taught(list_reports))(list_reports)
reports.command(name="show", help=taught(show_report))(show_report)
reports.command(name="access", help=taught(access_log))(access_log)


def found_report(store: ReportStore, wanted: str) -> StoredReport:
    """The report with this id, or the only one whose id begins so.

    Raises:
        ConfigError: fewer than four characters.
        StorageError: there is none, or more than one.
    """
    if exact := store.get(wanted):
        return exact
    if len(wanted) < _LEAST_ID:
        raise ConfigError(f"expected at least {_LEAST_ID} characters of a report's id, got {wanted!r}")
    fitting = _beginning_with(store, wanted)
    if not fitting:
        raise StorageError(f"there is no report {wanted}; `gotcha reports list` shows all")
    if len(fitting) > 1:
        ids = ", ".join(stored.report.id[: len(wanted) + 4] for stored in fitting[:5])
        raise StorageError(f"{len(fitting)} reports begin with {wanted}: {ids}; give more characters")
    return fitting[0]


def _beginning_with(store: ReportStore, prefix: str) -> list[StoredReport]:
    fitting: list[StoredReport] = []
    offset = 0
    while page := store.list(ReportFilter(limit=MAX_LIMIT, offset=offset)):
        fitting += [stored for stored in page if stored.report.id.startswith(prefix)]
        offset += len(page)
    return fitting


def time_zone_of(config: Config, camera: str) -> ZoneInfo:
    """The time zone to show a camera's times in."""
    # A report outlives its camera's place in the configuration.
    return config.time_zone_of(camera) if camera in config.cameras else config.time_zone


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
