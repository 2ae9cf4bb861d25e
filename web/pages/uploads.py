"""Photos and videos that people send, and what was found in them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from storage.analyses import AnalysisKind, AnalysisState
from web.pages.page import render
from web.security import Caller, Right, require
from web.services import WebServices, services_of

router = APIRouter(include_in_schema=False)


@router.get("/uploads")
def show(
    request: Request,
    caller: Annotated[Caller, Depends(require(Right.OPERATE))],
    services: Annotated[WebServices, Depends(services_of)],
) -> Response:
    """The page; its script sends the files and follows their analyses over the API."""
    context = {
        "cameras": [name for name in services.settings.cameras if caller.may_see(name)],
        "must_choose": caller.cameras is not None,
        "states": [state.value for state in AnalysisState],
        "kinds": [kind.value for kind in AnalysisKind if kind is not AnalysisKind.EXPORT],
    }
    return render(request, "uploads.html", context, caller=caller)
