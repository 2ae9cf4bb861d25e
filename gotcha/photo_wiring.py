"""What takes in photos, wired to the configuration."""

from __future__ import annotations

import hashlib

from gotcha.config import Config
from jobs.analysis_queue import AnalysisQueue
from jobs.photo_facts import PhotoLimits
from jobs.photo_intake import PhotoIntake


def photo_intake(config: Config, queue: AnalysisQueue) -> PhotoIntake:
    """Takes in photos for every entrance."""
    photos = config.photos
    return PhotoIntake(
        queue,
        limits=PhotoLimits(max_bytes=photos.max_bytes, max_pixels=photos.max_pixels),
        most=photos.max_files,
        rules=_rules(config),
        cameras=tuple(config.cameras),
    )


def _rules(config: Config) -> str:
    """Names what decides the result besides the photos, 16 hex digits; holds no password."""
    cameras = [
        (name, c.zones, c.masks, c.region, str(c.time_zone), c.location) for name, c in config.cameras.items()
    ]
    parts = (cameras, config.detector, config.plates, config.region, str(config.time_zone), config.holidays)
    return hashlib.sha256(repr((parts, config.photos)).encode()).hexdigest()[:16]
