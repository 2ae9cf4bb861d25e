"""`gotcha db upgrade`, `verify` and `purge`: looking after what is stored."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from gotcha.cli.console import err, out
from gotcha.cli.operator import operator
from gotcha.cli.options import config_of
from gotcha.cli.taught import taught
from gotcha.database_wiring import opened_database
from gotcha.state_folder import prepare

if TYPE_CHECKING:
    from storage.whole_check import WholeCheck

database = typer.Typer(help="Look after the database.", no_args_is_help=True)

_FAILED = 1
_WHAT_NOW = (
    "Keep database and evidence as they are and compare them with a backup. A database that was restored or"
    " begun anew on purpose lacks what was written down since: then move chain-anchors.jsonl away."
)


def upgrade_database(context: typer.Context) -> None:
    """Bring the database's schema to that of this version; every start does so too.

    In one transaction: it is done whole or not at all. Back the database up before an upgrade all the same.
    """
    from storage.database import upgrade
    from storage.engine import connect, shown

    config = config_of(context)
    if config.database.url is None:
        prepare(config.state_dir)
    engine = connect(config.database_url)
    try:
        done = upgrade(engine)
        address = shown(engine)
    finally:
        engine.dispose()
    if done.before == done.after:
        out().print(Text(f"{address} is up to date (revision {done.after})."))
    else:
        out().print(Text(f"{address}: upgraded from revision {done.before or 'none'} to {done.after}."))


database.command(name="upgrade", help=taught(upgrade_database))(upgrade_database)


def verify(
    context: typer.Context,
    records_only: Annotated[
        bool, typer.Option("--records-only", help="Only the database: do not read the evidence.")
    ] = False,
    against: Annotated[
        list[Path] | None,
        typer.Option(help="Another machine's chain-anchors.jsonl, or an evidence pack; may be repeated."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> None:
    """Find every record and piece of evidence that was altered, removed or inserted, and name it.

    Follows each camera's hash chain, compares every report, its history and its evidence with it, and looks
    for evidence that no report names: a watch leaves some behind when it finds better, which the purge
    deletes, so what is only unnamed is said and is no failure. Cameras may run meanwhile; evidence of theirs
    that is younger than ten seconds, or that another machine still holds reports of, is named too.

    Workers write the ends of the chains down every minute, in chain-anchors.jsonl of the state folder, and
    every evidence pack holds one: who rewrites the last records with all their hashes, or cuts them off,
    would have to change those too. Exit code 1: something was altered, removed or inserted.

      gotcha verify
      gotcha verify --against /backup/chain-anchors.jsonl --against packs/gotcha-gate-20260501-3f2a.zip
    """
    config = config_of(context)
    from gotcha.anchoring import anchor_file, anchors_of, write_down_ends
    from gotcha.evidence_wiring import evidence_on_the_way, open_evidence
    from storage.access_log import Access, AccessAction, SqlAccessLog
    from storage.whole_check import verify_all

    with opened_database(config) as engine:
        anchors = (*anchor_file(config).read(), *anchors_of(against or ()))
        if not records_only:
            SqlAccessLog(engine).record(
                Access(
                    at=datetime.now(UTC),
                    who=operator(),
                    action=AccessAction.VERIFY,
                    detail="all evidence is hashed",
                )
            )
        with Progress(console=err(), transient=True) as bar:
            task = bar.add_task("evidence", total=None, visible=not records_only)
            check = verify_all(
                engine,
                None if records_only else open_evidence(config),
                anchors=anchors,
                on_the_way=lambda: evidence_on_the_way(config),
                progress=lambda done, in_all: bar.update(task, completed=done, total=in_all),
            )
        if not check.faults:
            write_down_ends(config, engine)
    if as_json:
        typer.echo(json.dumps(_as_json(check), ensure_ascii=False, indent=2))
    else:
        _show(check, records_only=records_only)
    if check.faults:
        raise typer.Exit(_FAILED)


def purge(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
) -> None:
    """Delete what may be kept no longer (`retention:` in the configuration): reports and their evidence,
    reports that could not be stored, entries of the access log.

    A running `gotcha run` or `gotcha worker` does so every hour. The history of a report stays, with a
    tombstone, so that `gotcha verify` still follows the chain.
    """
    config = config_of(context)
    from gotcha.anchoring import write_down_ends
    from gotcha.dead_letters import OUTBOX, dead_letters_due
    from gotcha.evidence_wiring import evidence_on_the_way
    from gotcha.retention import open_purge, summary

    now = datetime.now(UTC)
    on_the_way = evidence_on_the_way(config)
    with opened_database(config) as engine:
        work = open_purge(config, engine)
        if not dry_run:
            done = work.run(now, on_the_way=on_the_way)
            out().print(Text(f"{summary(done)}."))
            write_down_ends(config, engine)
            return
        due = list(work.due(now))
        unnamed = sum(1 for _ in work.unnamed(now, on_the_way))
        entries = work.log_entries(now)
    letters = len(dead_letters_due(config.state_dir / OUTBOX, config.retention.dead_letter_days, now))
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("id", "state", "camera", "stored"):
        table.add_column(column)
    for report in due:
        stored = f"{report.stored_at.astimezone(config.time_zone):%Y-%m-%d %H:%M:%S}"
        table.add_row(report.id, report.state.value, Text(report.camera), stored)
    if due:
        out().print(table)
    text = f"{len(due)} reports would be deleted with their evidence"
    out().print(Text(f"{text}, and {unnamed} pieces of evidence that no report names."))
    if letters or entries:
        out().print(Text(f"{letters} dead letters and {entries} entries of the access log would go too."))


def _show(check: WholeCheck, *, records_only: bool) -> None:
    records = check.records
    for finding in check.findings:
        style = "bold red" if finding in check.faults else "yellow"
        line = Text(f"{finding.fault.value.upper()} ", style=style)
        out().print(line + Text(f"{finding.subject}: {finding.text}", style=""), soft_wrap=True)
    for camera, head in sorted(records.heads.items()):
        out().print(Text(f"{camera}: {head.position} links, the last {head.link_sha256}"), soft_wrap=True)
    evidence = "evidence not read" if records_only else f"{len(records.evidence)} pieces of evidence"
    checked = (
        f"{records.reports} reports, {records.tombstones} expired ones, {records.links} links "
        f"({records.anchors} of them written down elsewhere), {evidence}"
    )
    if check.faults:
        counts = Counter(finding.fault.value for finding in check.findings)
        found = ", ".join(f"{count} {fault}" for fault, count in sorted(counts.items()))
        err().print(Text(f"{checked}: {found}.", style="bold red"))
        err().print(_WHAT_NOW)
    else:
        unnamed = f" (named by no report: {len(check.findings)})" if check.findings else ""
        out().print(Text(f"{checked}: all as they were stored{unnamed}.", style="green"))


def _as_json(check: WholeCheck) -> dict[str, object]:
    records = check.records
    return {
        "verified": not check.faults,
        "reports": records.reports,
        "expired": records.tombstones,
        "links": records.links,
        "anchors": records.anchors,
        "evidence": len(records.evidence),
        "heads": {
            camera: {"position": head.position, "link_sha256": head.link_sha256}
            for camera, head in records.heads.items()
        },
        "findings": [
            {"fault": finding.fault.value, "subject": finding.subject, "text": finding.text}
            for finding in check.findings
        ],
    }
