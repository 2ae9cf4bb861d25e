"""When a video or a photo can have been taken, whatever somebody says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipeline.errors import InvalidValueError

_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
# Clocks differ, time zones are mistaken.
_AHEAD = timedelta(days=1)


def refuse_absurd_start(started_at: datetime, now: datetime) -> None:
    """Refuse a time at which nothing was filmed; both aware.

    Raises:
        InvalidValueError: it is before there were such files, or yet to come.
    """
    if not _EARLIEST <= started_at <= now + _AHEAD:
        raise InvalidValueError(f"no video was filmed at {started_at.isoformat()}")
