"""Settings of cameras: what there is, a form that adds or changes one, a test of its connection."""

from __future__ import annotations

from typing import Annotated, get_args
from zoneinfo import available_timezones

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic_core import to_json

from web.cameras_api import Framesize, Kind
from web.pages.page import render
from web.security import Caller, Right, require
from web.services import WebServices, services_of

router = APIRouter(prefix="/settings/cameras", include_in_schema=False)

Admin = Annotated[Caller, Depends(require(Right.ADMIN))]
Services = Annotated[WebServices, Depends(services_of)]


@router.get("")
def show(request: Request, caller: Admin, services: Services) -> Response:
    """The page; its form uses the API."""
    return render(request, "cameras.html", _context(services), caller=caller)


@router.get("/now")
def now(request: Request, caller: Admin, services: Services) -> Response:
    """Its list alone, after something was changed."""
    return render(request, "cameras_now.html", _context(services), caller=caller)


def _context(services: WebServices) -> dict[str, object]:
    return {
        "sheet": None if services.cameras is None else services.cameras.read(),
        "as_json": lambda entry: to_json(entry).decode(),
        "kinds": get_args(Kind),
        "framesizes": get_args(Framesize),
        "zones_of_time": sorted(available_timezones()),
    }
