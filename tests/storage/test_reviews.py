"""What people say of reports is a part of the record: chained, guarded, and gone with the report."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from pipeline.errors import IllegalTransitionError
from pipeline.report import ReportState
from storage.report_store import SqlReportStore
from storage.retention import SqlRetention
from storage.reviews import Review, ReviewStep, SqlReviews
from storage.sighting_store import SqlSightingStore
from storage.sightings import SightingQuery
from storage.verification import Fault, verify_records
from tests.reports import NOON, final, hex_id
from tests.storage.chained import LATER, tamper

A, B = hex_id("a"), hex_id("b")
_INSERT = 'INSERT INTO reviews (report_id, step, reason, "by", at)'


def reviewed(engine: Engine) -> SqlReportStore:
    """Two final reports; `a` was rejected by a person, reopened, confirmed, and its plate corrected."""
    store, reviews = SqlReportStore(engine), SqlReviews(engine)
    for name in ("a", "b"):
        store.apply(final(name), at=NOON, by="w1")
    for step in (
        Review(report_id=A, step=ReviewStep.REJECTED, reason="loading", by="anna", at=LATER),
        Review(report_id=A, step=ReviewStep.REOPENED, by="boss", at=LATER),
        Review(report_id=A, step=ReviewStep.CONFIRMED, by="boss", at=LATER),
        Review(report_id=A, step=ReviewStep.CORRECTED, becomes="34나5678", by="anna", at=LATER),
    ):
        reviews.add(step)
    return store


def test_every_step_is_a_link_and_later_revisions_hold_it(engine: Engine) -> None:
    store = reviewed(engine)
    store.apply(final("a", revision=3, departed_at=LATER), at=LATER, by="w1")
    store.move(A, ReportState.EXPORTED, at=LATER, by="anna", why="for the city")
    check = verify_records(engine)
    assert (check.findings, check.links) == ([], 8)


def test_a_vehicle_is_found_by_its_corrected_plate_and_no_longer_by_the_wrong_one(engine: Engine) -> None:
    """Whoever searched first too, and after a later revision; the reading stays in the history."""
    store, reviews, search = SqlReportStore(engine), SqlReviews(engine), SqlSightingStore(engine)
    store.apply(final("a"), at=NOON, by="w1")

    def found(plate: str) -> list[str]:
        return [one.sighting.plate.text for one in search.search(SightingQuery(plate=plate))]

    (read,) = found("12가3456")
    corrected = Review(report_id=A, step=ReviewStep.CORRECTED, becomes="34나 5678", by="anna", at=LATER)
    reviews.add(corrected)
    assert (found("12가3456"), found("34나5678")) == ([], ["34나5678"])
    store.apply(final("a", revision=3, departed_at=LATER), at=LATER, by="w1")
    assert (found("12가3456"), found("34나5678")) == ([], ["34나5678"])
    assert [one.was for one in reviews.of(A)] == [read]
    stored = store.get(A)
    assert stored is not None
    assert stored.report.plate.text == read
    again = Review(report_id=A, step=ReviewStep.CORRECTED, becomes="34나56?8", by="anna", at=LATER)
    reviews.add(again)
    assert found("34나5668") == ["34나56?8"]


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE reports SET verdict = 'rejected' WHERE id = '{A}'",
        "UPDATE reports SET verdict = NULL WHERE id = '{A}'",
        "UPDATE reports SET plate_corrected = '34나5679' WHERE id = '{A}'",
        "UPDATE reviews SET reason = 'a friend' WHERE report_id = '{A}' AND step = 'rejected'",
        "UPDATE reviews SET \"by\" = 'anna' WHERE report_id = '{A}' AND step = 'confirmed'",
        "DELETE FROM reviews WHERE report_id = '{A}' AND step = 'rejected'",
        "UPDATE reports SET verdict = 'rejected' WHERE id = '{B}'",
        f"{_INSERT} SELECT '{{B}}', 'rejected', 'x', 'anna', at FROM reviews LIMIT 1",  # noqa: S608
    ],
)
def test_a_review_that_is_altered_from_outside_is_found(engine: Engine, attack: str) -> None:
    reviewed(engine)
    tamper(engine, attack.format(A=A, B=B))
    subject = f"report {A if '{A}' in attack else B}"
    found = [(finding.fault, finding.subject) for finding in verify_records(engine).findings]
    assert found == [(Fault.ALTERED, subject)]


def test_reviews_expire_with_their_report(engine: Engine) -> None:
    """They hold plates and what people thought; nothing of it may outlive the report."""
    reviewed(engine)
    retention = SqlRetention(engine)
    late = NOON + timedelta(days=400)
    due = next(one for one in retention.due({ReportState.FINAL: late}) if one.id == A)
    assert retention.expire(due, at=late, by="retention", why="kept 365 days")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM reviews")).scalar_one() == 0
    assert verify_records(engine).findings == []
    tamper(
        engine,
        f"{_INSERT} SELECT '{A}', 'confirmed', '', 'x', at FROM chain LIMIT 1",  # noqa: S608
    )
    found = [(finding.fault, finding.subject) for finding in verify_records(engine).findings]
    assert found == [(Fault.INSERTED, f"reviews of report {A}")]


def test_two_reports_are_never_merged_with_each_other(engine: Engine) -> None:
    """Each step looked at the other report before either was written: both became repeats, and none was
    left to stand for the vehicle."""
    reviewed(engine)
    reviews, refused = SqlReviews(engine), []
    barrier = threading.Barrier(2)

    def merge(one: str, other: str) -> None:
        barrier.wait()
        try:
            step = Review(report_id=one, step=ReviewStep.MERGED, becomes=other, by="anna", at=LATER)
            reviews.add(step)
        except IllegalTransitionError as error:
            refused.append(error)

    threads = [threading.Thread(target=merge, args=pair) for pair in ((A, B), (B, A))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert verify_records(engine).findings == []
