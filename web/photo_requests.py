"""From a form with photos to their analysis: the same for all routes that take photos."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime

from anyio import CapacityLimiter, to_thread
from fastapi import HTTPException, Request
from fastapi.concurrency import run_in_threadpool

from jobs.photo_intake import PhotosAsked
from pipeline.errors import InvalidValueError
from storage.analyses import AnalysisKind, AnalysisSource
from storage.analysis_store import Submitted
from storage.upload_store import Incoming
from web.photo_form import PhotoForm
from web.security import Caller
from web.services import WebServices

# Boundaries, headers and small fields of a form.
_AROUND_BYTES = 100_000
# Files are looked at and made safe on disk by so many threads: more would only keep each other, and all other
# routes, waiting.
_TAKING = CapacityLimiter(2)
_FIELDS = frozenset({"camera", "taken_at"})

# How a form with photos stands in the description of the API.
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "array", "items": {"type": "string", "format": "binary"}},
                        "camera": {"type": "string"},
                        "taken_at": {"type": "string", "format": "date-time"},
                    },
                }
            }
        },
    }
}


async def submitted_photos(
    request: Request,
    services: WebServices,
    caller: Caller,
    kind: AnalysisKind,
    *,
    expected: int | None = None,
) -> Submitted:
    """Take the photos of a form and ask for their analysis; what raises leaves nothing behind.

    Args:
        request: with the form.
        services: what takes them.
        caller: who sends them.
        kind: what is done with them.
        expected: how many photos there must be; None: one to as many as are allowed.

    Raises:
        HTTPException: the form cannot be read, or asks for what the caller may not have.
        InvalidValueError: a field cannot be used.
        UploadRefusedError: a file is not taken.
        UploadError, StorageError: they cannot be kept now.
    """
    photos = services.photos
    most = expected or photos.intake.most
    _refuse_announced(request, most * photos.intake.limits.max_bytes + _AROUND_BYTES)
    stack = ExitStack()

    def receive() -> Incoming:
        return stack.enter_context(photos.uploads.receive(limit_bytes=photos.intake.limits.max_bytes))

    try:
        form = PhotoForm(request, receive, most=most)
        await form.read()
        if expected is not None and len(form.files) != expected:
            raise HTTPException(422, f"expected {expected} photos in the form, got {len(form.files)}")
        asked = _asked(caller, kind, form.fields | dict(request.query_params))
        return await to_thread.run_sync(photos.intake.take, form.files, asked, limiter=_TAKING)
    finally:
        await run_in_threadpool(stack.close)


def own_camera(caller: Caller, camera: str | None) -> str | None:
    """The camera that photos are sent for.

    Raises:
        HTTPException: 403, it is not the caller's.
    """
    if camera is None and caller.cameras is not None:
        raise HTTPException(403, "say which of your cameras the photos are of: `camera`")
    if camera is not None and not caller.may_see(camera):
        raise HTTPException(403, f"the camera {camera} is not one of yours")
    return camera


def _asked(caller: Caller, kind: AnalysisKind, said: dict[str, str]) -> PhotosAsked:
    unknown = sorted(set(said) - _FIELDS - {"wait_s"})
    if unknown:
        raise InvalidValueError(
            f"expected the fields camera and taken_at, got {', '.join(map(repr, unknown))}"
        )
    moment = said.get("taken_at")
    try:
        taken_at = datetime.fromisoformat(moment) if moment else None
    except ValueError:
        raise InvalidValueError(
            f"expected taken_at such as 2026-05-01T09:00:00+09:00, got {str(moment)[:60]!r}"
        ) from None
    return PhotosAsked(
        kind=kind,
        camera=own_camera(caller, said.get("camera") or None),
        taken_at=taken_at,
        source=AnalysisSource.HTTP,
        owner=caller.name,
    )


def _refuse_announced(request: Request, most_bytes: int) -> None:
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length) > most_bytes:
        raise HTTPException(413, f"the upload is larger than the {most_bytes} bytes that are taken")
