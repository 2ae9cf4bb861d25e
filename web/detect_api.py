"""Try-out: one image in, vehicles, plates and a drawn picture out, with the milliseconds of each step."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse

from storage.analyses import AnalysisKind
from web.analysis_answers import AnalysisAnswer, submitted_response, waited_for
from web.photo_requests import FORM, submitted_photos
from web.security import Caller, Right, require
from web.services import WebServices, services_of

router = APIRouter(tags=["detect"])

Services = Annotated[WebServices, Depends(services_of)]
Sender = Annotated[Caller, Depends(require(Right.OPERATE))]
Wait = Annotated[float, Query(ge=0, le=120, description="seconds to wait for the result, 0 to 120")]


@router.post(
    "/detect",
    response_model=AnalysisAnswer,
    responses={202: {"model": AnalysisAnswer, "description": "not done in time; look at Location"}},
    openapi_extra=FORM,
)
async def detect(request: Request, services: Services, caller: Sender, wait_s: Wait = 30.0) -> JSONResponse:
    """Look at one image; nothing is stored as a report. The drawn picture is at `/analyses/{id}/picture`."""
    submitted = await submitted_photos(request, services, caller, AnalysisKind.DETECT, expected=1)
    return submitted_response(submitted, done=await waited_for(services, submitted, wait_s))
