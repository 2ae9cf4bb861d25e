"""Cameras that sleep, as values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from pipeline.errors import InvalidValueError

FrameSize = Literal["QQVGA", "QVGA", "CIF", "HVGA", "VGA", "SVGA", "XGA", "HD", "SXGA", "UXGA"]
FRAME_SIZES: tuple[FrameSize, ...] = get_args(FrameSize)
SLEEP_S = (5, 86_400)
QUALITY = (4, 63)
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSettings:
    """What a device is to do next; None leaves it as its camera says in config.yaml.

    Attributes:
        sleep_s: seconds to sleep, 5-86400.
        framesize: size of its pictures.
        quality: of its JPEGs, 4-63, lower is better.
    """

    sleep_s: int | None = None
    framesize: FrameSize | None = None
    quality: int | None = None

    def __post_init__(self) -> None:
        for name, value, (least, most) in (
            ("sleep_s", self.sleep_s, SLEEP_S),
            ("quality", self.quality, QUALITY),
        ):
            if value is not None and not least <= value <= most:
                raise InvalidValueError(f"expected {name} of {least}-{most}, got {value}")
        if self.framesize is not None and self.framesize not in FRAME_SIZES:
            raise InvalidValueError(f"expected one of {', '.join(FRAME_SIZES)}, got {self.framesize!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device.

    Attributes:
        id: names it in its address.
        camera: whose frames it sends.
        settings: what it is to do.
        created_at: aware UTC.
        revoked_at: when its token was ended, or None.
        last_seen_at: when its last frame came, or None.
        battery_v: volts it said last, or None.
        signal_dbm: strength of its Wi-Fi it said last, or None.
        frames: how many different frames came.
        dropped: how many of them went unjudged, as nobody watched and too many waited.
        dropped_since_judged: how many of those, since frames of its camera were judged last.
        late: how many came after newer ones had been judged, and so were not.
        late_at: when the last of those was passed over, or None.
        clock_off_s: seconds by which its clock was ahead when it said so last; None: it never did.
    """

    id: str
    camera: str
    settings: DeviceSettings
    created_at: datetime
    revoked_at: datetime | None
    last_seen_at: datetime | None
    battery_v: float | None
    signal_dbm: int | None
    frames: int
    dropped: int
    dropped_since_judged: int
    late: int
    late_at: datetime | None
    clock_off_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFrame:
    """A frame as it comes in: the JPEG, when it was taken, and what the device says of itself."""

    jpeg: bytes
    taken_at: datetime
    battery_v: float | None = None
    signal_dbm: int | None = None
    clock_off_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FramesWaiting:
    """How many frames of a camera wait to be judged, and since when the oldest has been here (aware UTC)."""

    number: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingFrame:
    """A frame that was not judged yet; frames are judged in the order of `taken_at`, then of number."""

    number: int
    jpeg: bytes
    taken_at: datetime


def device_id(text: str) -> str:
    """`text`, when it can name a device.

    Raises:
        InvalidValueError: it cannot.
    """
    if not _ID.fullmatch(text):
        raise InvalidValueError(
            f"expected 1-63 of a-z, 0-9, - and _ as the name of a device, got {text[:80]!r}"
        )
    return text
