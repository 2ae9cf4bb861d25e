"""A camera tried out as it would be watched, before it is added or changed; nothing is written."""

from __future__ import annotations

import base64
import logging
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from jobs.camera_status import StatusBoard
from pipeline.errors import QueueError, SourceFault
from web.camera_services import CameraBook, CameraDraft, CameraEntry, CameraTried
from web.cameras_api import CameraBody
from web.security import Caller, Right, require
from web.services import WebServices, of_file, services_of
from web.watched_picture import watched_picture

router = APIRouter(prefix="/api/camera-trials", tags=["cameras"])

Admin = Annotated[Caller, Depends(require(Right.ADMIN))]
Services = Annotated[WebServices, Depends(services_of)]

_log = logging.getLogger(__name__)
_WITHIN_S = 5.0


class TrialAnswer(BaseModel):
    """What came of opening a camera.

    Attributes:
        problem: why no picture came, one sentence; empty when one did.
        fault: the kind of that reason where it is known.
        width, height: of its pictures.
        rate: frames a second that it sends.
        keyframe_s: seconds between two keyframes.
        notes: what it said of its settings.
        picture: the first picture, JPEG in base64.
        watched: it is watched already; the picture is the watcher's, as it takes one viewer.
    """

    problem: str
    fault: SourceFault | None = None
    width: int | None = None
    height: int | None = None
    rate: float | None = None
    keyframe_s: float | None = None
    notes: list[str] = []
    picture: str | None = None
    watched: bool = False


@router.post("")
async def try_out(body: CameraBody, caller: Admin, services: Services) -> TrialAnswer:
    """Open a camera as it would be watched, for at most twenty seconds; nothing is written."""
    book, draft = of_file(services.cameras), body.draft()
    if body.kind == "device":
        raise HTTPException(422, "a camera of the kind device sends by itself: there is nothing to open")
    _log.info("%s tries the camera %s", caller.name, body.name)
    # An ESP32-CAM has one viewer: who opens it a second time takes it from the watch.
    if draft.kind == "esp32cam" and (seen := await _watched(services, book, draft)) is not None:
        return seen
    return _trial(await run_in_threadpool(book.try_out, draft))


async def _watched(services: WebServices, book: CameraBook, draft: CameraDraft) -> TrialAnswer | None:
    """The watcher's picture of a camera that is watched at this address; it comes within two seconds."""
    same = [one for one in (await run_in_threadpool(book.read)).cameras if _same_camera(one, draft)]
    try:
        for entry in same:
            status = (await run_in_threadpool(StatusBoard(services.redis).read, [entry.name])).get(entry.name)
            if status is None or status.frame_at is None or status.trouble is not None:
                continue
            found = await watched_picture(services.redis, entry.name, within_s=_WITHIN_S)
            if found is not None:
                picture = base64.b64encode(found.jpeg).decode("ascii")
                return TrialAnswer(problem="", picture=picture, watched=True)
    except QueueError:
        return None
    return None


def _same_camera(entry: CameraEntry, draft: CameraDraft) -> bool:
    one, other = ((address or "").strip().rstrip("/").lower() for address in (entry.address, draft.address))
    return entry.kind == draft.kind and one == other


def _trial(tried: CameraTried) -> TrialAnswer:
    return TrialAnswer(
        problem=tried.problem,
        fault=tried.fault,
        width=None if tried.size is None else tried.size.width,
        height=None if tried.size is None else tried.size.height,
        rate=tried.rate,
        keyframe_s=tried.keyframe_s,
        notes=list(tried.notes),
        picture=None if tried.picture is None else base64.b64encode(tried.picture).decode("ascii"),
    )
