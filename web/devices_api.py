"""Cameras that wake, send one JPEG and sleep: their frames come in here, and what they are to do goes out."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from PIL import Image, UnidentifiedImageError
from pydantic import BaseModel, Field

from storage.devices import Device, DeviceSettings, FrameSize, FramesWaiting, SentFrame
from web.device_clock import DatedBy, dated_frame
from web.device_services import LATE_SLEEPS
from web.problem_answers import problems
from web.security import Caller, Right, require
from web.services import WebServices, services_of

router = APIRouter(prefix="/devices", tags=["devices"])

_LEAST_SIDE, _LONGEST_SIDE = 16, 4096
_BEARER = HTTPBearer(auto_error=False, description="the device's token")

Services = Annotated[WebServices, Depends(services_of)]
Admin = Annotated[Caller, Depends(require(Right.ADMIN))]


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


class DeviceAnswer(BaseModel):
    """A device: how it is, and what it is told.

    Attributes:
        id, camera: its name, and whose frames it sends.
        revoked: its token is ended.
        late: it has stayed away for more than two and a half sleeps.
        last_seen_at: when its last frame came, or null.
        battery_v, signal_dbm: what it said last, or null.
        frames: how many came.
        dropped, late_frames: how many of them went unjudged: nobody watched, or newer ones had been judged.
        waiting: how many of its camera's wait to be judged.
        clock_off_s: seconds by which its clock is ahead, or null while it does not say.
        troubles: what an operator has to know, in sentences.
        sleep_s, framesize, quality: what it is told.
    """

    id: str
    camera: str
    revoked: bool
    late: bool
    last_seen_at: datetime | None
    battery_v: float | None
    signal_dbm: int | None
    frames: int
    dropped: int
    late_frames: int
    waiting: int
    clock_off_s: float | None
    troubles: list[str]
    sleep_s: int
    framesize: FrameSize
    quality: int


class NewDevice(BaseModel):
    """A device to make: its name, and the camera (of kind `device`) whose frames it sends."""

    id: str = Field(max_length=63)
    camera: str = Field(max_length=200)


class MadeDevice(BaseModel):
    """The token of a new device, which is shown this once."""

    id: str
    token: str


class ChangedSettings(BaseModel):
    """What a device is to do; null leaves it to its camera in config.yaml."""

    sleep_s: int | None = None
    framesize: FrameSize | None = None
    quality: int | None = None


def device_answers(services: WebServices) -> list[DeviceAnswer]:
    """Every device as the API says it, the revoked ones too."""
    pending = services.devices.devices.pending()
    return [_answer(services, one, pending.get(one.camera)) for one in services.devices.devices.all()]


def device_answer(services: WebServices, device: Device) -> DeviceAnswer:
    """A device as the API says it."""
    return _answer(services, device, services.devices.devices.pending().get(device.camera))


def _answer(services: WebServices, device: Device, waiting: FramesWaiting | None) -> DeviceAnswer:
    told = services.devices.told(device.camera, device.settings)
    sleep_s = told.sleep_s or 0
    seen = device.last_seen_at
    late = seen is not None and services.now() - seen > timedelta(seconds=LATE_SLEEPS * sleep_s)
    return DeviceAnswer(
        id=device.id,
        camera=device.camera,
        revoked=device.revoked_at is not None,
        late=late and device.revoked_at is None,
        last_seen_at=seen,
        battery_v=device.battery_v,
        signal_dbm=device.signal_dbm,
        frames=device.frames,
        dropped=device.dropped,
        late_frames=device.late,
        waiting=0 if waiting is None else waiting.number,
        clock_off_s=device.clock_off_s,
        troubles=list(services.devices.troubles(device, waiting, services.now())),
        sleep_s=sleep_s,
        framesize=told.framesize or "SVGA",
        quality=told.quality or 12,
    )


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


@router.get("", response_model=list[DeviceAnswer], responses=problems(401, 403, 503))
def overview(
    services: Services, caller: Annotated[Caller, Depends(require(Right.VIEW))]
) -> list[DeviceAnswer]:
    """The devices of the caller's cameras: battery, signal, and who is late."""
    return [one for one in device_answers(services) if caller.may_see(one.camera)]


@router.post("", status_code=201, response_model=MadeDevice, responses=problems(400, 401, 403, 409, 422, 503))
def add(wanted: NewDevice, services: Services, _caller: Admin) -> MadeDevice:
    """Make a device; its token is in the answer, and nowhere else."""
    if wanted.camera not in services.devices.defaults:
        raise HTTPException(422, f"no camera of the kind `device` is named {wanted.camera!r}")
    known = services.devices.devices.get(wanted.id)
    if known is not None and known.revoked_at is None:
        raise HTTPException(409, f"there is a device named {wanted.id!r} already")
    token = services.devices.devices.add(wanted.id, wanted.camera, at=services.now())
    return MadeDevice(id=wanted.id, token=token)


@router.put(
    "/{device_id}/settings", response_model=DeviceAnswer, responses=problems(400, 401, 403, 404, 422, 503)
)
def change(device_id: str, wanted: ChangedSettings, services: Services, _caller: Admin) -> DeviceAnswer:
    """Say what a device is to do; it hears of it with its next frame."""
    settings = DeviceSettings(sleep_s=wanted.sleep_s, framesize=wanted.framesize, quality=wanted.quality)
    services.devices.devices.set(device_id, settings)
    return device_answer(services, _known(services, device_id))


@router.delete("/{device_id}", status_code=204, responses=problems(401, 403, 404, 422, 503))
def revoke(device_id: str, services: Services, _caller: Admin) -> Response:
    """End a device's token at once; what it sent stays."""
    _known(services, device_id)
    services.devices.devices.revoke(device_id, at=services.now())
    return Response(status_code=204)


def _known(services: WebServices, device_id: str) -> Device:
    device = services.devices.devices.get(device_id)
    if device is None:
        raise HTTPException(404, f"there is no device {device_id!r}")
    return device


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
