"""Cameras that sleep, from a configuration: what the web works with."""

from __future__ import annotations

from sqlalchemy import Engine

from gotcha.config_cameras import DeviceCamera
from gotcha.settings_in_force import SettingsInForce
from storage.device_store import SqlDevices
from storage.devices import DeviceSettings
from web.device_services import DeviceServices


def device_services(in_force: SettingsInForce, engine: Engine) -> DeviceServices:
    """What the routes of devices work with."""

    def settings() -> dict[str, DeviceSettings]:
        return {
            name: DeviceSettings(
                sleep_s=camera.interval_s, framesize=camera.framesize, quality=camera.quality
            )
            for name, camera in in_force.current().cameras.items()
            if isinstance(camera, DeviceCamera)
        }

    return DeviceServices(devices=SqlDevices(engine), settings=settings)
