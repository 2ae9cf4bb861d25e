"""The list of reports: filtered, a page at a time, fresh by itself."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from pipeline.report import ReportState
from web.pages.page import local_times, render, words_of
from web.pages.report_row import row_view
from web.report_filters import ReportFilters, asked, key_text
from web.security import Caller, Right, require
from web.services import WebServices, services_of
from web.turns import in_turn

router = APIRouter(include_in_schema=False)

ROWS = 50
_STATES = (
    *(ReportState.FINAL, ReportState.TEMPORARY, ReportState.DUPLICATE),
    *(ReportState.REJECTED, ReportState.EXPORTED),
)
_REVIEWS = ("open", "confirmed", "rejected", "merged")

Viewer = Annotated[Caller, Depends(require(Right.VIEW))]
Services = Annotated[WebServices, Depends(services_of)]
Filtered = Annotated[ReportFilters, Query()]


@router.get("/reports")
@in_turn
def show(request: Request, caller: Viewer, services: Services, filters: Filtered) -> Response:
    """The page."""
    return render(request, "reports.html", _context(request, caller, services, filters), caller=caller)


@router.get("/reports/now")
@in_turn
def now(request: Request, caller: Viewer, services: Services, filters: Filtered) -> Response:
    """Its rows alone, for the page to refresh itself."""
    return render(request, "reports_now.html", _context(request, caller, services, filters), caller=caller)


def _context(
    request: Request, caller: Caller, services: WebServices, filters: ReportFilters
) -> dict[str, object]:
    time_zone = services.settings.time_zone
    wanted = asked(filters, caller, time_zone)
    with services.together():
        page = services.report_pages.page(wanted.query, after=wanted.after, rows=ROWS)
        merged = services.reviews.merged_into(report.id for report in page.reports if report.is_merged)
    spoken, local = words_of(request), local_times(time_zone)
    return {
        "filters": filters,
        "rows": [row_view(report, spoken, local, merged.get(report.id)) for report in page.reports],
        "next_address": None if page.next is None else filters.address(after=key_text(page.next)),
        "same_address": filters.address(after=None),
        "cameras": [name for name in services.settings.cameras if caller.may_see(name)],
        "states": [state.value for state in _STATES],
        "reviews": _REVIEWS,
    }
