"""Accusations of one vehicle by frame loops that do not know of each other are stored as one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import Engine

from jobs.dispatcher import Dispatcher
from jobs.embedded_redis import RedisService
from jobs.outbox import Outbox
from jobs.repeat_search import RepeatSearch
from pipeline.errors import EvidenceUnavailableError
from pipeline.geometry import Box
from pipeline.plate import PlateText
from pipeline.report import EvidenceKind, Report, ReportState
from storage.evidence_folder import EvidenceFolder
from storage.place_history import PlaceHistory
from storage.ports import ReportFilter
from storage.report_store import SqlReportStore
from tests.databases import database_url
from tests.jobs.conftest import Workers
from tests.pipeline.fakes import encode
from tests.pipeline.test_found_again import PLACE, SIZE, scene
from tests.pipeline.test_same_vehicle import RED
from tests.reports import NOON, duplicate, final, hex_id, rejected, temporary

# On both, where the tests of this folder run on SQLite alone.
__all__ = ["database_url"]

WINDOW_S = 4 * 3600.0


@pytest.fixture
def evidence(tmp_path: Path) -> EvidenceFolder:
    return EvidenceFolder(tmp_path / "evidence")


@pytest.fixture
def search(engine: Engine, evidence: EvidenceFolder) -> RepeatSearch:
    return RepeatSearch(
        store=SqlReportStore(engine),
        history=PlaceHistory(engine),
        evidence=evidence,
        window_s=WINDOW_S,
    )


def stand(search: RepeatSearch, engine: Engine, client: Redis, *reports: Report) -> list[Report]:
    """Store them as a worker does; what was stored, in the order given."""
    store = SqlReportStore(engine)
    for report in reports:
        with search.settled(report, client) as settled:
            store.apply(settled, at=NOON, by="test")
    stored = [store.get(report.id) for report in reports]
    return [one.report for one in stored if one is not None]


def later(report: Report, hours: float) -> Report:
    by = timedelta(hours=hours)
    return replace(
        report,
        arrived_at=report.arrived_at + by,
        parked_at=report.parked_at + by,
        last_seen_at=report.last_seen_at + by,
        violating_at=None if report.violating_at is None else report.violating_at + by,
    )


def plate(text: str) -> PlateText:
    return PlateText(text=text, confidences=(0.9,) * len(text), accepted=True, readings=5)


def test_a_second_accusation_is_stored_as_a_duplicate_of_the_first(
    search: RepeatSearch, engine: Engine, client: Redis
) -> None:
    again = later(final("b", vehicle_id="v99"), 1)
    first, second = stand(search, engine, client, final("a"), again)
    assert first.state is ReportState.FINAL
    assert (second.state, second.duplicate_of) == (ReportState.DUPLICATE, first.id)
    original = SqlReportStore(engine).get(first.id)
    assert original is not None
    assert (original.repeats, original.last_seen_at) == (1, again.last_seen_at)


def test_an_earlier_one_that_arrives_later_is_the_duplicate(
    search: RepeatSearch, engine: Engine, client: Redis
) -> None:
    """It waited on the disk of a machine that was off."""
    first, second = stand(search, engine, client, later(final("a"), 2), final("b"))
    assert (first.state, second.state) == (ReportState.FINAL, ReportState.DUPLICATE)


@pytest.mark.parametrize(
    ("changes", "hours"),
    [
        ({"plate": plate("12가3457")}, 1.0),
        ({}, 24.0),
        ({}, -24.0),
        ({"camera": "yard"}, 1.0),
        ({"box": Box(x1=420, y1=200, x2=700, y2=420)}, 1.0),
    ],
    ids=["one character apart", "next day", "the day before", "other camera", "next place"],
)
def test_near_misses_are_accusations_of_their_own(
    changes: dict[str, object], hours: float, search: RepeatSearch, engine: Engine, client: Redis
) -> None:
    _, second = stand(search, engine, client, final("a"), later(final("b", **changes), hours))
    assert second.state is ReportState.FINAL


@pytest.mark.parametrize(("seed", "state"), [(1, ReportState.DUPLICATE), (3, ReportState.FINAL)])
def test_where_a_plate_is_unread_the_photos_decide(
    seed: int,
    state: ReportState,
    search: RepeatSearch,
    engine: Engine,
    client: Redis,
    evidence: EvidenceFolder,
) -> None:
    def seen(name: str, vehicle: int, light: float) -> Report:
        photos = tuple(
            evidence.put(
                camera="gate",
                kind=kind,
                taken_at=NOON + timedelta(seconds=after_s),
                data=encode(scene(vehicle, RED, light=light * brighter)),
                media_type="image/jpeg",
            )
            for kind, after_s, brighter in (
                (EvidenceKind.PHOTO_1, 0.0, 1.0),
                (EvidenceKind.PHOTO_2, 61.0, 1.01),
            )
        )
        unread = PlateText(text="", confidences=(), accepted=False, readings=0)
        return final(name, plate=unread, box=PLACE, frame_size=SIZE, evidence=photos, since_start=name == "b")

    first, second = stand(search, engine, client, seen("a", 1, 1.0), later(seen("b", seed, 0.8), 1))
    assert first.state is ReportState.FINAL
    assert second.state is state


def test_an_unread_vehicle_whose_photos_are_gone_is_stored(
    search: RepeatSearch, engine: Engine, client: Redis
) -> None:
    unread = PlateText(text="", confidences=(), accepted=False, readings=0)
    again = later(final("b", plate=unread, since_start=True), 1)
    _, second = stand(search, engine, client, final("a", plate=unread), again)
    assert second.state is ReportState.FINAL


def test_an_unread_vehicle_waits_while_the_photos_are_out_of_reach(
    search: RepeatSearch, engine: Engine, client: Redis, tmp_path: Path
) -> None:
    """Unseen, it would be taken for another one and accused a second time."""
    unread = PlateText(text="", confidences=(), accepted=False, readings=0)
    (first,) = stand(search, engine, client, final("a", plate=unread))
    again = later(final("b", plate=unread, since_start=True), 1)
    year = tmp_path / "evidence" / first.evidence[0].key.split("/")[0]
    year.touch()
    with pytest.raises(EvidenceUnavailableError), search.settled(again, client):
        pass
    year.unlink()
    stand(search, engine, client, again)


def test_what_its_frame_loop_says_afterwards_stays_a_duplicate(
    search: RepeatSearch, engine: Engine, client: Redis
) -> None:
    """The frame loop holds its report for final, and adds the departure and repeats of it."""
    again = later(final("b"), 1)
    gone = later(final("b", revision=3, departed_at=NOON + timedelta(hours=3)), 1)
    third = later(duplicate("c", "b"), 2)
    stored = stand(search, engine, client, final("a"), again, gone, third)
    assert [one.state for one in stored[1:]] == [ReportState.DUPLICATE] * 3
    assert stored[2].departed_at == gone.departed_at
    assert stored[3].duplicate_of == hex_id("a")
    original = SqlReportStore(engine).get(hex_id("a"))
    assert original is not None
    assert original.repeats == 2


def test_the_departure_of_a_final_report_is_not_compared_with_anything(
    search: RepeatSearch, engine: Engine, client: Redis
) -> None:
    store = SqlReportStore(engine)
    # Both stored as final before, by a program without the search.
    for name in "ab":
        store.apply(final(name), at=NOON, by="test")
    (stored,) = stand(search, engine, client, final("b", revision=3, departed_at=NOON))
    assert stored.state is ReportState.FINAL


def test_what_is_no_accusation_neither_repeats_nor_is_repeated(
    search: RepeatSearch, engine: Engine, client: Redis
) -> None:
    stored = stand(search, engine, client, temporary("a"), rejected("b"), final("c"), temporary("d"))
    states = [one.state for one in stored]
    assert states == [
        ReportState.TEMPORARY,
        ReportState.REJECTED,
        ReportState.FINAL,
        ReportState.TEMPORARY,
    ]


def test_accusations_of_one_vehicle_from_many_loops_through_many_workers_are_one(
    service: RedisService, workers: Workers, engine: Engine, search: RepeatSearch, tmp_path: Path
) -> None:
    """Each frame loop has an outbox of its own; the workers get them all at once."""
    outboxes = [Outbox(tmp_path / f"outbox {number}.db") for number in range(6)]
    for number, outbox in enumerate(outboxes):
        outbox.offer(temporary(number))
        outbox.offer(final(number))
    dispatchers = [Dispatcher(outbox, service.connect()) for outbox in outboxes]
    for dispatcher in dispatchers:
        dispatcher.start()
    store = SqlReportStore(engine)
    for _ in range(3):
        workers.start(store, repeats=search)
    try:
        assert all(dispatcher.wait_until_stored(60) for dispatcher in dispatchers)
    finally:
        for dispatcher in dispatchers:
            dispatcher.stop()
            assert dispatcher.join(10)
        for outbox in outboxes:
            outbox.close()
    stored = store.list(ReportFilter())
    states = sorted(one.state for one in stored)
    assert states == [ReportState.DUPLICATE] * 5 + [ReportState.FINAL]
    (original,) = (one for one in stored if one.state is ReportState.FINAL)
    assert original.repeats == 5
    assert {one.report.duplicate_of for one in stored} == {None, original.report.id}


def test_a_lock_of_a_killed_worker_is_waited_for(search: RepeatSearch, engine: Engine, client: Redis) -> None:
    lock = client.lock("gotcha:accusing:gate", timeout=1.0)
    assert lock.acquire()
    (stored,) = stand(search, engine, client, final("a"))
    assert not lock.owned()
    assert stored.state is ReportState.FINAL
