"""When a frame of a device was taken, whose clock may show anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from storage.device_store import LONGEST_WAIT

# How far a device's own time is believed when nothing says whether its clock is right: it may have waited for
# its network, and the frame's time stands on an accusation.
_AHEAD, _BEHIND = timedelta(minutes=5), timedelta(hours=1)


class DatedBy(StrEnum):
    """Whose word the time of a frame is."""

    DEVICE = "device"
    ARRIVAL = "arrival"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedFrame:
    """When a frame was taken (aware UTC, never in the future), and by how many seconds the clock is ahead."""

    taken_at: datetime
    dated_by: DatedBy
    clock_off_s: float | None


def dated_frame(taken: str | None, sent: str | None, now: datetime) -> DatedFrame:
    """When a frame was taken.

    Args:
        taken: what the device's clock showed then, Unix seconds or ISO 8601 with offset; None or nonsense is
            no word.
        sent: what the same clock showed as it was sent; the difference holds though the clock is wrong.
        now: when it came, aware UTC.
    """
    said, sent_at = _moment(taken), _moment(sent)
    if said is None:
        return _by_arrival(now, None if sent_at is None else sent_at - now)
    if sent_at is not None:
        age, off = sent_at - said, sent_at - now
        # A negative age: the clock was set in between.
        if not timedelta(0) <= age <= LONGEST_WAIT:
            return _by_arrival(now, off)
        return DatedFrame(taken_at=now - age, dated_by=DatedBy.DEVICE, clock_off_s=off.total_seconds())
    ahead = said - now
    if not -_BEHIND <= ahead <= _AHEAD:
        return _by_arrival(now, ahead)
    # Behind may be its age as well.
    off_s = max(0.0, ahead.total_seconds())
    return DatedFrame(taken_at=min(said, now), dated_by=DatedBy.DEVICE, clock_off_s=off_s)


def _by_arrival(now: datetime, off: timedelta | None) -> DatedFrame:
    return DatedFrame(
        taken_at=now, dated_by=DatedBy.ARRIVAL, clock_off_s=None if off is None else off.total_seconds()
    )


def _moment(said: str | None) -> datetime | None:
    if said is None:
        return None
    try:
        if said.replace(".", "", 1).isdigit():
            return datetime.fromtimestamp(float(said), UTC)
        moment = datetime.fromisoformat(said)
        return None if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
