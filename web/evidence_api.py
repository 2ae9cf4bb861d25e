"""Evidence of a report, to those who may see the report; each look at it is written down first."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Path
from fastapi.responses import Response

from storage.access_log import LoggedEvidence
from web.byte_range import ranged
from web.report_access import seen_report
from web.security import Caller, Right, require
from web.services import WebServices, services_of

router = APIRouter(tags=["reports"])

# What is not a picture or a clip is never shown inside a page of ours.
_SHOWN = frozenset({"image/jpeg", "image/png", "image/webp", "video/mp4", "video/webm"})


@router.get("/reports/{report_id}/evidence/{position}", response_class=Response)
def evidence(
    report_id: str,
    position: Annotated[int, Path(ge=0, le=1000, description="in the report's order, from 0")],
    caller: Annotated[Caller, Depends(require(Right.VIEW))],
    services: Annotated[WebServices, Depends(services_of)],
    wanted: Annotated[str | None, Header(alias="range", max_length=100)] = None,
) -> Response:
    """A photo, a plate crop or a clip. No key of the store is taken from outside, so none can be guessed."""
    items = seen_report(services, caller, report_id).report.evidence
    if position >= len(items):
        raise HTTPException(404, "the report has no such piece of evidence")
    item = items[position]
    logged = LoggedEvidence(services.evidence, services.access, who=caller.name, now=services.now)
    data = logged.get(item.key, report_id=report_id, purpose=f"seen in the dashboard: {item.kind.value}")
    name = item.key.rpartition("/")[2]
    how = "inline" if item.media_type in _SHOWN else "attachment"
    headers = {"Content-Disposition": f'{how}; filename="{name}"'}
    return ranged(data, item.media_type, wanted, headers)
