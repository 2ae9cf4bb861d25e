"""The ids of reports and camera events."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from pathlib import Path

from gotcha.config import Config
from gotcha.config_cameras import FileCamera
from gotcha.video_identity import file_digest

_IDS = uuid.UUID("5f0a2c1e-8f53-4f0e-9d0b-3c9f0f6d7a11")
_ENDS_BYTES = 1 << 20


def ids_of(config: Config, name: str) -> Callable[[str], str]:
    """Makes the ids of what a camera tells: 32 hex digits.

    Args:
        config: the whole configuration.
        name: the camera.

    Returns:
        A function of what the record is of. For a live camera each call gives another id. A file tells the
        same each time it is watched: its ids follow from its content and from what it is judged by, so that
        what is stored already is not stored again, and what other zones make of it is.
    """
    camera = config.camera(name)
    if not isinstance(camera, FileCamera):
        return lambda _what: uuid.uuid4().hex
    try:
        root = f"{name}/{_content_of(camera.path)}/{file_digest(config, camera)}"
    except OSError:
        # That it cannot be read is the source's to say.
        return lambda _what: uuid.uuid4().hex
    return lambda what: uuid.uuid5(_IDS, f"{root}/{what}").hex


def _content_of(path: Path) -> str:
    """What tells a video from any other: its length, its first and its last MiB, as a hash."""
    with path.open("rb") as file:
        size = path.stat().st_size
        digest = hashlib.sha256(str(size).encode())
        digest.update(file.read(_ENDS_BYTES))
        file.seek(max(0, size - _ENDS_BYTES))
        digest.update(file.read(_ENDS_BYTES))
    return digest.hexdigest()
