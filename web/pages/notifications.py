"""Settings: who is told when something happens."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from web.notifications_api import book_of
from web.pages.page import render
from web.security import Caller, Right, require
from web.services import WebServices, services_of

router = APIRouter(include_in_schema=False)


@router.get("/settings/notifications")
def show(
    request: Request,
    caller: Annotated[Caller, Depends(require(Right.ADMIN))],
    services: Annotated[WebServices, Depends(services_of)],
) -> Response:
    """The page; its script saves over the API and sends tests."""
    sheet = book_of(services).read()
    return render(request, "settings_notifications.html", {"sheet": sheet}, caller=caller)
