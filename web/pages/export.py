"""The part of a report's page that makes its evidence pack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from jobs.export_intake import ExportWish
from storage.ports import StoredReport
from web.export_view import ShownExport, export_view
from web.pages.page import render
from web.report_access import seen_report
from web.security import Caller, Right, require
from web.services import WebServices, services_of

router = APIRouter(include_in_schema=False)

Operator = Annotated[Caller, Depends(require(Right.OPERATE))]
Services = Annotated[WebServices, Depends(services_of)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPart:
    """What the part shows: the pack that was asked for last, or None, and the report it is of."""

    report_id: str
    newest: ShownExport | None


def shown_export(services: WebServices, caller: Caller, stored: StoredReport) -> ExportPart | None:
    """The part for `caller`; None where nobody, or not they, may export the report."""
    if not caller.may(Right.OPERATE) or not services.exports.may_leave(stored):
        return None
    export = services.exports.newest(stored.report.id)
    shown = None
    if export is not None:
        shown = export_view(export, current=services.exports.is_current(stored, export))
    return ExportPart(report_id=stored.report.id, newest=shown)


@router.get("/reports/{report_id}/export")
def now(request: Request, report_id: str, caller: Operator, services: Services) -> Response:
    """The part as it is now, for the page's script."""
    part = shown_export(services, caller, seen_report(services, caller, report_id))
    return render(request, "report_export.html", {"export": part}, caller=caller)


@router.post("/reports/{report_id}/export")
def ask(report_id: str, caller: Operator, services: Services) -> Response:
    """Have the pack made; a pack that says the same is found, not made again."""
    services.exports.ask(seen_report(services, caller, report_id), ExportWish(by=caller.name))
    return RedirectResponse(f"/reports/{report_id}", 303)
