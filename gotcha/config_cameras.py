"""The cameras of config.yaml: one variant for each kind of source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from gotcha.config_secrets import HttpUrl, PlainHttpUrl, RtspUrl, SecretUrl
from gotcha.config_section import ConfigPath, Section, TimeZone
from gotcha.config_zones import PolygonInFractions, ZoneConfig
from pipeline.geometry import Size
from pipeline.zone import Zone

# Below 0.5 a second a one-minute dwell cannot be timed within its tolerance; above 30 nothing is gained.
AnalysisFps = Annotated[float, Field(ge=0.5, le=30)]
Decode = Literal["auto", "keyframes", "all"]
Framesize = Literal["QQVGA", "QVGA", "CIF", "HVGA", "VGA", "SVGA", "XGA", "HD", "SXGA", "UXGA"]

_DECODE = (
    "frames to decode: keyframes (cheapest), all, or auto: keyframes where their interval serves the zones"
)
_ANALYSIS_FPS = "frames a second to look at, 0.5 to 30"


def _aware(value: datetime) -> datetime:
    if value.utcoffset() is None:
        raise ValueError(f"expected a time with its offset such as 2026-05-01T09:00:00+09:00, got {value}")
    return value


def _size(value: object) -> object:
    if value is None or isinstance(value, Size):
        return value
    found = re.fullmatch(r"(\d{2,5})x(\d{2,5})", value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"expected a size such as 1280x720, got {value}")
    return Size(width=int(found[1]), height=int(found[2]))


PictureSize = Annotated[Size, BeforeValidator(_size)]


class LocationConfig(Section):
    """Where a camera hangs, degrees (WGS 84): photos taken near it are judged by its zones."""

    latitude: float = Field(ge=-90, le=90, description="degrees north, -90 to 90")
    longitude: float = Field(ge=-180, le=180, description="degrees east, -180 to 180")


class CameraSettings(Section):
    """What every kind of camera has."""

    zones: tuple[ZoneConfig, ...] = Field((), description="the no-parking zones in its view")
    masks: tuple[PolygonInFractions, ...] = Field(
        (), description="polygons in which nothing is a vehicle (a poster, a container), fractions 0 to 1"
    )
    region: str | None = Field(
        None, pattern="^[A-Z]{2}$", description="country of its plates, two capitals; by default the file's"
    )
    time_zone: TimeZone | None = Field(None, description="IANA time zone of its hours; by default the file's")

    location: LocationConfig | None = Field(
        None, description="where it hangs; photos with GPS near it are judged by its zones"
    )

    @model_validator(mode="after")
    def _zone_names_differ(self) -> CameraSettings:
        seen: set[str] = set()
        for zone in self.zones:
            if zone.name in seen:
                raise ValueError(f"expected zones with different names, got {zone.name!r} twice")
            seen.add(zone.name)
        return self

    @property
    def password_is_known(self) -> bool:
        """Whether its addresses can be opened: every `${NAME}` in them is set."""
        addresses = (getattr(self, name, None) for name in ("url", "analysis_url"))
        return all(one.is_known for one in addresses if isinstance(one, SecretUrl))

    def zones_for(self, time_zone: ZoneInfo, holidays: Iterable[date]) -> tuple[Zone, ...]:
        """The zones as the rules know them; `time_zone` holds where the camera names none of its own."""
        return tuple(zone.zone(self.time_zone or time_zone, holidays) for zone in self.zones)


class RtspCamera(CameraSettings):
    """An IP camera or recorder that speaks RTSP (H.264 or H.265)."""

    kind: Literal["rtsp"] = Field(description="rtsp")
    url: RtspUrl = Field(
        description="main stream, such as rtsp://user:${CAMERA_PASSWORD}@192.168.0.20:554/main"
    )
    analysis_url: RtspUrl | None = Field(
        None, description="smaller second stream to analyse; evidence and plates come from `url`"
    )
    decode: Decode = Field("auto", description=_DECODE)
    analysis_fps: AnalysisFps = Field(2.0, description=_ANALYSIS_FPS)
    stall_s: float = Field(10.0, ge=2, le=60, description="seconds without a picture that count as a stall")


class Esp32Camera(CameraSettings):
    """An ESP32-CAM with Espressif's CameraWebServer: settings on port 80, `/stream` on port 81."""

    kind: Literal["esp32cam"] = Field(description="esp32cam")
    url: PlainHttpUrl = Field(description="its control address, such as http://192.168.0.40")
    stream_port: int = Field(81, ge=1, le=65535, description="port of its /stream, on the same host")
    framesize: Framesize = Field("SVGA", description="picture size to set after each connection")
    quality: int = Field(10, ge=4, le=63, description="JPEG quality to set; lower is better, 4 to 63")
    analysis_fps: AnalysisFps = Field(2.0, description=_ANALYSIS_FPS)
    stall_s: float = Field(8.0, ge=2, le=60, description="seconds without a picture that count as a stall")


class StillsCamera(CameraSettings):
    """Any address that answers with a JPEG, asked again and again."""

    kind: Literal["stills"] = Field(description="stills")
    url: HttpUrl = Field(
        description="address of the JPEG, such as http://user:${CAMERA_PASSWORD}@192.168.0.40/capture"
    )
    # At most 2 s: no fewer pictures than the slowest `analysis_fps`; the tracker takes pauses of 12 s for a
    # lost connection (trackers/options.py).
    interval_s: float = Field(1.0, ge=0.1, le=2, description="seconds between two pictures, 0.1 to 2")


class FileCamera(CameraSettings):
    """A video file that stands in for a camera."""

    kind: Literal["file"] = Field(description="file")
    path: ConfigPath = Field(description="the video, from the folder of this file")
    pace: Literal["fast", "real"] = Field(
        "fast", description="as fast as possible, or at the video's own pace"
    )
    started_at: Annotated[datetime, AfterValidator(_aware)] | None = Field(
        None, description="when it was filmed, with offset; by default the file's own date"
    )
    decode: Decode = Field("auto", description=_DECODE)
    analysis_fps: AnalysisFps = Field(2.0, description=_ANALYSIS_FPS)


class WebcamCamera(CameraSettings):
    """A camera on this machine."""

    kind: Literal["webcam"] = Field(description="webcam")
    device: str = Field("/dev/video0", min_length=1, description="its device, such as /dev/video0")
    size: PictureSize | None = Field(
        None, description="size of its pictures, such as 1280x720; by default the device's own"
    )
    fps: float | None = Field(
        None, gt=0, le=120, description="pictures a second to ask the device for; by default its own"
    )
    analysis_fps: AnalysisFps = Field(2.0, description=_ANALYSIS_FPS)


class DeviceCamera(CameraSettings):
    """A camera that wakes, sends one JPEG to /devices/NAME/frames and sleeps (firmware/ has one)."""

    kind: Literal["device"] = Field(description="device")
    interval_s: int = Field(60, ge=5, le=86_400, description="seconds it sleeps between two pictures")
    framesize: Framesize = Field("SVGA", description="size of its pictures")
    quality: int = Field(12, ge=4, le=63, description="their JPEG quality; lower is better, 4 to 63")


Camera = Annotated[
    RtspCamera | Esp32Camera | StillsCamera | DeviceCamera | FileCamera | WebcamCamera,
    Field(discriminator="kind"),
]

CAMERA_KINDS: Mapping[str, type[CameraSettings]] = MappingProxyType(
    {
        "rtsp": RtspCamera,
        "esp32cam": Esp32Camera,
        "stills": StillsCamera,
        "device": DeviceCamera,
        "webcam": WebcamCamera,
        "file": FileCamera,
    }
)
