"""Cameras that sleep, from a configuration: what the web works with."""

from __future__ import annotations

from sqlalchemy import Engine

from gotcha.config import Config
from gotcha.config_cameras import DeviceCamera
from storage.device_store import SqlDevices
from storage.devices import DeviceSettings
from web.device_services import DeviceServices

# Two seconds lie between two looks of a camera that is watched in motion (docs/benchmarks.md, "events").
_FRAME_S = 2.0


def device_services(config: Config, engine: Engine) -> DeviceServices:
    """What the routes of devices work with."""
    defaults = {
        name: DeviceSettings(sleep_s=camera.interval_s, framesize=camera.framesize, quality=camera.quality)
        for name, camera in config.cameras.items()
        if isinstance(camera, DeviceCamera)
    }
    return DeviceServices(devices=SqlDevices(engine), defaults=defaults)


def slower_clock(camera: DeviceCamera) -> float:
    """By how much a tracker's clock runs slower for this camera's frames."""
    return max(1.0, camera.interval_s / _FRAME_S)
