"""The queues by name; a file of its own, as the command line should not load RQ to know them."""

from __future__ import annotations

from enum import StrEnum


class QueueName(StrEnum):
    """Storing is light and never waits behind a model."""

    LIGHT = "light"
    MODELS = "models"
