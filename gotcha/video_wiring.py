"""What takes in and analyses videos, wired to the configuration."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gotcha.analyzers import AnalysisTools
from gotcha.config import Config
from gotcha.settings_in_force import SettingsInForce
from gotcha.upload_wiring import open_uploads
from gotcha.video_analyzer import VideoAnalyzer
from gotcha.video_identity import settings_digest
from jobs.analysis_queue import AnalysisQueue
from jobs.context import utc_now
from jobs.video_intake import VideoIntake
from sources.video_facts import VideoLimits
from sources.video_probe import probed
from storage.analysis_store import AnalysisStore
from storage.partial_uploads import PartialUploads
from web.video_services import VideoServices

if TYPE_CHECKING:
    from redis import Redis
    from sqlalchemy import Engine


def video_limits(config: Config) -> VideoLimits:
    """What is taken at most."""
    return VideoLimits(length_s=config.videos.max_length_s, pixels=config.videos.max_pixels)


def video_intake(config: Config, queue: AnalysisQueue, now: Callable[[], datetime] = utc_now) -> VideoIntake:
    """Takes in videos for every entrance; zones that are changed meanwhile make another analysis."""
    settings = SettingsInForce(config)
    return VideoIntake(
        queue,
        probe=partial(probed, limits=video_limits(config)),
        rules=lambda camera: settings_digest(settings.current().for_file(Path("video"), camera)),
        cameras=lambda: tuple(settings.current().cameras),
        now=now,
    )


def video_services(
    config: Config, engine: Engine, redis: Redis, now: Callable[[], datetime] = utc_now
) -> VideoServices:
    """What the routes of videos work with.

    Raises:
        UploadError: the folder or bucket of uploads cannot be used.
    """
    analyses = AnalysisStore(engine)
    queue = AnalysisQueue(analyses, redis, now)
    return VideoServices(
        intake=video_intake(config, queue, now),
        queue=queue,
        analyses=analyses,
        uploads=open_uploads(config),
        partials=PartialUploads(
            config.state_dir / "unfinished-uploads",
            limit_bytes=config.videos.max_bytes,
            most=config.videos.max_unfinished,
        ),
    )


def video_analyzer(tools: AnalysisTools) -> VideoAnalyzer:
    """Does the analyses of videos in a worker."""
    return VideoAnalyzer(
        tools.config,
        models=tools.models.get,
        uploads=tools.uploads,
        evidence=tools.evidence,
        reports=tools.keeper,
        limits=video_limits(tools.config),
    )
