"""Frames of cameras that wake, send one JPEG and sleep; the answer says what the camera is to do."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from PIL import Image, UnidentifiedImageError
from pydantic import BaseModel

from storage.devices import FrameSize, SentFrame
from web.device_clock import DatedBy, dated_frame
from web.problem_answers import problems
from web.services import WebServices, services_of

router = APIRouter(prefix="/devices", tags=["devices"])

_LEAST_SIDE, _LONGEST_SIDE = 16, 4096
_BEARER = HTTPBearer(auto_error=False, description="the device's token")

Services = Annotated[WebServices, Depends(services_of)]


class FrameAnswer(BaseModel):
    """What a device is told: the frame is safe, and what to do next.

    Attributes:
        known: the frame was sent before; it counts once.
        taken_at: the time it is dated by.
        dated_by: whose word that is: the device's, or its arrival, when the device says nothing to believe.
        sleep_s: sleep so many seconds.
        framesize: size of the next picture.
        quality: of the next JPEG, 4-63, lower is better.
    """

    known: bool
    taken_at: datetime
    dated_by: DatedBy
    sleep_s: int
    framesize: FrameSize
    quality: int


@router.post("/{device_id}/frames", response_model=FrameAnswer, responses=problems(401, 413, 422, 503))
async def take(
    device_id: str,
    request: Request,
    services: Services,
    token: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    x_taken_at: Annotated[str | None, Header(description="Unix seconds or ISO 8601 with offset")] = None,
    x_sent_at: Annotated[str | None, Header(description="what the same clock shows as it is sent")] = None,
    x_battery_v: Annotated[str | None, Header(description="volts")] = None,
    x_signal_dbm: Annotated[str | None, Header(description="of its Wi-Fi")] = None,
) -> FrameAnswer:
    """Send one JPEG as the body, with the device's token as bearer; sending it again is harmless.

    When the answer comes, the frame is on disk. The answer says how long to sleep and how to take the next.
    With X-Sent-At the age of the picture counts, and not whether the device's clock is right. Without it the
    clock is believed within an hour of ours; otherwise the frame is dated by its arrival.
    A header that cannot be understood is passed over: it is no reason to lose a picture.
    """
    said = "" if token is None else token.credentials
    device = await run_in_threadpool(services.devices.devices.authenticated, device_id, said)
    if device is None:
        raise HTTPException(401, "the token is not this device's", headers={"WWW-Authenticate": "Bearer"})
    jpeg = await _body(request, services.devices.limit_bytes)
    now = services.now()
    dated = dated_frame(x_taken_at, x_sent_at, now)
    await run_in_threadpool(_check, jpeg)
    signal = _number(x_signal_dbm, -150, 0)
    sent = SentFrame(
        jpeg=jpeg,
        taken_at=dated.taken_at,
        battery_v=_number(x_battery_v, 0, 60),
        signal_dbm=None if signal is None else round(signal),
        clock_off_s=dated.clock_off_s,
    )
    new = await run_in_threadpool(services.devices.devices.take, device.id, sent, at=now)
    told = services.devices.told(device.camera, device.settings)
    return FrameAnswer(
        known=not new,
        taken_at=dated.taken_at,
        dated_by=dated.dated_by,
        sleep_s=told.sleep_s or 60,
        framesize=told.framesize or "SVGA",
        quality=told.quality or 12,
    )


async def _body(request: Request, limit_bytes: int) -> bytes:
    """The body, never more of it than the limit.

    Raises:
        HTTPException: 413, it is longer.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit_bytes:
            raise HTTPException(413, f"the frame is larger than the {limit_bytes} bytes that are taken")
    return bytes(body)


def _number(said: str | None, least: float, most: float) -> float | None:
    """The number a header says, when it is one within the bounds."""
    try:
        number = float(said or "")
    except ValueError:
        return None
    return number if least <= number <= most else None


def _check(jpeg: bytes) -> None:
    """Refuse what is no whole JPEG of a sane size; only the header is looked at.

    Raises:
        HTTPException: 422.
    """
    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
            width, height = image.size
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise HTTPException(422, f"expected a JPEG, got {len(jpeg)} bytes of something else") from error
    if min(width, height) < _LEAST_SIDE or max(width, height) > _LONGEST_SIDE:
        raise HTTPException(422, f"expected a picture of 16-4096 pixels a side, got {width} x {height}")
    if b"\xff\xd9" not in jpeg[-64:]:
        raise HTTPException(422, "the JPEG is cut off: its end is missing")
