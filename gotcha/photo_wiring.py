"""What takes in photos, wired to the configuration."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from gotcha.config import Config
from gotcha.settings_in_force import SettingsInForce
from gotcha.upload_wiring import open_uploads
from jobs.analysis_queue import AnalysisQueue
from jobs.context import utc_now
from jobs.photo_facts import PhotoLimits
from jobs.photo_intake import PhotoIntake
from storage.analysis_store import AnalysisStore
from web.photo_services import PhotoServices

if TYPE_CHECKING:
    from redis import Redis
    from sqlalchemy import Engine


def photo_intake(config: Config, queue: AnalysisQueue) -> PhotoIntake:
    """Takes in photos for every entrance; zones that are changed meanwhile make another analysis."""
    photos, settings = config.photos, SettingsInForce(config)
    return PhotoIntake(
        queue,
        limits=PhotoLimits(max_bytes=photos.max_bytes, max_pixels=photos.max_pixels),
        most=photos.max_files,
        rules=lambda: _rules(settings.current()),
        cameras=lambda: tuple(settings.current().cameras),
    )


def photo_services(
    config: Config, engine: Engine, redis: Redis, now: Callable[[], datetime] = utc_now
) -> PhotoServices:
    """What the routes of photos work with.

    Raises:
        UploadError: the folder or bucket of uploads cannot be used.
        SourceError: the settings of the buckets are not usable.
    """
    # Imported here: it knows the intake above.
    from gotcha.ingest_wiring import bucket_intake

    analyses = AnalysisStore(engine)
    queue = AnalysisQueue(analyses, redis, now)
    return PhotoServices(
        intake=photo_intake(config, queue),
        queue=queue,
        analyses=analyses,
        uploads=open_uploads(config),
        buckets=bucket_intake(config, engine, redis) if config.ingest.folders else None,
    )


def _rules(config: Config) -> str:
    """Names what decides the result besides the photos, 16 hex digits; holds no password."""
    cameras = [
        (name, c.zones, c.masks, c.region, str(c.time_zone), c.location) for name, c in config.cameras.items()
    ]
    parts = (cameras, config.detector, config.plates, config.region, str(config.time_zone), config.holidays)
    return hashlib.sha256(repr((parts, config.photos)).encode()).hexdigest()[:16]
