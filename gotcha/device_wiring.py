"""Cameras that sleep, from a configuration: what the web works with."""

from __future__ import annotations

from sqlalchemy import Engine

from gotcha.config import Config
from gotcha.config_cameras import DeviceCamera
from storage.device_store import SqlDevices
from storage.devices import DeviceSettings
from web.device_services import DeviceServices


def device_services(config: Config, engine: Engine) -> DeviceServices:
    """What the routes of devices work with."""
    defaults = {
        name: DeviceSettings(sleep_s=camera.interval_s, framesize=camera.framesize, quality=camera.quality)
        for name, camera in config.cameras.items()
        if isinstance(camera, DeviceCamera)
    }
    return DeviceServices(devices=SqlDevices(engine), defaults=defaults)
