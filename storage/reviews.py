"""What people say of reports: right, wrong, a repeat, and what the plate really is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BindParameter, Engine, Row, Select, bindparam, select
from sqlmodel import Session

from pipeline.errors import IllegalTransitionError, InvalidValueError, StorageError
from pipeline.report import ReportState
from storage import sighting_rows
from storage.chain import append_record
from storage.review_tables import REVIEWS, ReviewRow
from storage.tables import REPORTS, ReportRow
from storage.transactions import asking, changing

MAX_REASON = 500
# A statement has a limit of parameters: 32,766 on SQLite (sqlite.org/limits.html), 65,535 on PostgreSQL.
_AT_ONCE = 1000


class ReviewStep(StrEnum):
    """What somebody did."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    MERGED = "merged"
    REOPENED = "reopened"
    CORRECTED = "corrected"


# What is being judged or has been thrown out by the rules is nobody's to confirm.
_ACCUSATIONS = frozenset({ReportState.FINAL, ReportState.EXPORTED})
_WITHDRAWN = frozenset({ReviewStep.REJECTED, ReviewStep.MERGED})


def refuse_withdrawn(report_id: str, verdict: str | None, merged_into: str | None = None) -> None:
    """Stop an accusation that a person has taken back from leaving the house.

    Args:
        report_id: of which report.
        verdict: what a person said of it.
        merged_into: the report that counts in its place, to be named.

    Raises:
        IllegalTransitionError: the verdict is that it is wrong, or a repeat of another report.
    """
    if verdict in _WITHDRAWN:
        said = f"{verdict} by a person" if merged_into is None else f"merged into {merged_into} by a person"
        raise IllegalTransitionError(
            f"report {report_id} was {said} and is not exported; reopen its review first"
        )


# Made once: to put a statement together takes as long as to ask it.
_ID: BindParameter[str] = bindparam("report_id")
_CURRENT = select(REPORTS.verdict, REPORTS.plate_corrected).where(REPORTS.id == _ID)
_STEPS = select(*REVIEWS).where(REVIEWS.report_id == _ID).order_by(REVIEWS.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One step of a review.

    Attributes:
        report_id: of which report.
        step: what was done.
        reason: a sentence; needed to reject.
        was, becomes: the plate before and after a correction; for a merge `becomes` is the report it repeats.
        by: who did it.
        at: when, aware UTC.
    """

    report_id: str
    step: ReviewStep
    by: str
    at: datetime
    reason: str = ""
    was: str | None = None
    becomes: str | None = None

    def __post_init__(self) -> None:
        if self.step is ReviewStep.REJECTED and not self.reason.strip():
            raise InvalidValueError("expected a reason for a rejection, got none")
        if len(self.reason) > MAX_REASON:
            raise InvalidValueError(f"expected a reason of at most {MAX_REASON} characters")
        if self.step in (ReviewStep.MERGED, ReviewStep.CORRECTED) and not self.becomes:
            raise InvalidValueError(f"expected what it becomes for the step {self.step.value}, got nothing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """What counts of a report's reviews: `verdict` None is none yet, `plate` None is not corrected."""

    verdict: ReviewStep | None
    plate: str | None


class SqlReviews:
    """Reviews of reports; raises as `storage.ports.ReportStore` does. Threads may share it.

    The judgement's own state of a report stays as it is: what the machine said and what a person says of it
    are two things, and how often they differ is its false-report rate. Each step is a link in the chain of
    the report's camera, and goes with the report when that expires: it holds plates.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, review: Review) -> None:
        """Take a step.

        Raises:
            StorageError: there is no such report.
            IllegalTransitionError: the report is no accusation, or cannot be merged with that one.
        """
        # The one it is merged with must not be merged itself meanwhile.
        other = review.becomes if review.step is ReviewStep.MERGED else None
        with changing(self._engine, review.report_id, other) as session:
            row = session.get(ReportRow, review.report_id)
            if row is None:
                raise StorageError(f"there is no report {review.report_id}")
            was: str | None
            if review.step is ReviewStep.CORRECTED:
                was = row.plate_corrected or row.plate_text
                row.plate_corrected = review.becomes
                if review.becomes is not None:
                    sighting_rows.correct(session, review.report_id, review.becomes)
            else:
                was = row.verdict
                _check(session, row, review)
                row.verdict = None if review.step is ReviewStep.REOPENED else review.step.value
            session.add(
                ReviewRow(
                    report_id=review.report_id,
                    step=review.step.value,
                    reason=review.reason.strip(),
                    was=was,
                    becomes=review.becomes,
                    by=review.by,
                    at=review.at,
                )
            )
            session.flush()
            append_record(session, row, at=review.at)

    def current(self, report_id: str) -> Reviewed | None:
        """What counts now; None when there is no such report."""
        with asking(self._engine) as connection:
            row = connection.execute(_CURRENT, {"report_id": report_id}).first()
        if row is None:
            return None
        verdict = None if row.verdict is None else ReviewStep(row.verdict)
        return Reviewed(verdict=verdict, plate=row.plate_corrected)

    def merged_into(self, report_ids: Iterable[str]) -> Mapping[str, str]:
        """The reports that count in the place of those of `report_ids` that people have merged.

        One that was merged with another, and that one later with a third, counts as the third. Where the
        other has expired, what people said of it went with it: it is named all the same.
        """
        direct: dict[str, str] = {}
        new, asked = set(report_ids), set[str]()
        wanted = frozenset(new)
        if not wanted:
            return direct
        with asking(self._engine) as connection:
            while new:
                ids = sorted(new)
                for begin in range(0, len(ids), _AT_ONCE):
                    merges = connection.execute(_merges(ids[begin : begin + _AT_ONCE])).all()
                    # In their order: of a report that was opened again and merged anew the last merge counts.
                    direct.update({row.report_id: row.becomes for row in merges})
                asked |= new
                new = set(direct.values()) - asked
        return {report_id: _end(direct, report_id) for report_id in wanted & direct.keys()}

    def of(self, report_id: str) -> tuple[Review, ...]:
        """Every step, oldest first."""
        with asking(self._engine) as connection:
            return tuple(_review(row) for row in connection.execute(_STEPS, {"report_id": report_id}))


def _check(session: Session, row: ReportRow, review: Review) -> None:
    if ReportState(row.state) not in _ACCUSATIONS:
        raise IllegalTransitionError(f"a report that is {row.state} cannot be {review.step.value}")
    if review.step is not ReviewStep.MERGED:
        return
    original = session.get(ReportRow, review.becomes)
    if original is None or original.id == row.id or original.camera != row.camera:
        raise IllegalTransitionError("a report is merged with another one of the same camera")
    if original.verdict == ReviewStep.MERGED.value:
        raise IllegalTransitionError(f"report {original.id} is a repeat itself: merge with the first one")
    if ReportState(original.state) not in _ACCUSATIONS or original.verdict == ReviewStep.REJECTED.value:
        # None would count in the end, and nobody would have said that the vehicle did not stand there.
        raise IllegalTransitionError(f"report {original.id} accuses nobody: merge with one that does")


def _merges(report_ids: Collection[str]) -> Select[Any]:
    return (
        select(REVIEWS.report_id, REVIEWS.becomes)
        .join(ReportRow, REPORTS.id == REVIEWS.report_id)
        .where(
            REVIEWS.report_id.in_(report_ids),
            REVIEWS.step == ReviewStep.MERGED.value,
            REPORTS.verdict == ReviewStep.MERGED.value,
        )
        .order_by(REVIEWS.id)
    )


def _end(direct: Mapping[str, str], report_id: str) -> str:
    # Nothing is merged with what is merged itself, so that the way ends; rows that were altered from outside
    # may make it a ring, which must not stop a list.
    passed = [report_id]
    while (following := direct.get(passed[-1])) is not None and following not in passed:
        passed.append(following)
    return passed[-1]


def _review(row: Row[Any]) -> Review:
    return Review(
        report_id=row.report_id,
        step=ReviewStep(row.step),
        reason=row.reason,
        was=row.was,
        becomes=row.becomes,
        by=row.by,
        at=row.at,
    )
