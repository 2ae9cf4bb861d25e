"""Dates and times as they are typed."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from pipeline.errors import ConfigError


def moment_of(text: str | None, time_zone: ZoneInfo) -> datetime | None:
    """The moment of an ISO date or time, aware; one without an offset is meant in `time_zone`.

    Raises:
        ConfigError: it is neither a date nor a time.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"expected a date or time such as 2026-05-01 or 2026-05-01T08:00, got {text!r}"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=time_zone)
