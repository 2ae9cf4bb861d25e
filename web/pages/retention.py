"""Settings: how long records are kept, and what a change would delete."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from web.pages.page import render
from web.retention_api import book_of
from web.security import Caller, Right, require
from web.services import WebServices, services_of

router = APIRouter(include_in_schema=False)


@router.get("/settings/retention")
def show(
    request: Request,
    caller: Annotated[Caller, Depends(require(Right.ADMIN))],
    services: Annotated[WebServices, Depends(services_of)],
) -> Response:
    """The page; its script asks the API what a change would delete, and saves it."""
    sheet = book_of(services).read()
    return render(request, "settings_retention.html", {"sheet": sheet}, caller=caller)
