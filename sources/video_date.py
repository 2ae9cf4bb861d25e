"""When a video was filmed, by its own word."""

from __future__ import annotations

from datetime import UTC, datetime

from av.container import InputContainer

# A recorder without a clock writes 1904 or 1970.
_FIRST_YEAR = 2000


def filmed_at(container: InputContainer) -> datetime | None:
    """When the first picture was taken, aware UTC; None when the file does not say, or says nonsense."""
    said = container.metadata.get("creation_time", "")
    try:
        own = datetime.fromisoformat(said)
    except ValueError:
        return None
    return own.astimezone(UTC) if own.utcoffset() is not None and own.year >= _FIRST_YEAR else None
