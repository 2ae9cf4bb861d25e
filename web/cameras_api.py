"""The cameras of the configuration: listed, added, changed and removed."""

from __future__ import annotations

import logging
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr

from web.camera_services import CameraDraft, CameraSheet
from web.security import Caller, Right, require
from web.services import WebServices, of_file, services_of

router = APIRouter(prefix="/api/cameras", tags=["cameras"])

Admin = Annotated[Caller, Depends(require(Right.ADMIN))]
Services = Annotated[WebServices, Depends(services_of)]
Kind = Literal["rtsp", "esp32cam", "stills", "device", "webcam"]
Framesize = Literal["QQVGA", "QVGA", "CIF", "HVGA", "VGA", "SVGA", "XGA", "HD", "SXGA", "UXGA"]

_log = logging.getLogger(__name__)


class LocationBody(BaseModel):
    """Where a camera hangs, degrees (WGS 84)."""

    model_config = ConfigDict(extra="forbid")

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]


class CameraSettingsBody(BaseModel):
    """What a camera's source is told besides its address; null leaves it to its default.

    Attributes:
        stream_port: of an ESP32-CAM's /stream.
        framesize, quality: of an ESP32-CAM's or a device's pictures; a lower quality is better.
        device, size: of a camera on the server, such as /dev/video0 and 1280x720.
        fps: pictures a second to ask it for.
        decode: auto, keyframes or all.
        analysis_fps: frames a second to look at.
        interval_s: seconds between two pictures.
        region, time_zone: of its plates and hours.
        location: where it hangs.
    """

    model_config = ConfigDict(extra="forbid")

    stream_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    framesize: Framesize | None = None
    quality: Annotated[int, Field(ge=4, le=63)] | None = None
    device: Annotated[str, Field(pattern=r"^/dev/video\d{1,3}$")] | None = None
    size: Annotated[str, Field(pattern=r"^\d{2,5}x\d{2,5}$")] | None = None
    fps: Annotated[float, Field(gt=0, le=120)] | None = None
    decode: Literal["auto", "keyframes", "all"] | None = None
    analysis_fps: Annotated[float, Field(ge=0.5, le=30)] | None = None
    interval_s: Annotated[float, Field(ge=0.1, le=86_400)] | None = None
    region: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None
    time_zone: Annotated[str, Field(max_length=64)] | None = None
    location: LocationBody | None = None


class CameraBody(BaseModel):
    """A camera as it shall be.

    Attributes:
        name: its name; letters, digits, - and _.
        kind: of its source.
        address: such as rtsp://192.168.0.20:554/main; null for kinds without one.
        analysis_address: of a smaller second stream.
        user: of its login, empty without one.
        password: of its login; null keeps the one there is. Never given out again.
        settings: the rest.
    """

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(pattern=r"^[\w-]{1,64}$")]
    kind: Kind
    address: Annotated[str, Field(max_length=500)] | None = None
    analysis_address: Annotated[str, Field(max_length=500)] | None = None
    user: Annotated[str, Field(max_length=200)] = ""
    password: Annotated[SecretStr, Field(max_length=200)] | None = None
    settings: CameraSettingsBody = CameraSettingsBody()

    def draft(self) -> CameraDraft:
        """The same for the book."""
        settings: dict[str, JsonValue] = self.settings.model_dump(mode="json")
        if self.kind == "device" and settings["interval_s"] is not None:
            settings["interval_s"] = int(float(str(settings["interval_s"])))
        password = None if self.password is None else self.password.get_secret_value()
        return CameraDraft(
            name=self.name,
            kind=self.kind,
            address=self.address or None,
            analysis_address=self.analysis_address or None,
            user=self.user,
            password=password or None,
            settings=settings,
        )


class CameraChange(BaseModel):
    """A camera, and the revision of the configuration that it is made for."""

    model_config = ConfigDict(extra="forbid")

    revision: Annotated[str, Field(max_length=64)]
    camera: CameraBody


class Revision(BaseModel):
    """The revision of the configuration that a change is made for."""

    model_config = ConfigDict(extra="forbid")

    revision: Annotated[str, Field(max_length=64)]


@router.get("")
def read(_caller: Admin, services: Services) -> CameraSheet:
    """The cameras as the configuration has them now."""
    return of_file(services.cameras).read()


@router.post("", status_code=201)
def add(body: CameraChange, caller: Admin, services: Services) -> CameraSheet:
    """Add a camera; it is watched within seconds."""
    sheet = of_file(services.cameras).add(body.camera.draft(), body.revision)
    _log.info("%s added the camera %s", caller.name, body.camera.name)
    return sheet


@router.put("/{camera}")
def change(camera: str, body: CameraChange, caller: Admin, services: Services) -> CameraSheet:
    """Change a camera's source; its zones stay, and it is opened anew within seconds."""
    if camera != body.camera.name:
        raise HTTPException(422, "a camera keeps its name: its reports are kept under it")
    _known(services, camera)
    sheet = of_file(services.cameras).change(body.camera.draft(), body.revision)
    _log.info("%s changed the camera %s", caller.name, camera)
    return sheet


@router.delete("/{camera}")
def remove(camera: str, body: Revision, caller: Admin, services: Services) -> CameraSheet:
    """Remove a camera with its zones; its reports stay."""
    _known(services, camera)
    sheet = of_file(services.cameras).remove(camera, body.revision)
    _log.info("%s removed the camera %s", caller.name, camera)
    return sheet


@router.post("/undo")
def undo(body: Revision, caller: Admin, services: Services) -> CameraSheet:
    """Take back the last change of cameras that was made here, as long as nothing else was changed since."""
    sheet = of_file(services.cameras).undo(body.revision)
    _log.info("%s took back the last change of cameras", caller.name)
    return sheet


def _known(services: WebServices, camera: str) -> None:
    if camera not in services.settings.cameras:
        raise HTTPException(404, "there is no such camera")
