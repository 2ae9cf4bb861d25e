"""The zones' editor: drawn on the camera's picture."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from pipeline.zone import ZoneKind
from web.pages.page import render
from web.security import Caller, Right, require
from web.services import WebServices, services_of
from web.zones_api import seen_camera

router = APIRouter(prefix="/zones", include_in_schema=False)

_DAYS = ("daily", "weekdays", "weekends", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLASSES = ("car", "motorcycle", "bus", "truck")

Admin = Annotated[Caller, Depends(require(Right.ADMIN))]
Services = Annotated[WebServices, Depends(services_of)]


@router.get("")
def choose(request: Request, caller: Admin, services: Services) -> Response:
    """The first camera's zones; a page that says so where there is no camera."""
    cameras = _cameras(caller, services)
    if cameras:
        return RedirectResponse(f"/zones/{cameras[0]}", 303)
    return render(request, "zones_none.html", {}, caller=caller)


@router.get("/{camera}")
def show(request: Request, camera: str, caller: Admin, services: Services) -> Response:
    """The editor; its script loads zones and picture from the API."""
    context = {
        "camera": seen_camera(services, caller, camera),
        "cameras": _cameras(caller, services),
        "kinds": [kind.value for kind in ZoneKind],
        "days": _DAYS,
        "classes": _CLASSES,
        "writable": services.zones is not None,
    }
    return render(request, "zones.html", context, caller=caller)


def _cameras(caller: Caller, services: WebServices) -> list[str]:
    return [name for name in services.settings.cameras if caller.may_see(name)]
