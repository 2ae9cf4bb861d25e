"""The one door to `final`: what a report must hold, whoever stores it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.errors import IllegalTransitionError
from pipeline.evidence_rule import missing_evidence
from pipeline.lifecycle import state_with
from pipeline.plate import UNREAD
from pipeline.report import EvidenceKind, Report, ReportState
from tests.reports import NOON, duplicate, evidence, final, rejected, temporary

ONE, TWO = evidence("one"), evidence("two", EvidenceKind.PHOTO_2)


def apart(seconds: float, *, photo_gap_s: float | None = 60.0) -> Report:
    photos = (ONE, replace(TWO, taken_at=NOON + timedelta(seconds=seconds)))
    return final(evidence=photos, photo_gap_s=photo_gap_s)


@pytest.mark.parametrize(
    ("report", "lacking"),
    [
        (final(), None),
        (final(evidence=()), "it has no photo_1"),
        (final(evidence=(TWO,)), "it has no photo_1"),
        (final(evidence=(ONE,)), "it has no photo_2"),
        (final(evidence=(ONE, evidence("crop", EvidenceKind.PLATE))), "it has no photo_2"),
        (
            final(evidence=(ONE, evidence("two", EvidenceKind.PHOTO_2_MARKED))),
            "it has no photo_2",
        ),
        (
            final(evidence=(ONE, replace(TWO, sha256=ONE.sha256))),
            "its two photos are one and the same picture",
        ),
        (apart(60), None),
        (apart(59.4), None),
        (apart(58), "its photos were taken 58.0 s apart, and its zone asks for 60 s"),
        (apart(58, photo_gap_s=30), None),
        (apart(0), "photo 2 was not taken after photo 1 but 0.0 s before"),
        (apart(-5), "photo 2 was not taken after photo 1 but 5.0 s before"),
        # The newest of each kind counts: a photo 1 that was taken anew makes photo 2 too early.
        (
            final(evidence=(ONE, TWO, replace(evidence("late"), taken_at=NOON + timedelta(seconds=30)))),
            "its photos were taken 31.0 s apart, and its zone asks for 60 s",
        ),
        (
            final(plate=UNREAD, unread_allowed=False),
            "its plate was not read with certainty, and its zone asks for one (report_unread: false)",
        ),
        (final(plate=UNREAD, unread_allowed=True), None),
        # Reports of older programs do not state their zone's rule.
        (apart(2, photo_gap_s=None), None),
        (final(plate=UNREAD, photo_gap_s=None, unread_allowed=None), None),
        (
            apart(-1, photo_gap_s=None),
            "photo 2 was not taken after photo 1 but 1.0 s before",
        ),
    ],
)
def test_what_is_missing_is_named(report: Report, lacking: str | None) -> None:
    assert missing_evidence(report) == lacking


@pytest.mark.parametrize("before", [None, ReportState.TEMPORARY, ReportState.FINAL, ReportState.EXPORTED])
def test_no_way_into_final_leads_past_the_rule(before: ReportState | None) -> None:
    assert state_with(before, final()) in (ReportState.FINAL, ReportState.EXPORTED)
    with pytest.raises(IllegalTransitionError, match="cannot be final: it has no photo_2"):
        state_with(before, final(evidence=(ONE,)))


@pytest.mark.parametrize("report", [temporary(evidence=()), rejected(evidence=()), duplicate("b", "a")])
def test_what_accuses_nobody_needs_no_evidence(report: Report) -> None:
    assert state_with(None, report) is report.state
