"""The cameras as they are now, with what the watch makes of them."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import Response

from jobs.live_view import LiveViews, View, ViewKind
from web.pages.page import render
from web.security import Caller, Right, require
from web.services import WebServices, services_of

router = APIRouter(include_in_schema=False)

Viewer = Annotated[Caller, Depends(require(Right.VIEW))]
Services = Annotated[WebServices, Depends(services_of)]


@router.get("/live")
def show_all(request: Request, caller: Viewer, services: Services) -> Response:
    """Every camera."""
    cameras = [name for name in services.settings.cameras if caller.may_see(name)]
    return render(request, "live.html", {"cameras": cameras, "single": None}, caller=caller)


@router.get("/live/{camera}")
def show_one(request: Request, camera: str, caller: Viewer, services: Services) -> Response:
    """One camera, large."""
    _seen(services, caller, camera)
    return render(request, "live.html", {"cameras": [camera], "single": camera}, caller=caller)


@router.get("/live/{camera}/picture")
def picture(
    camera: str,
    caller: Viewer,
    services: Services,
    kind: Annotated[ViewKind, Query()] = ViewKind.DRAWN,
) -> Response:
    """The newest picture, and word to the camera's program that somebody looks; 204 while there is none."""
    _seen(services, caller, camera)
    found = LiveViews(services.redis).look(View(camera=camera, kind=kind))
    if found is None:
        return Response(status_code=204)
    # The clocks as text: for who cannot see the picture. Plates are Korean, headers are ASCII.
    standing = json.dumps([asdict(one) for one in found.standing])
    headers = {"X-Taken-At": found.taken_at.isoformat(), "X-Standing": standing}
    return Response(found.jpeg, media_type="image/jpeg", headers=headers)


def _seen(services: WebServices, caller: Caller, camera: str) -> None:
    if camera not in services.settings.cameras or not caller.may_see(camera):
        raise HTTPException(404, "there is no such camera, or you may not see it")
