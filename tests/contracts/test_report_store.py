"""One suite over every ReportStore: SQLite and PostgreSQL, both real."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from pipeline.errors import IllegalTransitionError, StorageError
from pipeline.geometry import Box
from pipeline.plate import PlateText
from pipeline.report import CameraCondition, RejectionReason, ReportState
from storage.database import open_database
from storage.engine import writing
from storage.ports import Outcome, ReportFilter, ReportStore
from storage.report_store import SqlReportStore
from storage.verification import verify_records
from tests.reports import NOON, camera_event, duplicate, final, hex_id, rejected, temporary

LATER = NOON + timedelta(minutes=5)


@pytest.fixture
def store(engine: Engine) -> ReportStore:
    return SqlReportStore(engine)


def test_a_report_comes_back_as_it_was_given(store: ReportStore) -> None:
    applied = store.apply(temporary(), at=LATER, by="w1")
    assert (applied.outcome, applied.revision, applied.state) == (Outcome.STORED, 1, ReportState.TEMPORARY)
    stored = store.get(hex_id("a"))
    assert stored is not None
    assert stored.report == temporary()
    assert (stored.state, stored.repeats, stored.last_seen_at) == (ReportState.TEMPORARY, 0, NOON)
    assert (stored.stored_at, stored.updated_at) == (LATER, LATER)
    assert stored.report.parked_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("report", [final(), rejected(), duplicate("a", "b")], ids=lambda r: r.state.value)
def test_a_verdict_comes_back_as_it_was_given(store: ReportStore, report: object) -> None:
    store.apply(report, at=LATER, by="w1")  # type: ignore[arg-type]
    stored = store.get(hex_id("a"))
    assert stored is not None
    assert stored.report == report


def test_the_next_revision_replaces_the_one_before(store: ReportStore) -> None:
    store.apply(temporary(), at=NOON, by="w1")
    assert store.apply(final(), at=LATER, by="w2").outcome is Outcome.UPDATED
    stored = store.get(hex_id("a"))
    assert stored is not None
    assert stored.report == final()
    assert (stored.stored_at, stored.updated_at) == (NOON, LATER)
    assert [(e.revision, e.from_state, e.to_state, e.at, e.by) for e in store.history(hex_id("a"))] == [
        (1, None, ReportState.TEMPORARY, NOON, "w1"),
        (2, ReportState.TEMPORARY, ReportState.FINAL, LATER, "w2"),
    ]


def test_the_same_revision_is_stored_once(store: ReportStore) -> None:
    for _ in range(3):
        store.apply(temporary(), at=NOON, by="w1")
    assert store.apply(temporary(note="altered"), at=LATER, by="w1").outcome is Outcome.IGNORED
    stored = store.get(hex_id("a"))
    assert stored is not None
    assert stored.report == temporary()
    assert len(store.history(hex_id("a"))) == 1


def test_a_revision_that_comes_late_is_ignored(store: ReportStore) -> None:
    store.apply(final(), at=NOON, by="w1")
    applied = store.apply(temporary(), at=LATER, by="w1")
    assert (applied.outcome, applied.revision, applied.state) == (Outcome.IGNORED, 2, ReportState.FINAL)
    stored = store.get(hex_id("a"))
    assert stored is not None
    assert stored.report == final()


def test_an_illegal_step_names_both_states_and_changes_nothing(store: ReportStore) -> None:
    store.apply(rejected(), at=NOON, by="w1")
    with pytest.raises(IllegalTransitionError, match=r"rejected.*final"):
        store.apply(final(revision=3), at=LATER, by="w1")
    stored = store.get(hex_id("a"))
    assert stored is not None
    assert stored.report == rejected()
    assert len(store.history(hex_id("a"))) == 1


@pytest.mark.parametrize("first", [True, False])
def test_nothing_becomes_final_without_the_evidence_its_zone_asks_for(
    store: ReportStore, first: bool
) -> None:
    """Also when the verdict comes before the temporary report, which then is not there to become anything."""
    if first:
        store.apply(temporary(), at=NOON, by="w1")
    with pytest.raises(IllegalTransitionError, match=r"cannot be final: its photos were taken 61.0 s apart"):
        store.apply(final(photo_gap_s=300.0), at=LATER, by="w1")
    stored = store.get(hex_id("a"))
    assert (None if stored is None else stored.report) == (temporary() if first else None)
    assert len(store.history(hex_id("a"))) == int(first)


def test_the_history_says_why(store: ReportStore) -> None:
    store.apply(rejected("a"), at=NOON, by="w")
    store.apply(duplicate("b", "c"), at=NOON, by="w")
    assert store.history(hex_id("a"))[0].why == "rejected: left_before_dwell"
    assert store.history(hex_id("b"))[0].why == f"repeats {hex_id('c')}"


@pytest.mark.parametrize("statement", ["UPDATE report_history SET by = 'x'", "DELETE FROM report_history"])
def test_the_database_itself_guards_the_history(database_url: str, statement: str) -> None:
    engine = open_database(database_url)
    SqlReportStore(engine).apply(temporary(), at=NOON, by="w1")
    statement = statement.replace(" by ", ' "by" ')
    with pytest.raises(Exception, match="append-only"), writing(engine) as connection:
        connection.execute(text(statement))
    assert SqlReportStore(engine).history(hex_id("a"))[0].by == "w1"
    engine.dispose()


def test_a_row_that_breaks_a_constraint_is_refused_whole(store: ReportStore) -> None:
    store.apply(temporary(), at=NOON, by="w1")
    broken = final()
    object.__setattr__(broken, "rejection", RejectionReason.PLATE_UNREAD)
    with pytest.raises(StorageError, match="ck_reports_rejection"):
        store.apply(broken, at=LATER, by="w1")
    stored = store.get(hex_id("a"))
    assert stored is not None
    assert stored.report == temporary()
    assert len(store.history(hex_id("a"))) == 1


def test_repeats_extend_the_report_they_repeat(store: ReportStore) -> None:
    store.apply(final("a"), at=NOON, by="w")
    for number, minutes in ((1, 10), (2, 30), (3, 20)):
        seen = NOON + timedelta(minutes=minutes)
        store.apply(duplicate(number, "a", last_seen_at=seen), at=LATER, by="w")
        store.apply(duplicate(number, "a", last_seen_at=seen), at=LATER, by="w")
    stored = store.get(hex_id("a"))
    assert stored is not None
    assert (stored.repeats, stored.last_seen_at) == (3, NOON + timedelta(minutes=30))
    assert stored.report == final("a")


def test_a_repeat_that_is_stored_before_its_original_counts(store: ReportStore) -> None:
    store.apply(duplicate(1, "a", last_seen_at=LATER), at=NOON, by="w")
    store.apply(final("a"), at=NOON, by="w")
    stored = store.get(hex_id("a"))
    assert stored is not None
    assert (stored.repeats, stored.last_seen_at) == (1, LATER)


def test_a_repeat_that_turns_out_to_be_of_another_report_counts_there_alone(
    store: ReportStore, database_url: str
) -> None:
    """The first one went on counting it, and verifying the records called that an alteration."""
    for name in ("a", "b"):
        store.apply(final(name), at=NOON, by="w")
    store.apply(duplicate(1, "a", last_seen_at=LATER), at=NOON, by="w")
    store.apply(duplicate(1, "b", last_seen_at=LATER, revision=3), at=LATER, by="w")
    first, second = store.get(hex_id("a")), store.get(hex_id("b"))
    assert first is not None
    assert second is not None
    assert (first.repeats, first.last_seen_at) == (0, final("a").last_seen_at)
    assert (second.repeats, second.last_seen_at) == (1, LATER)
    engine = open_database(database_url)
    assert verify_records(engine).findings == []
    engine.dispose()


@pytest.mark.parametrize("before", ["exported", "duplicate"])
def test_an_accusation_is_taken_back_at_any_stage(store: ReportStore, before: str) -> None:
    """Its plate is read late and may stand there: the store refused to hear of it once the report had been
    exported, or settled as a repeat by the worker."""
    store.apply(final("b"), at=NOON, by="w")
    if before == "exported":
        store.apply(final("a"), at=NOON, by="w")
        store.move(hex_id("a"), ReportState.EXPORTED, at=NOON, by="anna", why="for the city")
    else:
        store.apply(duplicate("a", "b", last_seen_at=LATER), at=NOON, by="w")
    reason = RejectionReason.PLATE_ALLOWED
    applied = store.apply(rejected("a", revision=4, rejection=reason), at=LATER, by="w")
    assert applied.state is ReportState.REJECTED
    assert store.history(hex_id("a"))[-1].from_state is ReportState(before)
    original = store.get(hex_id("b"))
    assert original is not None
    assert original.repeats == 0


def test_a_later_revision_keeps_the_repeats(store: ReportStore) -> None:
    store.apply(final("a"), at=NOON, by="w")
    store.apply(duplicate(1, "a", last_seen_at=LATER), at=NOON, by="w")
    store.apply(final("a", revision=3, departed_at=LATER), at=LATER, by="w")
    stored = store.get(hex_id("a"))
    assert stored is not None
    assert (stored.repeats, stored.last_seen_at, stored.report.departed_at) == (1, LATER, LATER)


def test_a_report_moves_on_in_its_life(store: ReportStore) -> None:
    store.apply(final(), at=NOON, by="w")
    store.move(hex_id("a"), ReportState.EXPORTED, at=LATER, by="anna", why="for the city")
    store.apply(final(revision=3, departed_at=LATER), at=LATER, by="w")
    stored = store.get(hex_id("a"))
    assert stored is not None
    assert (stored.state, stored.report.state) == (ReportState.EXPORTED, ReportState.FINAL)
    assert stored.report.departed_at == LATER
    store.move(hex_id("a"), ReportState.EXPIRED, at=LATER, by="retention", why="30 days")
    assert [entry.to_state.value for entry in store.history(hex_id("a"))] == [
        "final",
        "exported",
        "exported",
        "expired",
    ]
    with pytest.raises(IllegalTransitionError, match=r"expired.*exported"):
        store.move(hex_id("a"), ReportState.EXPORTED, at=LATER, by="anna", why="again")


def test_moving_a_report_that_is_not_there_is_an_error(store: ReportStore) -> None:
    with pytest.raises(StorageError, match="no report"):
        store.move(hex_id("a"), ReportState.EXPIRED, at=LATER, by="x", why="y")


def test_lists_by_every_filter(store: ReportStore) -> None:
    store.apply(temporary("t", camera="gate", zone="z1", parked_at=NOON), at=NOON, by="w")
    store.apply(final("f", camera="gate", zone="z2", parked_at=NOON + timedelta(hours=1)), at=NOON, by="w")
    store.apply(rejected("r", camera="yard", zone="z1", parked_at=NOON + timedelta(hours=2)), at=NOON, by="w")

    def ids(wanted: ReportFilter) -> list[str]:
        found = [stored.report.id for stored in store.list(wanted)]
        assert store.count(wanted) == len(found)
        return found

    t, f, r = hex_id("t"), hex_id("f"), hex_id("r")
    assert ids(ReportFilter()) == [r, f, t]
    assert ids(ReportFilter(states=frozenset({ReportState.FINAL, ReportState.REJECTED}))) == [r, f]
    assert ids(ReportFilter(camera="gate")) == [f, t]
    assert ids(ReportFilter(zone="z1")) == [r, t]
    assert ids(ReportFilter(plate="가34")) == [f]
    assert ids(ReportFilter(plate="%")) == []
    assert ids(ReportFilter(since=NOON + timedelta(hours=1))) == [r, f]
    assert ids(ReportFilter(until=NOON + timedelta(hours=1))) == [t]
    assert [s.report.id for s in store.list(ReportFilter(limit=1, offset=1))] == [f]
    assert store.count(ReportFilter(limit=1)) == 3


@pytest.mark.parametrize("wanted", ["wobzk295", "Zk", "wob", "zk295", "k295"])
def test_a_search_for_a_plate_takes_no_heed_of_case(store: ReportStore, wanted: str) -> None:
    """SQLite's LIKE takes none, PostgreSQL's does: the same search found other reports in each."""
    latin = PlateText(text="WOBZK295", confidences=(0.9,) * 8, accepted=True, readings=3)
    store.apply(final("p", plate=latin), at=NOON, by="w")
    store.apply(final("q"), at=NOON, by="w")
    assert [one.report.id for one in store.list(ReportFilter(plate=wanted))] == [hex_id("p")]


def test_counts_by_state_and_reason(store: ReportStore) -> None:
    store.apply(temporary("t"), at=NOON, by="w")
    store.apply(rejected("r1"), at=NOON, by="w")
    store.apply(rejected("r2", rejection=RejectionReason.PLATE_UNREAD), at=NOON, by="w")
    counts = store.counts()
    assert counts.by_state == {ReportState.TEMPORARY: 1, ReportState.REJECTED: 2}
    assert counts.by_reason == {RejectionReason.LEFT_BEFORE_DWELL: 1, RejectionReason.PLATE_UNREAD: 1}


def test_finds_the_latest_accusation_at_a_place(store: ReportStore) -> None:
    here = Box(x1=100, y1=100, x2=200, y2=200)
    store.apply(final("old", box=here, last_seen_at=NOON), at=NOON, by="w")
    store.apply(final("new", box=here.shifted(5, 0), last_seen_at=LATER), at=NOON, by="w")
    store.apply(final("aside", box=here.shifted(90, 0), last_seen_at=LATER), at=NOON, by="w")
    store.apply(final("other zone", box=here, zone="z9", last_seen_at=LATER), at=NOON, by="w")
    store.apply(rejected("gone", box=here, last_seen_at=LATER + timedelta(1)), at=NOON, by="w")

    def found(since: timedelta = timedelta(0), zone: str = "fire lane", min_iou: float = 0.5) -> str | None:
        stored = store.latest_at_place(
            camera="gate", zone=zone, box=here, since=NOON + since, min_iou=min_iou
        )
        return None if stored is None else stored.report.id

    assert found() == hex_id("new")
    assert found(min_iou=0.95) == hex_id("old")
    assert found(zone="z9") == hex_id("other zone")
    assert found(since=timedelta(hours=1)) is None


def test_camera_events_are_stored_once_and_listed(store: ReportStore) -> None:
    assert store.apply_camera_event(camera_event("e1")) is Outcome.STORED
    assert store.apply_camera_event(camera_event("e1")) is Outcome.IGNORED
    store.apply_camera_event(camera_event("e2", camera="yard", condition=CameraCondition.OK, at=LATER))
    assert [event.id for event in store.camera_events()] == [hex_id("e2"), hex_id("e1")]
    assert store.camera_events(camera="gate") == (camera_event("e1"),)


def test_many_writers_store_each_report_once(store: ReportStore) -> None:
    errors: list[BaseException] = []

    def write(worker: str) -> None:
        try:
            for number in range(8):
                store.apply(temporary(number), at=NOON, by=worker)
                store.apply(final(number), at=NOON, by=worker)
                store.apply(duplicate(f"{worker}{number}", number), at=NOON, by=worker)
        except BaseException as error:  # noqa: BLE001  (handed to the test below)
            errors.append(error)

    threads = [threading.Thread(target=write, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    for number in range(8):
        stored = store.get(hex_id(number))
        assert stored is not None
        assert (stored.repeats, stored.report) == (4, final(number))
        assert [entry.revision for entry in store.history(hex_id(number))] == [1, 2]
