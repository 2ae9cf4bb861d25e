"""How often the devices of a camera send, and what follows for the clock of its tracker."""

from __future__ import annotations

from collections.abc import Iterable

from gotcha.config import Config
from gotcha.config_cameras import DeviceCamera
from storage.devices import Device

# Two seconds lie between two looks of a camera that is watched in motion (docs/benchmarks.md, "events").
_FRAME_S = 2.0
_UNKNOWN_S = 60.0


def default_interval_s(config: Config, camera: str) -> float:
    """Seconds between two frames of `camera`, as its configuration says."""
    settings = config.cameras.get(camera)
    return float(settings.interval_s) if isinstance(settings, DeviceCamera) else _UNKNOWN_S


def told_interval_s(config: Config, camera: str, devices: Iterable[Device]) -> float:
    """The same as its devices are told now; of several that send, the shortest."""
    default_s = default_interval_s(config, camera)
    told = [
        default_s if one.settings.sleep_s is None else float(one.settings.sleep_s)
        for one in devices
        if one.camera == camera and one.revoked_at is None
    ]
    return min(told, default=default_s)


def slower_clock(interval_s: float) -> float:
    """By how much a tracker's clock runs slower for frames that are `interval_s` apart."""
    return max(1.0, interval_s / _FRAME_S)
