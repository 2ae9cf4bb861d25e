"""Reports for programs: lists, one report with its history, and what a person says of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from pipeline.report import EvidenceKind
from storage.report_query import ListedReport
from storage.reviews import MAX_REASON, Review, ReviewStep
from web.known_query import known_query
from web.report_access import seen_report
from web.report_filters import ReportFilters, asked, key_text
from web.report_view import evidence_of, votes_of
from web.security import Caller, Right, require
from web.services import WebServices, services_of

router = APIRouter(prefix="/api/reports", tags=["reports"])

Viewer = Annotated[Caller, Depends(require(Right.VIEW))]
Operator = Annotated[Caller, Depends(require(Right.OPERATE))]
Services = Annotated[WebServices, Depends(services_of)]


class ReportItem(BaseModel):
    """A report in a list; `verdict` null is not reviewed yet. `merged_into` is the report that counts in the
    place of one that people have merged, however often that one was merged on.
    """

    id: str
    state: str
    verdict: str | None
    camera: str
    zone: str
    zone_kind: str
    vehicle: str
    plate: str
    plate_accepted: bool
    parked_at: datetime
    arrived_at: datetime
    departed_at: datetime | None
    last_seen_at: datetime
    score: float
    repeats: int
    rejection: str | None
    duplicate_of: str | None
    merged_into: str | None


class ReportList(BaseModel):
    """A page of reports, latest first; `next` is the `after` of the next page, null on the last."""

    reports: list[ReportItem]
    next: str | None


class EvidenceItem(BaseModel):
    """A piece of evidence; `path` gives its bytes."""

    kind: str
    taken_at: datetime
    path: str


class Vote(BaseModel):
    """A character of the plate and its share of the readings' weight, 0-1."""

    character: str
    confidence: float


class Step(BaseModel):
    """A step of a report's life, or of its review."""

    step: str
    at: datetime
    by: str
    why: str


class WholeReport(BaseModel):
    """Everything that is known of a report."""

    id: str
    state: str
    verdict: str | None
    merged_into: str | None
    camera: str
    zone: str
    plate: str
    plate_corrected: str | None
    votes: list[Vote]
    same_view: float | None
    note: str
    evidence: list[EvidenceItem]
    history: list[Step]
    reviews: list[Step]


class ReviewRequest(BaseModel):
    """What a person says: confirmed, rejected (with a reason), merged or corrected (with what it becomes)."""

    model_config = ConfigDict(extra="forbid")

    step: ReviewStep
    reason: str = Field("", max_length=MAX_REASON)
    becomes: str | None = Field(None, max_length=64)


@router.get("", dependencies=[Depends(known_query)])
def list_reports(
    caller: Viewer,
    services: Services,
    filters: Annotated[ReportFilters, Query()],
    rows: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ReportList:
    """The reports of the cameras one may see that fit, a page at a time."""
    wanted = asked(filters, caller, services.settings.time_zone)
    page = services.report_pages.page(wanted.query, after=wanted.after, rows=rows)
    following = None if page.next is None else key_text(page.next)
    merged = services.reviews.merged_into(report.id for report in page.reports if report.is_merged)
    items = [_item(report, merged.get(report.id)) for report in page.reports]
    return ReportList(reports=items, next=following)


@router.get("/{report_id}")
def one_report(report_id: str, caller: Viewer, services: Services) -> WholeReport:
    """One report."""
    found = seen_report(services, caller, report_id)
    report, reviewed = found.report, services.reviews.current(report_id)
    return WholeReport(
        id=report.id,
        state=found.state.value,
        verdict=None if reviewed is None or reviewed.verdict is None else reviewed.verdict.value,
        merged_into=services.reviews.merged_into([report.id]).get(report.id),
        camera=report.camera,
        zone=report.zone,
        plate=report.plate.text,
        plate_corrected=None if reviewed is None else reviewed.plate,
        votes=[Vote(character=vote.character, confidence=vote.confidence) for vote in votes_of(report.plate)],
        same_view=report.same_view,
        note=report.note,
        evidence=[
            EvidenceItem(kind=item.kind, taken_at=item.taken_at, path=item.path)
            for item in evidence_of(report, *EvidenceKind)
        ],
        history=[
            Step(step=entry.to_state.value, at=entry.at, by=entry.by, why=entry.why)
            for entry in services.reports.history(report_id)
        ],
        reviews=[
            Step(step=entry.step.value, at=entry.at, by=entry.by, why=entry.reason or entry.becomes or "")
            for entry in services.reviews.of(report_id)
        ],
    )


@router.post("/{report_id}/review", status_code=204)
def review(report_id: str, body: ReviewRequest, caller: Operator, services: Services) -> None:
    """Confirm, reject, merge, open again, or correct the plate."""
    seen_report(services, caller, report_id)
    if body.step is ReviewStep.MERGED and body.becomes:
        seen_report(services, caller, body.becomes)
    services.reviews.add(
        Review(
            report_id=report_id,
            step=body.step,
            by=caller.name,
            at=services.now(),
            reason=body.reason,
            becomes=body.becomes,
        )
    )


def _item(report: ListedReport, merged_into: str | None) -> ReportItem:
    return ReportItem(
        id=report.id,
        state=report.state,
        verdict=report.verdict,
        camera=report.camera,
        zone=report.zone,
        zone_kind=report.zone_kind,
        vehicle=report.label,
        plate=report.plate_corrected or report.plate_text,
        plate_accepted=report.plate_accepted,
        parked_at=report.parked_at,
        arrived_at=report.arrived_at,
        departed_at=report.departed_at,
        last_seen_at=report.last_seen_at,
        score=report.score,
        repeats=report.repeats,
        rejection=report.rejection,
        duplicate_of=report.duplicate_of,
        merged_into=merged_into,
    )
