"""One suite over both databases, with pgvector and without: what was seen is found again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import Engine, event, text

from pipeline.detection import ObjectClass
from pipeline.plate import PlateText
from pipeline.report import Report
from pipeline.vehicle_look import VehicleColour, VehicleLook
from storage import sighting_rows
from storage.database import open_database
from storage.engine import writing
from storage.report_store import SqlReportStore
from storage.retention import SqlRetention
from storage.sighting_store import SqlSightingStore
from storage.sightings import SightingQuery
from storage.transactions import changing
from storage.vector_neighbours import has_index
from tests.databases import EmptyDatabase
from tests.reports import NOON, final, hex_id, temporary


@pytest.fixture(params=["sqlite", "postgresql", "postgresql without pgvector"])
def engine(request: pytest.FixtureRequest, empty_database: EmptyDatabase) -> Iterator[Engine]:
    engine = open_database(empty_database(request.param.split()[0]))
    if "without" in request.param:
        with writing(engine) as connection:
            connection.execute(text("DROP INDEX ix_vectors_neighbours"))
    yield engine
    engine.dispose()


def look(seed: int, *, near: int | None = None, colour: VehicleColour | None = None) -> VehicleLook:
    """A unit vector; with `near`, one that is close to that seed's."""
    vector = np.random.default_rng(seed).normal(size=96)
    if near is not None:
        vector = 0.3 * vector + np.random.default_rng(near).normal(size=96)
    return VehicleLook(model="m", vector=tuple((vector / np.linalg.norm(vector)).tolist()), colour=colour)


def plate(said: str, sure: float = 0.95) -> PlateText:
    return PlateText(text=said, confidences=(sure,) * len(said), accepted=False, readings=2)


def fill(engine: Engine, *reports: Report) -> SqlSightingStore:
    for report in reports:
        SqlReportStore(engine).apply(report, at=NOON, by="w")
    return SqlSightingStore(engine)


def ids(store: SqlSightingStore, **wanted: object) -> list[str]:
    return [found.sighting.id for found in store.search(SightingQuery(**wanted))]  # type: ignore[arg-type]


def test_the_nearest_looks_are_found_first(engine: Engine) -> None:
    store = fill(engine, *(temporary(n, look=look(n)) for n in range(20)))
    found = store.search(SightingQuery(look=look(99, near=7), limit=3))
    assert found[0].sighting.id == hex_id(7)
    likeness = [one.look_likeness or 0.0 for one in found]
    assert likeness == sorted(likeness, reverse=True)
    exact = float(np.dot(look(99, near=7).vector, look(7).vector))
    assert likeness[0] == pytest.approx(exact, abs=1e-4)


def test_a_vector_of_another_model_or_length_is_not_compared(engine: Engine) -> None:
    other = replace(look(1), model="other")
    short = VehicleLook(model="short", vector=(0.6, 0.8))
    store = fill(engine, temporary("a", look=look(1)), temporary("b", look=other), temporary("c", look=short))
    assert ids(store, look=look(1)) == [hex_id("a")]
    assert ids(store, look=short) == [hex_id("c")]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("12가3456", ["exact", "unread one", "one wrong"]),
        ("12 가 3456", ["exact", "unread one", "one wrong"]),
        ("12가345?", ["exact", "one wrong", "unread one"]),
        ("12*", ["exact", "one wrong", "unread one"]),
        ("*9999", ["other"]),
        ("56가7890", []),
    ],
)
def test_plates_are_found_by_what_was_read_of_them(engine: Engine, pattern: str, expected: list[str]) -> None:
    store = fill(
        engine,
        temporary("exact", plate=plate("12가3456")),
        temporary("one wrong", plate=plate("12가3458")),
        temporary("unread one", plate=plate("12?3456")),
        temporary("other", plate=plate("77나9999")),
        temporary("unread", plate=plate("")),
    )
    found = store.search(SightingQuery(plate=pattern, least_likeness=0.84))
    assert {f.sighting.id for f in found} == {hex_id(name) for name in expected}
    if expected and "?" not in pattern and "*" not in pattern:
        assert [f.sighting.id for f in found] == [hex_id(name) for name in expected]


def test_a_doubtful_character_contradicts_less_than_a_sure_one(engine: Engine) -> None:
    doubtful = PlateText(text="12가3458", confidences=(0.95,) * 6 + (0.3,), accepted=False, readings=1)
    store = fill(engine, temporary("sure", plate=plate("12가3458")), temporary("doubtful", plate=doubtful))
    found = store.search(SightingQuery(plate="12가3456"))
    assert [f.sighting.id for f in found] == [hex_id("doubtful"), hex_id("sure")]


@pytest.mark.parametrize("with_look", [False, True])
def test_filters_hold_with_and_without_a_look(engine: Engine, with_look: bool) -> None:
    red, blue = (look(n, colour=c) for n, c in ((1, VehicleColour.RED), (2, VehicleColour.BLUE)))
    early = {"arrived_at": NOON - timedelta(days=2), "last_seen_at": NOON - timedelta(days=2)}
    early |= {"parked_at": NOON - timedelta(days=2)}
    store = fill(
        engine,
        temporary("red", camera="gate", look=red),
        temporary("blue", camera="yard", zone="bus stop", look=blue, label=ObjectClass.TRUCK),
        temporary("early", camera="yard", look=red, **early),
    )
    asked = {"look": red} if with_look else {}
    assert ids(store, cameras=frozenset({"gate"}), **asked) == [hex_id("red")]
    assert ids(store, cameras=frozenset(), **asked) == []
    assert ids(store, zone="bus stop", **asked) == [hex_id("blue")]
    assert ids(store, labels=frozenset({ObjectClass.TRUCK}), **asked) == [hex_id("blue")]
    assert set(ids(store, colours=frozenset({VehicleColour.RED}), **asked)) == {
        hex_id("red"),
        hex_id("early"),
    }
    assert ids(store, until=NOON - timedelta(days=1), **asked) == [hex_id("early")]
    assert hex_id("early") not in ids(store, since=NOON - timedelta(days=1), **asked)


def test_a_filter_that_lets_few_through_finds_them_behind_many_nearer_ones(engine: Engine) -> None:
    """The index looked at 40 neighbours: a setting for one transaction held for none."""
    fill(engine, temporary("far", camera="yard", look=look(2)))
    with changing(engine) as session:
        far = sighting_rows.sighting_of(temporary("far", camera="yard", look=look(2)))
        for seed in range(400):
            near = look(1000 + seed, near=1)
            sighting_rows.keep(session, replace(far, id=f"near {seed}", camera="gate", look=near))
    if engine.dialect.name == "postgresql":
        with writing(engine) as connection:
            # As with 100,000 sightings, where the planner takes the index by itself.
            name = connection.scalar(text("SELECT current_database()"))
            for way in ("seqscan", "sort", "bitmapscan"):
                connection.execute(text(f'ALTER DATABASE "{name}" SET enable_{way} = off'))
        engine.dispose()
    wanted = SightingQuery(look=look(1), cameras=frozenset({"yard"}))
    assert [found.sighting.camera for found in SqlSightingStore(engine).search(wanted)] == ["yard"]


def test_plate_and_look_together_need_both(engine: Engine) -> None:
    store = fill(
        engine,
        temporary("both", plate=plate("12가3456"), look=look(1)),
        temporary("plate", plate=plate("12가3456"), look=look(50)),
        temporary("look", plate=plate("98하7654"), look=look(1)),
        temporary("no vector", plate=plate("12가3456")),
    )
    found = store.search(SightingQuery(plate="12가3456", look=look(1)))
    assert [f.sighting.id for f in found] == [hex_id("both"), hex_id("plate")]
    assert found[0].look_likeness == pytest.approx(1.0, abs=1e-4)


def test_where_the_database_compares_vectors_none_is_read_out_of_it(engine: Engine) -> None:
    """As lists of numbers, 100,000 of them made the first search of a process take 8-28 s."""
    store = fill(engine, temporary("a", plate=plate("12가3456"), look=look(1)))
    said: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *arguments: said.append(arguments[2]))
    store.warm()
    for wanted in (SightingQuery(plate="12가3456"), SightingQuery(plate="12가3456", look=look(1))):
        assert [found.sighting.id for found in store.search(wanted)] == [hex_id("a")]
    read = [one for one in said if re.search(r"SELECT[^<>]*\bvectors\.vector\b", one)]
    by_index = engine.dialect.name == "postgresql" and has_index(engine)
    assert (read == []) is by_index
    other = VehicleLook(model="m", vector=(1.0,) + (0.0,) * 63)
    assert store.search(SightingQuery(plate="12가3456", look=other)) == ()


def test_a_later_revision_is_seen_by_a_store_that_searched_before(engine: Engine) -> None:
    store = fill(engine, temporary("a", look=look(1), plate=plate("")))
    assert ids(store, plate="12가3456") == []
    SqlReportStore(engine).apply(final("a"), at=NOON, by="w")
    assert ids(store, plate="12가3456") == [hex_id("a")]
    # The second revision told nothing of the look; the first one's is kept.
    assert ids(store, look=look(1)) == [hex_id("a")]
    assert len(ids(store)) == 1
    kept = store.get(hex_id("a"))
    assert kept is not None
    assert kept.look is not None


def test_what_expires_is_found_no_more_and_its_vector_is_gone(engine: Engine) -> None:
    store = fill(engine, *(final(n, look=look(n), duplicate_of=None) for n in range(3)))
    assert len(ids(store, look=look(0))) == 3
    assert len(ids(store)) == 3
    retention = SqlRetention(engine)
    due = retention.due({final().state: NOON + timedelta(days=1)})
    assert len(due) == 3
    retention.expire(next(one for one in due if one.id == hex_id(1)), at=NOON, by="t", why="old")
    assert set(ids(store)) == set(ids(store, look=look(0))) == {hex_id(0), hex_id(2)}
    assert store.get(hex_id(1)) is None
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM vectors")) == 2
        assert connection.scalar(text("SELECT count(*) FROM sightings")) == 2


def test_without_plate_and_look_the_last_seen_come_first(engine: Engine) -> None:
    times = {n: NOON + timedelta(minutes=(7 * n) % 5) for n in range(5)}
    store = fill(engine, *(temporary(n, last_seen_at=at) for n, at in times.items()))
    latest_first = sorted(times, key=lambda n: times[n], reverse=True)
    assert ids(store, limit=3) == [hex_id(n) for n in latest_first[:3]]
