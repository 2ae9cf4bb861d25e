"""Photos: sent as a form, analysed in the background, reported in pairs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from storage.analyses import AnalysisKind
from web.analysis_answers import AnalysisAnswer, submitted_response
from web.photo_requests import FORM, submitted_photos
from web.problem_answers import problems
from web.security import Caller, Right, require
from web.services import WebServices, services_of

router = APIRouter(prefix="/photos", tags=["photos"])

Services = Annotated[WebServices, Depends(services_of)]
Sender = Annotated[Caller, Depends(require(Right.OPERATE))]


@router.post(
    "",
    status_code=202,
    response_model=AnalysisAnswer,
    responses={
        200: {"model": AnalysisAnswer, "description": "these photos are analysed already"},
        **problems(400, 401, 403, 413, 415, 422, 503),
    },
    openapi_extra=FORM,
)
async def send(request: Request, services: Services, caller: Sender) -> JSONResponse:
    """Send one or several photos (JPEG, PNG, WebP, HEIC), each a part `file` of a form.

    Two photos of one vehicle from the same view, at least the zone's gap apart, become a report; a single one
    waits for its second. Time and place come from EXIF; the field `camera` names the camera whose zones
    apply, `taken_at` the time of a photo that does not say it.
    """
    return submitted_response(await submitted_photos(request, services, caller, AnalysisKind.PHOTO))
