"""When a video was filmed, and whose word that is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import av
from av.container import InputContainer

# A recorder without a clock writes 1904, 1970 or the first hours of 2000.
_EARLIEST = datetime(2000, 1, 2, tzinfo=UTC)
_AHEAD = timedelta(days=1)


class DateFrom(StrEnum):
    """Who says when a video was filmed."""

    SENDER = "sender"
    FILE = "file"
    MODIFIED = "modified"


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoDate:
    """When the first picture was taken, aware UTC, and who says so."""

    at: datetime
    known: DateFrom


def filmed_at(container: InputContainer) -> datetime | None:
    """When the first picture was taken, aware UTC; None when the file does not say, or says nonsense: no
    offset, a time before there were such files, or one that is yet to come.
    """
    said = container.metadata.get("creation_time", "")
    try:
        own = datetime.fromisoformat(said)
        if own.utcoffset() is None:
            return None
        own = own.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return own if _EARLIEST <= own <= datetime.now(UTC) + _AHEAD else None


def video_date(container: InputContainer, path: Path) -> VideoDate:
    """When the first picture of the file at `path` was taken: by its own word, else by its disk's date."""
    own = filmed_at(container)
    if own is not None:
        return VideoDate(at=own, known=DateFrom.FILE)
    return VideoDate(
        at=datetime.fromtimestamp(path.stat().st_mtime, tz=UTC),
        known=DateFrom.MODIFIED,
    )


def who_dates(path: Path) -> DateFrom:
    """Whose word the date of a video is that nobody else says; one that cannot be read has its disk's."""
    try:
        with av.open(str(path)) as container:
            return video_date(container, path).known
    except (av.FFmpegError, OSError):
        return DateFrom.MODIFIED
