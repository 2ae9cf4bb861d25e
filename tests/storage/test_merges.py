"""A report that people merged with another, and that one with a third: the last one counts for all."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from pipeline.errors import IllegalTransitionError
from storage.engine import writing
from storage.report_store import SqlReportStore
from storage.reviews import Review, ReviewStep, SqlReviews, refuse_withdrawn
from tests.reports import NOON, final, hex_id, rejected, temporary

A, B, C, D = (hex_id(name) for name in "abcd")


@pytest.fixture
def reviews(engine: Engine) -> SqlReviews:
    store = SqlReportStore(engine)
    for name in "abcd":
        store.apply(final(name), at=NOON, by="w1")
    return SqlReviews(engine)


def take(reviews: SqlReviews, report_id: str, step: ReviewStep, becomes: str | None = None) -> None:
    reviews.add(Review(report_id=report_id, step=step, by="anna", at=NOON, becomes=becomes))


def test_a_chain_of_merges_ends_at_the_last(reviews: SqlReviews) -> None:
    take(reviews, A, ReviewStep.MERGED, B)
    assert reviews.merged_into([A, B, C, D]) == {A: B}
    take(reviews, B, ReviewStep.MERGED, C)
    take(reviews, D, ReviewStep.MERGED, C)
    assert reviews.merged_into([A, B, C, D]) == {A: C, B: C, D: C}
    # Of some only: the way leads over reports that were not asked for.
    assert reviews.merged_into([A]) == {A: C}
    assert reviews.merged_into([C]) == {}
    assert reviews.merged_into([]) == {}


def test_what_is_opened_again_counts_for_itself(reviews: SqlReviews) -> None:
    take(reviews, A, ReviewStep.MERGED, B)
    take(reviews, B, ReviewStep.MERGED, C)
    take(reviews, B, ReviewStep.REOPENED)
    assert reviews.merged_into([A, B]) == {A: B}
    take(reviews, B, ReviewStep.MERGED, D)
    assert reviews.merged_into([A, B]) == {A: D, B: D}
    take(reviews, A, ReviewStep.REOPENED)
    take(reviews, A, ReviewStep.CONFIRMED)
    assert reviews.merged_into([A, B]) == {B: D}


def test_an_export_is_refused_with_the_name_of_the_one_that_counts(reviews: SqlReviews) -> None:
    take(reviews, A, ReviewStep.MERGED, B)
    take(reviews, B, ReviewStep.MERGED, C)
    with pytest.raises(IllegalTransitionError, match=f"{A} was merged into {C} by a person"):
        refuse_withdrawn(A, "merged", reviews.merged_into([A])[A])


def test_a_ring_made_from_outside_stops_no_list(engine: Engine, reviews: SqlReviews) -> None:
    take(reviews, A, ReviewStep.MERGED, B)
    ring = 'INSERT INTO reviews (report_id, step, reason, becomes, "by", at)'
    ring += ' SELECT becomes, step, reason, report_id, "by", at FROM reviews'
    with writing(engine) as connection:
        connection.execute(text("UPDATE reports SET verdict = 'merged' WHERE id = :id"), {"id": B})
        connection.execute(text(ring))
    assert reviews.merged_into([A, B]) == {A: B, B: A}


def test_an_accusation_is_not_merged_into_what_accuses_nobody(engine: Engine, reviews: SqlReviews) -> None:
    """The vehicle's only accusation then counted as a report that was rejected."""
    for report in (temporary("t"), rejected("r")):
        SqlReportStore(engine).apply(report, at=NOON, by="w1")
    step = Review(report_id=B, step=ReviewStep.REJECTED, reason="it moved", by="anna", at=NOON)
    reviews.add(step)
    for other in (hex_id("t"), hex_id("r"), B):
        with pytest.raises(IllegalTransitionError, match="accuses nobody"):
            take(reviews, A, ReviewStep.MERGED, other)
    assert reviews.merged_into([A]) == {}
    take(reviews, B, ReviewStep.REOPENED)
    take(reviews, A, ReviewStep.MERGED, B)


def test_merges_of_more_reports_than_a_statement_takes_parameters(reviews: SqlReviews) -> None:
    """`gotcha reports list --all --csv` of a big database asks for all at once."""
    take(reviews, A, ReviewStep.MERGED, B)
    assert reviews.merged_into([A, *(f"{number:032x}" for number in range(70_000))]) == {A: B}
