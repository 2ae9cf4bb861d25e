"""Lists of reports and reviews mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from pipeline.errors import IllegalTransitionError, InvalidValueError, StorageError
from pipeline.plate import PlateText
from pipeline.report import ReportState
from storage.report_pages import ReportPages
from storage.report_query import PageKey, ReportQuery
from storage.report_store import SqlReportStore
from storage.report_tally import ReportTally
from storage.reviews import Review, Reviewed, ReviewStep, SqlReviews
from tests.reports import NOON, hex_id, rejected, temporary


def keep(engine: Engine, name: str, text: str, *, minutes: int = 0, camera: str = "gate") -> None:
    plate = PlateText(text=text, confidences=(0.9,) * len(text), accepted=False, readings=2)
    moment = NOON + timedelta(minutes=minutes)
    report = temporary(name, plate=plate, camera=camera, parked_at=moment)
    SqlReportStore(engine).apply(report, at=NOON, by="test")


def found(engine: Engine, **wanted: object) -> list[str]:
    page = ReportPages(engine).page(ReportQuery(**wanted))  # type: ignore[arg-type]
    names = {hex_id(name): name for name in "abcdefgh"}
    return sorted(names[report.id] for report in page.reports)


@pytest.mark.parametrize(
    ("plate", "names"),
    [
        ("12가3456", "a"),
        ("3456", "ad"),
        ("12가", "ab"),
        ("가34", "ab"),
        ("1*6", "a"),
        ("??가3457", "b"),
        ("12_", ""),
        ("100%", "c"),
        ("[1", "e"),
        ("ab-cd 12", "f"),
    ],
)
def test_a_plate_is_found_by_the_part_somebody_remembers(engine: Engine, plate: str, names: str) -> None:
    texts = ("12가3456", "12가3457", "100%99", "서울31바3456", "[1*]x", "AB-CD12")
    for name, text in zip("abcdef", texts, strict=True):
        keep(engine, name, text)
    assert found(engine, plate=plate) == list(names)


def test_pages_follow_each_other_whatever_comes_in_between(engine: Engine) -> None:
    for number, name in enumerate("abcdefgh"):
        keep(engine, name, "12가3456", minutes=number // 3, camera="gate" if number % 2 else "yard")
    pages = ReportPages(engine)
    for cameras in (None, frozenset({"gate", "yard"})):
        wanted, seen, after = ReportQuery(cameras=cameras), list[PageKey](), None
        while True:
            page = pages.page(wanted, after=after, rows=3)
            seen += [PageKey(parked_at=report.parked_at, id=report.id) for report in page.reports]
            if page.next is None:
                break
            after = page.next
        assert len(set(seen)) == 8
        assert seen == sorted(seen, key=lambda key: (key.parked_at, key.id), reverse=True)
        assert pages.beside(seen[4], wanted) == (seen[3].id, seen[5].id)
        assert pages.beside(seen[0], wanted) == (None, seen[1].id)
        assert pages.beside(seen[7], wanted) == (seen[6].id, None)
    assert pages.page(ReportQuery(cameras=frozenset())).reports == ()
    assert pages.page(ReportQuery(), after=PageKey(parked_at=NOON, id="0")).reports == ()
    with pytest.raises(InvalidValueError, match="1-200 rows"):
        pages.page(ReportQuery(), rows=0)


def test_reviews_count_and_are_kept_step_by_step(engine: Engine) -> None:
    store, reviews = SqlReportStore(engine), SqlReviews(engine)
    keep(engine, "a", "12가3456")
    store.apply(rejected("b"), at=NOON, by="test")
    fix = Review(report_id=hex_id("a"), step=ReviewStep.CORRECTED, by="omar", at=NOON, becomes="12가3466")
    reviews.add(fix)
    assert reviews.current(hex_id("a")) == Reviewed(verdict=None, plate="12가3466")
    assert found(engine, plate="3466") == ["a"]
    (kept,) = reviews.of(hex_id("a"))
    assert (kept.was, kept.becomes, kept.by) == ("12가3456", "12가3466", "omar")
    for name in "ab":
        with pytest.raises(IllegalTransitionError, match="cannot be confirmed"):
            reviews.add(Review(report_id=hex_id(name), step=ReviewStep.CONFIRMED, by="omar", at=NOON))
    with pytest.raises(StorageError, match="no report"):
        reviews.add(Review(report_id=hex_id("none"), step=ReviewStep.CONFIRMED, by="omar", at=NOON))
    with pytest.raises(InvalidValueError, match="reason"):
        Review(report_id="x", step=ReviewStep.REJECTED, by="omar", at=NOON, reason=" ")
    assert reviews.current(hex_id("none")) is None


def test_the_tally_counts_todays_reports_of_the_cameras_one_may_see(engine: Engine) -> None:
    keep(engine, "a", "12가3456")
    keep(engine, "b", "12가3456", camera="yard", minutes=5)
    SqlReportStore(engine).apply(rejected("c"), at=NOON, by="test")
    tally = ReportTally(engine)
    temporaries = ReportState.TEMPORARY
    assert tally.by_state(since=NOON, cameras=None) == {temporaries: 2, ReportState.REJECTED: 1}
    assert tally.by_state(since=NOON, cameras=frozenset({"yard"})) == {temporaries: 1}
    assert tally.by_state(since=NOON + timedelta(minutes=1), cameras=None) == {temporaries: 1}
