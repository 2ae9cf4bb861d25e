"""Whether every report arrives, once, while everything around it fails.

Vehicles are reported as a frame loop does it, through outbox, Redis and two workers into PostgreSQL, while at
random Redis is killed and comes back empty, workers are killed in mid-job, the database refuses connections,
the disk of evidence and outbox is full, and the frame loop is killed, once with a memory that is older than
what it reported. Run as `gotcha bench faults` or `python -m bench.faults`.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.database_proxy import DatabaseProxy
from bench.fault_programs import Setting, plate
from bench.fault_scene import FAULTS, FaultScene
from bench.store import own_postgresql
from jobs.embedded_redis import EmbeddedRedis
from jobs.outbox import Outbox, OutboxCounts
from pipeline.errors import GotchaError
from pipeline.report import ReportState
from storage.anchors import AnchorFile
from storage.database import open_database
from storage.evidence_folder import EvidenceFolder
from storage.ports import ReportFilter, StoredReport
from storage.report_store import SqlReportStore
from storage.whole_check import verify_all

_PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultResult:
    """What came of it.

    Attributes:
        vehicles: how many were reported.
        faults: how often each fault was made.
        stored: vehicles with a final report.
        lost: plates of vehicles without one.
        doubled: plates of vehicles with more than one.
        duplicates: reports of vehicles that a frame loop with an old memory reported anew.
        unfinished: temporary reports whose frame loop was killed before it had noted their id.
        altered: what `gotcha verify` finds: records and evidence that are not as they were stored, chains
            that are broken or do not run through the ends that were written down.
        links, anchors, pieces: how many links, ends written down and pieces of evidence that check looked at.
        restored: revisions that were stored twice.
        waiting: what is left in the outbox.
    """

    vehicles: int
    faults: Counter[str]
    stored: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    duplicates: int
    unfinished: int
    altered: tuple[str, ...]
    links: int
    anchors: int
    pieces: int
    restored: tuple[str, ...]
    waiting: OutboxCounts

    @property
    def passed(self) -> bool:
        nothing = OutboxCounts(pending=0, sent=0, dead=0)
        return (
            self.stored == self.vehicles
            and not (self.lost or self.doubled or self.altered or self.restored)
            and (self.waiting == nothing)
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Run it and print; returns 0 when nothing was lost or doubled."""
    parser = argparse.ArgumentParser(prog="gotcha bench faults", description=__doc__)
    parser.add_argument("--reports", type=int, default=500, help="how many vehicles are reported")
    parser.add_argument("--rounds", type=int, default=3, help="how often each fault is made at least")
    parser.add_argument("--rate", type=float, default=5.0, help="vehicles a second")
    parser.add_argument("--seed", type=int, default=None, help="of the order and the moments of the faults")
    parser.add_argument("--postgresql", metavar="URL", help="an empty database; default: one of its own")
    arguments = parser.parse_args(argv)
    seed = random.randrange(1 << 31) if arguments.seed is None else arguments.seed
    console = Console()
    try:
        result = run_faults(
            vehicles=arguments.reports,
            rounds=arguments.rounds,
            a_second=arguments.rate,
            seed=seed,
            postgresql=arguments.postgresql,
        )
    except GotchaError as error:
        console.print(f"[red]{error}[/red]")
        return 1
    _show(result, seed, console)
    return 0 if result.passed else 1


def run_faults(
    *, vehicles: int, rounds: int, a_second: float, seed: int, postgresql: str | None = None
) -> FaultResult:
    """Report `vehicles` under `rounds` of each fault and look at what was stored.

    Raises:
        GotchaError: something does not start at all.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gotcha-faults-")))
        server = postgresql or stack.enter_context(own_postgresql(folder))
        proxy = stack.enter_context(DatabaseProxy(server))
        service = stack.enter_context(EmbeddedRedis(folder))
        setting = Setting(
            redis_url=service.url,
            database_url=proxy.url,
            folder=folder,
            vehicles=vehicles,
            a_second=a_second,
        )
        # Its tables are there before the door is shut for the first time.
        open_database(setting.database_url).dispose()
        with FaultScene(setting, proxy, random.Random(seed)) as scene:
            scene.play(rounds)
            scene.wait_until_stored()
        return _looked_at(setting, server, scene.made)


def _looked_at(setting: Setting, database_url: str, faults: Counter[str]) -> FaultResult:
    engine = open_database(database_url)
    outbox = Outbox(setting.outbox)
    try:
        store = SqlReportStore(engine)
        check = verify_all(
            engine, EvidenceFolder(setting.evidence), anchors=AnchorFile(setting.anchors).read()
        )
        reports: list[StoredReport] = []
        while page := store.list(ReportFilter(limit=_PAGE, offset=len(reports))):
            reports += page
        finals = [one for one in reports if one.state is ReportState.FINAL]
        accused = Counter(one.report.plate.text for one in finals)
        wanted = [plate(vehicle) for vehicle in range(setting.vehicles)]
        return FaultResult(
            vehicles=setting.vehicles,
            faults=faults,
            stored=sum(1 for text in wanted if accused[text]),
            lost=tuple(text for text in wanted if not accused[text]),
            doubled=tuple(text for text, count in accused.items() if count > 1),
            duplicates=sum(1 for one in reports if one.state is ReportState.DUPLICATE),
            unfinished=sum(1 for one in reports if one.state is ReportState.TEMPORARY),
            altered=tuple(f"{one.fault.value} {one.subject}: {one.text}" for one in check.faults),
            links=check.records.links,
            anchors=check.records.anchors,
            pieces=len(check.records.evidence),
            restored=tuple(_stored_twice(store, reports)),
            waiting=outbox.counts(),
        )
    finally:
        outbox.close()
        engine.dispose()


def _stored_twice(store: SqlReportStore, reports: Sequence[StoredReport]) -> Iterator[str]:
    for one in reports:
        revisions = [step.revision for step in store.history(one.report.id)]
        if revisions != sorted(set(revisions)):
            yield f"report {one.report.id} was stored in revisions {revisions}"


def _show(result: FaultResult, seed: int, console: Console) -> None:
    table = Table(title=f"{result.vehicles} vehicles reported under faults (seed {seed})")
    table.add_column("fault")
    table.add_column("times", justify="right")
    for fault in FAULTS:
        table.add_row(fault, str(result.faults[fault]))
    console.print(table)
    console.print(
        f"[bold]{result.stored}[/] stored, [bold]{len(result.lost)}[/] lost, "
        f"[bold]{len(result.doubled)}[/] doubled; {len(result.restored)} revisions stored twice, "
        f"{result.waiting.pending + result.waiting.sent} waiting, {result.waiting.dead} refused."
    )
    verdict = "as they were stored" if not result.altered else f"[red]{len(result.altered)} altered[/]"
    console.print(
        f"Chain verified as by `gotcha verify`: {result.links} links ({result.anchors} of them written down "
        f"elsewhere) and {result.pieces} pieces of evidence, {verdict}."
    )
    console.print(
        f"{result.duplicates} accusations that were made twice are stored as duplicates; "
        f"{result.unfinished} temporary reports of killed frame loops were not gone on with."
    )
    for line in (*result.lost, *result.doubled, *result.altered, *result.restored):
        console.print(f"  {line}", style="red")


if __name__ == "__main__":
    sys.exit(main())
