"""How fast the dashboard answers with a million reports and twenty people, on SQLite and on PostgreSQL.

gotcha bench web [--reports 1000000] [--clients 20] [--seconds 15] [--only sqlite]

The dashboard is the one of `gotcha web`, in a process of its own; the clients ask over HTTP, each its next
question as soon as the last is answered, from another process. Each kind of page is asked for by itself.
Beside it stands what as many clients wait for `/health/live`, which asks nothing of the database.
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import random
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import median
from time import perf_counter
from urllib.parse import quote, urlsplit

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, insert, text
from sqlmodel import Session, select

from bench.served_dashboard import serving
from bench.store import example_report, own_postgresql
from storage.database import open_database, writing
from storage.report_store import SqlReportStore
from storage.tables import ReportRow

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
    options = parser.parse_args(arguments)
    console = Console()
    table = Table(
        title=f"{options.reports:,} reports, {options.clients} clients; goal: median below {_GOAL_MS:g} ms"
    )
    for column in ("database", "page", "median ms", "worst 1 % ms", "answers/s", "of /health/live"):
        table.add_column(column, justify="left" if column in ("database", "page") else "right")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gotcha-bench-")))
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
    """Fill the database; the addresses to ask for, by page."""
    engine = open_database(url)
    try:
        rng = random.Random(1)
        seen = _kept(engine, rng)
        _bulk(engine, rng, count - len(seen))
        with writing(engine) as connection:
            connection.execute(text("ANALYZE"))
            plates = connection.execute(text("SELECT plate_text FROM reports LIMIT 200")).scalars().all()
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
    with serving(folder, url) as (address, token):
        alone_ms = 0.0
        for page, paths in pages.items():
            times_ms = _asked(address, token, paths, clients, seconds)
            middle, worst = median(times_ms), times_ms[int(len(times_ms) * 0.99)]
            alone_ms = alone_ms or middle
            yield (
                page,
                f"{middle:.1f}",
                f"{worst:.1f}",
                f"{len(times_ms) / seconds:.0f}",
                f"{middle / alone_ms:.1f} x",
            )


def _asked(address: str, token: str, paths: list[str], clients: int, seconds: float) -> list[float]:
    """How long each answer took, ms, sorted; from a process that does nothing else."""
    context = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[list[float]] = context.Queue()
    process = context.Process(target=_clients, args=(address, token, paths, clients, seconds, answers))
    process.start()
    try:
        return sorted(answers.get(timeout=seconds * 4 + 60))
    finally:
        process.join(20)


def _clients(
    address: str,
    token: str,
    paths: list[str],
    clients: int,
    seconds: float,
    answers: multiprocessing.Queue[list[float]],
) -> None:
    times_ms: list[float] = []
    begin, end = threading.Barrier(clients), threading.Event()
    threads = [
        threading.Thread(target=_client, args=(address, token, paths, number, begin, end, times_ms))
        for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    end.wait(seconds)
    end.set()
    for thread in threads:
        thread.join(30)
    answers.put(times_ms)


def _client(
    address: str,
    token: str,
    paths: list[str],
    number: int,
    begin: threading.Barrier,
    end: threading.Event | Event,
    times_ms: list[float],
) -> None:
    place = urlsplit(address)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=30)
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/html"}
    rng = random.Random(number)
    begin.wait()
    while not end.is_set():
        begun = perf_counter()
        connection.request("GET", rng.choice(paths), headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"expected 200, got {answer.status}")
        times_ms.append((perf_counter() - begun) * 1000)
    connection.close()


if __name__ == "__main__":
    raise SystemExit(main([]))
