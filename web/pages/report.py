"""One report: its evidence, how its plate was read, what happened to it, and what a person says of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from pipeline.errors import EvidenceError
from pipeline.photo_report import PHOTO_VEHICLE
from pipeline.report import EvidenceKind, Report, ReportState
from storage.access_log import LoggedEvidence
from storage.report_query import PageKey
from storage.reviews import MAX_REASON, Review, ReviewStep
from web.pages.export import shown_export
from web.pages.page import render
from web.report_access import seen_report
from web.report_filters import ReportFilters, asked
from web.report_view import evidence_of, times_of, votes_of
from web.security import Caller, Right, require
from web.services import WebServices, services_of
from web.site_map import photo_position, site_map
from web.turns import in_turn

router = APIRouter(include_in_schema=False)

_REASONS = ("wrong_vehicle", "allowed", "not_standing", "wrong_plate", "bad_photo", "other")

Viewer = Annotated[Caller, Depends(require(Right.VIEW))]
Operator = Annotated[Caller, Depends(require(Right.OPERATE))]
Services = Annotated[WebServices, Depends(services_of)]
Reason = Annotated[str, Form(max_length=MAX_REASON)]


@router.get("/reports/{report_id}")
@in_turn
def show(
    request: Request,
    report_id: str,
    caller: Viewer,
    services: Services,
    filters: Annotated[ReportFilters, Query()],
) -> Response:
    """The page; the filters of the list it was opened from say which are the next and the previous one."""
    with services.together():
        context = _context(caller, services, report_id, filters)
    return render(request, "report.html", context, caller=caller)


def _context(
    caller: Caller, services: WebServices, report_id: str, filters: ReportFilters
) -> dict[str, object]:
    found = seen_report(services, caller, report_id)
    report = found.report
    wanted = asked(filters, caller, services.settings.time_zone).query
    place = PageKey(parked_at=report.parked_at, id=report.id)
    newer, older = services.report_pages.beside(place, wanted)
    reviews = services.reviews.of(report.id)
    # Of most reports nobody has said anything yet, and a question costs a twelfth of the page.
    reviewed = services.reviews.current(report.id) if reviews else None
    return {
        "stored": found,
        "report": report,
        "photos": evidence_of(report, EvidenceKind.PHOTO_1, EvidenceKind.PHOTO_2),
        "marked": evidence_of(report, EvidenceKind.PHOTO_1_MARKED, EvidenceKind.PHOTO_2_MARKED),
        "crops": evidence_of(report, EvidenceKind.PLATE),
        "clips": evidence_of(report, EvidenceKind.CLIP_ARRIVAL, EvidenceKind.CLIP_VIOLATION),
        **_place(services, caller, report),
        "view_maps": evidence_of(report, EvidenceKind.VIEW_MAP),
        "votes": votes_of(report.plate),
        "times": times_of(report),
        "verdict": None if reviewed is None or reviewed.verdict is None else reviewed.verdict.value,
        "plate_corrected": None if reviewed is None else reviewed.plate,
        "reviews": reviews,
        "history": services.reports.history(report.id),
        "may_decide": caller.may(Right.OPERATE) and found.state in (ReportState.FINAL, ReportState.EXPORTED),
        "may_correct": caller.may(Right.OPERATE),
        "reasons": _REASONS,
        "newer": newer,
        "older": older,
        "list_address": filters.address(after=None),
        "export": shown_export(services, caller, found),
    }


def _place(services: WebServices, caller: Caller, report: Report) -> dict[str, object]:
    """Where it was: where the camera hangs, or where a photo of none says that it was taken."""
    cameras = services.settings.positions
    position, from_photo = cameras.get(report.camera), False
    photo = next((item for item in report.evidence if item.kind is EvidenceKind.PHOTO_1), None)
    if position is None and photo is not None and report.vehicle_id.startswith(PHOTO_VEHICLE):
        logged = LoggedEvidence(services.evidence, services.access, who=caller.name, now=services.now)
        try:
            data = logged.get(photo.key, report_id=report.id, purpose="where it was taken")
        except EvidenceError:
            # The page shows that the photo is gone; it is no reason to show nothing.
            data = b""
        position, from_photo = photo_position(data), True
    seen = {name: at for name, at in cameras.items() if caller.may_see(name)}
    place = None if position is None else site_map(report.camera, position, seen)
    return {"place": place, "place_from_photo": from_photo}


@router.post("/reports/{report_id}/review")
def review(
    report_id: str,
    caller: Operator,
    services: Services,
    step: Annotated[ReviewStep, Form()],
    reason: Reason = "",
    becomes: Annotated[str, Form(max_length=64)] = "",
    back: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Confirm, reject, merge with another report, open again, or correct the plate."""
    seen_report(services, caller, report_id)
    becomes = becomes.strip()
    if step is ReviewStep.MERGED and becomes:
        seen_report(services, caller, becomes)
    if step is ReviewStep.CORRECTED:
        becomes = "".join(becomes.split())
    services.reviews.add(
        Review(
            report_id=report_id,
            step=step,
            by=caller.name,
            at=services.now(),
            reason=reason,
            becomes=becomes or None,
        )
    )
    return RedirectResponse(f"/reports/{report_id}?{back}" if back else f"/reports/{report_id}", 303)
