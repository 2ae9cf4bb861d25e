"""What the routes of devices work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.device_store import LONGEST_WAIT, MOST_WAITING, SqlDevices
from storage.devices import Device, DeviceSettings, FramesWaiting

# A watch takes seconds; it writes down what it has judged every ten.
_UNWATCHED = timedelta(minutes=2)
_CLOCK_OFF_S = 60.0
# That a frame came too late is told for so long; the count of all stays.
_LATE_TOLD = timedelta(days=1)
# A device that was not heard of for so many sleeps is late.
LATE_SLEEPS = 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceServices:
    """Devices and what their cameras say in config.yaml.

    Attributes:
        devices: the devices and their frames.
        settings: gives those of each camera of the kind `device`, as they are now; complete.
        limit_bytes: largest frame that is taken.
    """

    devices: SqlDevices
    settings: Callable[[], Mapping[str, DeviceSettings]]
    limit_bytes: int = 4_000_000

    def troubles(self, device: Device, waiting: FramesWaiting | None, now: datetime) -> tuple[str, ...]:
        """What an operator has to know of a device, one sentence each.

        Args:
            device: which.
            waiting: what waits of its camera, if anything.
            now: aware UTC.
        """
        if device.revoked_at is not None:
            return ()
        found = []
        if device.camera not in self.defaults:
            found.append(
                f"no camera of the kind `device` is named {device.camera} any more: at most {MOST_WAITING} of"
                f" its frames are kept, for {LONGEST_WAIT.days} days; end the device or bring the camera back"
            )
        elif waiting is not None and now - waiting.since > _UNWATCHED:
            found.append(
                f"{_frames(waiting.number)} of {device.camera} not judged yet: nobody watches it;"
                " start `gotcha run`"
            )
        if device.dropped_since_judged:
            unjudged = _frames(device.dropped_since_judged)
            found.append(f"{unjudged} went unjudged, as nobody watched its camera for too long")
        if device.late_at is not None and now - device.late_at < _LATE_TOLD:
            found.append(
                f"{_frames(device.late)} came when newer ones had been judged, and were passed over; the last"
                f" {_ago(now - device.late_at)}"
            )
        if device.clock_off_s is not None and abs(device.clock_off_s) > _CLOCK_OFF_S:
            way = "ahead" if device.clock_off_s > 0 else "behind"
            found.append(f"its clock is {abs(device.clock_off_s):,.0f} s {way}: let it reach a time server")
        return tuple(found)

    @property
    def defaults(self) -> Mapping[str, DeviceSettings]:
        """What the devices of each camera do unless told otherwise."""
        return self.settings()

    def told(self, camera: str, settings: DeviceSettings) -> DeviceSettings:
        """What a device of `camera` is to do: its own settings, else its camera's."""
        own = self.defaults.get(camera, DeviceSettings(sleep_s=60, framesize="SVGA", quality=12))
        return DeviceSettings(
            sleep_s=own.sleep_s if settings.sleep_s is None else settings.sleep_s,
            framesize=own.framesize if settings.framesize is None else settings.framesize,
            quality=own.quality if settings.quality is None else settings.quality,
        )


def _ago(age: timedelta) -> str:
    minutes = max(0, round(age.total_seconds() / 60))
    return f"{minutes} min ago" if minutes < 60 else f"{round(minutes / 60)} h ago"


def _frames(number: int) -> str:
    return "1 frame" if number == 1 else f"{number:,} frames"
