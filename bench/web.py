"""How fast the dashboard answers with a million reports and twenty people, on SQLite and on PostgreSQL.

gotcha bench web [--reports 1000000] [--clients 20] [--seconds 15] [--only sqlite] [--keep DIR]

The dashboard is the one of `gotcha web`, in a process of its own; the clients ask over HTTP, each its next
question as soon as the last is answered, from another process. Each kind of page is asked for by itself.
Beside it stand the processor's time in the dashboard's process, and how many times as long it takes as
`/health/live`, which asks nothing of the database.
Filling the databases takes longest: `--keep` leaves them in a folder, where a later run finds them.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from urllib.parse import quote

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, func, insert, text
from sqlmodel import Session, select

from bench.page_clients import answer_times
from bench.served_dashboard import serving
from bench.store import example_report, own_postgresql
from pipeline.errors import StorageError
from storage.database import open_database
from storage.engine import writing
from storage.report_store import SqlReportStore
from storage.tables import EvidenceRow, ReportRow
from storage.transactions import reading

_CAMERAS, _ZONES = 20, ("fire lane", "bus stop", "crossing", "kerb")
_LETTERS = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주"
_CHUNK = 10_000
_GOAL_MS = 100.0
_SPAN = timedelta(days=365)


def main(arguments: Sequence[str]) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(prog="gotcha bench web", description=__doc__)
    parser.add_argument("--reports", type=int, default=1_000_000)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=15.0, help="for each kind of page")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    parser.add_argument(
        "--keep", metavar="DIR", type=Path, help="keep the databases here, and use them again"
    )
    options = parser.parse_args(arguments)
    console = Console()
    table = Table(
        title=f"{options.reports:,} reports, {options.clients} clients; goal: median below {_GOAL_MS:g} ms"
    )
    for column in ("database", "page", "median ms", "worst 1 % ms", "answers/s", "CPU ms each", "of health"):
        table.add_column(column, justify="left" if column in ("database", "page") else "right")
    with ExitStack() as stack:
        folder = options.keep or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="gotcha-bench-"))
        )
        folder.mkdir(parents=True, exist_ok=True)
        for kind in (options.only,) if options.only else ("sqlite", "postgresql"):
            url = f"sqlite:///{folder / 'gotcha.db'}"
            if kind == "postgresql":
                url = stack.enter_context(own_postgresql(folder))
            pages = _filled(url, options.reports)
            for row in _measured(folder / kind, url, pages, options.clients, options.seconds):
                table.add_row(kind, *row)
    console.print(table)
    return 0


def _filled(url: str, count: int) -> dict[str, list[str]]:
    """Fill the database unless it is full; the addresses to ask for, by page."""
    engine = open_database(url)
    try:
        rng = random.Random(1)
        with reading(engine) as session:
            there = session.scalar(select(func.count()).select_from(ReportRow))
        if there not in (0, count):
            raise StorageError(f"expected a database of {count} reports, found one of {there}")
        if not there:
            _bulk(engine, rng, count - len(_kept(engine, rng)))
            with writing(engine) as connection:
                connection.execute(text("ANALYZE"))
        with reading(engine) as session:
            seen = session.scalars(select(EvidenceRow.report_id).distinct()).all()
            plates = session.scalars(select(ReportRow.plate_text).limit(200)).all()
    finally:
        engine.dispose()
    cameras = [f"camera-{number}" for number in range(_CAMERAS)]
    filtered = [
        f"/reports?camera={name}&state=final&zone={quote(zone)}" for name in cameras for zone in _ZONES
    ]
    return {
        "health": ["/health/live"],
        "list": ["/reports"],
        "filtered list": filtered,
        "report": [f"/reports/{name}" for name in seen],
        "plate search": [f"/reports?plate={quote(plate[-4:])}" for plate in plates],
    }


def _kept(engine: Engine, rng: random.Random) -> list[str]:
    """Reports with evidence, history and links of the chain, as the worker stores them."""
    store, now = SqlReportStore(engine), datetime.now(UTC)
    names = []
    for number in range(100):
        at = now - rng.random() * _SPAN
        report = example_report(f"kept {number}")
        moved = at - report.parked_at
        report = replace(
            report,
            camera=f"camera-{number % _CAMERAS}",
            arrived_at=report.arrived_at + moved,
            parked_at=at,
            violating_at=None if report.violating_at is None else report.violating_at + moved,
            last_seen_at=report.last_seen_at + moved,
            evidence=tuple(replace(one, taken_at=one.taken_at + moved) for one in report.evidence),
        )
        store.apply(report, at=now, by="bench")
        names.append(report.id)
    return names


def _bulk(engine: Engine, rng: random.Random, count: int) -> None:
    """Rows like those, without evidence: a list shows none."""
    with Session(engine) as session:
        pattern = session.exec(select(ReportRow).limit(1)).one().model_dump()
    now = datetime.now(UTC)
    for begin in range(0, count, _CHUNK):
        rows = []
        for number in range(begin, min(count, begin + _CHUNK)):
            at = now - rng.random() * _SPAN
            plate = f"{rng.randrange(10, 1000)}{rng.choice(_LETTERS)}{rng.randrange(10_000):04}"
            rows.append(
                pattern
                | {
                    "id": f"{number:032x}",
                    "camera": f"camera-{rng.randrange(_CAMERAS)}",
                    "zone": rng.choice(_ZONES),
                    "arrived_at": at - timedelta(seconds=10),
                    "parked_at": at,
                    "violating_at": at + timedelta(minutes=5),
                    "own_last_seen_at": at + timedelta(minutes=9),
                    "last_seen_at": at + timedelta(minutes=9),
                    "stored_at": at,
                    "updated_at": at,
                    "plate_text": plate,
                    "plate_tail": plate[-4:],
                }
            )
        with writing(engine) as connection:
            connection.execute(insert(ReportRow), rows)


def _measured(
    folder: Path, url: str, pages: dict[str, list[str]], clients: int, seconds: float
) -> Iterator[tuple[str, ...]]:
    with serving(folder, url) as dashboard:
        alone_ms = 0.0
        for page, paths in pages.items():
            cpu_s = dashboard.cpu_s()
            times_ms = answer_times(
                dashboard.address, dashboard.token, paths, clients=clients, seconds=seconds
            )
            cpu_ms = (dashboard.cpu_s() - cpu_s) * 1000 / len(times_ms)
            middle, worst = median(times_ms), times_ms[int(len(times_ms) * 0.99)]
            alone_ms = alone_ms or middle
            figures = (f"{middle:.1f}", f"{worst:.1f}", f"{len(times_ms) / seconds:.0f}", f"{cpu_ms:.2f}")
            yield page, *figures, f"{middle / alone_ms:.1f} x"


if __name__ == "__main__":
    raise SystemExit(main([]))
