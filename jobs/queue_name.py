"""The queues by name; a file of its own, as the command line should not load RQ to know them."""

from __future__ import annotations

from enum import StrEnum


class QueueName(StrEnum):
    """Storing never waits behind a model, and what takes seconds never waits behind a video of hours."""

    LIGHT = "light"
    MODELS = "models"
    VIDEOS = "videos"
