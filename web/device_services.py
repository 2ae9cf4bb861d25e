"""What the routes of devices work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from storage.device_store import SqlDevices
from storage.devices import DeviceSettings

# A device that was not heard of for so many sleeps is late.
LATE_SLEEPS = 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceServices:
    """Devices and what their cameras say in config.yaml.

    Attributes:
        devices: the devices and their frames.
        defaults: of each camera of the kind `device`: what its devices do unless told otherwise; complete.
        limit_bytes: largest frame that is taken.
    """

    devices: SqlDevices
    defaults: Mapping[str, DeviceSettings]
    limit_bytes: int = 4_000_000

    def told(self, camera: str, settings: DeviceSettings) -> DeviceSettings:
        """What a device of `camera` is to do: its own settings, else its camera's."""
        own = self.defaults.get(camera, DeviceSettings(sleep_s=60, framesize="SVGA", quality=12))
        return DeviceSettings(
            sleep_s=own.sleep_s if settings.sleep_s is None else settings.sleep_s,
            framesize=own.framesize if settings.framesize is None else settings.framesize,
            quality=own.quality if settings.quality is None else settings.quality,
        )
