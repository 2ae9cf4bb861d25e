"""Cameras that wake, send one JPEG and sleep: listed, made, told what to do, and revoked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field

from storage.devices import Device, DeviceSettings, FrameSize, FramesWaiting
from web.device_services import LATE_SLEEPS
from web.problem_answers import problems
from web.security import Caller, Right, require
from web.services import WebServices, services_of

router = APIRouter(prefix="/devices", tags=["devices"])

Services = Annotated[WebServices, Depends(services_of)]
Admin = Annotated[Caller, Depends(require(Right.ADMIN))]


class ChangedSettings(BaseModel):
    """What a device is to do; null leaves it to its camera in config.yaml."""

    # A misspelt one would be none, and none takes the setting back.
    model_config = ConfigDict(extra="forbid")

    sleep_s: int | None = None
    framesize: FrameSize | None = None
    quality: int | None = None


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
        own: of these what was set for it; null where its camera's word holds.
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
    own: ChangedSettings


class NewDevice(BaseModel):
    """A device to make: its name, and the camera (of kind `device`) whose frames it sends."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(max_length=63)
    camera: str = Field(max_length=200)


class MadeDevice(BaseModel):
    """The token of a new device, which is shown this once."""

    id: str
    token: str


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
        own=ChangedSettings(
            sleep_s=device.settings.sleep_s,
            framesize=device.settings.framesize,
            quality=device.settings.quality,
        ),
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
