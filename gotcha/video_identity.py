"""What makes two analyses of a video the same: its content, the camera and what decides the result."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from gotcha.config import Config
from gotcha.config_cameras import Camera, FileCamera

_BLOCK_BYTES = 1 << 20


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, 64 hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def settings_digest(config: Config) -> str:
    """Names what decides the result besides the video: zones, masks, hours, models. 16 hex digits.

    Args:
        config: settings whose one camera is the video (see `Config.for_file`).
    """
    (camera,) = config.cameras.values()
    return _digest(config, camera.model_copy(update={"path": None, "started_at": None}))


def file_digest(config: Config, camera: FileCamera) -> str:
    """As `settings_digest` for a video that stands in for a camera; when it was filmed counts too, as that
    decides which hours hold. 16 hex digits.
    """
    return _digest(config, camera.model_copy(update={"path": None, "pace": "fast"}))


def _digest(config: Config, camera: Camera) -> str:
    parts = [
        camera,
        config.detector,
        config.plates,
        (config.region, str(config.time_zone), config.holidays),
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def analysis_root(sha256: str, camera: str, settings: str, *, filmed_at: datetime | None = None) -> str:
    """What the ids of reports follow from: the same video, camera and settings give the same reports.

    Args:
        sha256: of the video.
        camera: whose view it shows.
        settings: see `settings_digest`.
        filmed_at: aware, what somebody says against the file's own word; other times are other reports, as
            they would else be taken for those that are stored, and be lost.
    """
    root = f"{sha256}/{camera}/{settings}"
    return root if filmed_at is None else f"{root}/{filmed_at.astimezone(UTC).isoformat()}"
