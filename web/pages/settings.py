"""Settings: cameras, devices, users, keys of integrations; how long reports are kept, and who is told."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from storage.account_values import Role
from storage.devices import FRAME_SIZES, QUALITY, SLEEP_S
from web.devices_api import device_answers
from web.pages.page import render
from web.security import Caller, Right, require
from web.services import WebServices, of_file, services_of

router = APIRouter(prefix="/settings", include_in_schema=False)

Admin = Annotated[Caller, Depends(require(Right.ADMIN))]
Services = Annotated[WebServices, Depends(services_of)]


@router.get("")
def show(request: Request, caller: Admin, services: Services) -> Response:
    """The page; its forms use the API."""
    return render(request, "settings.html", _context(services), caller=caller)


@router.get("/now")
def now(request: Request, caller: Admin, services: Services) -> Response:
    """Its lists alone, after something was changed."""
    return render(request, "settings_now.html", _context(services), caller=caller)


@router.get("/retention")
def retention(request: Request, caller: Admin, services: Services) -> Response:
    """How long records are kept; its script asks the API what a change would delete, and saves it."""
    sheet = of_file(services.retention).read()
    return render(request, "settings_retention.html", {"sheet": sheet}, caller=caller)


@router.get("/notifications")
def notifications(request: Request, caller: Admin, services: Services) -> Response:
    """Who is told when something happens; its script saves over the API and sends tests."""
    sheet = of_file(services.notifications).read()
    return render(request, "settings_notifications.html", {"sheet": sheet}, caller=caller)


def _context(services: WebServices) -> dict[str, object]:
    devices = device_answers(services)
    return {
        "cameras": services.settings.cameras,
        "device_cameras": tuple(services.devices.defaults),
        "devices": [device for device in devices if not device.revoked],
        "framesizes": FRAME_SIZES,
        "sleep_s": SLEEP_S,
        "quality": QUALITY,
        "users": services.users.all(),
        "keys": [key for key in services.api_keys.all() if key.revoked_at is None],
        "roles": [role.value for role in Role],
        "retention": services.settings.retention_days,
    }
