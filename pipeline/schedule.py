"""When a zone applies: weekly hours, holidays, time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from pipeline.errors import InvalidValueError

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyHours:
    """A span of one day, local time, `begins` included and `ends` excluded; `ends` None means midnight."""

    begins: time
    ends: time | None

    def __post_init__(self) -> None:
        if self.ends is not None and self.ends <= self.begins:
            raise InvalidValueError(
                f"expected hours that end after they begin, got {self.begins}-{self.ends}; "
                "split hours over midnight into two"
            )

    def contains(self, moment: time) -> bool:
        """Whether the local time `moment` lies within."""
        return self.begins <= moment and (self.ends is None or moment < self.ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklySchedule:
    """The hours of each weekday, with days off.

    Attributes:
        hours: seven entries, Monday first, each the spans in which the zone applies.
        holidays: local dates on which it does not apply.
        time_zone: IANA zone the hours are meant in.
    """

    hours: tuple[tuple[DailyHours, ...], ...]
    holidays: frozenset[date]
    time_zone: ZoneInfo

    def __post_init__(self) -> None:
        if len(self.hours) != len(WEEKDAYS):
            raise InvalidValueError(f"expected the hours of 7 weekdays, got {len(self.hours)}")

    def applies_at(self, moment: datetime) -> bool:
        """Whether the zone applies at `moment` (aware).

        Raises:
            InvalidValueError: `moment` is naive.
        """
        if moment.tzinfo is None:
            raise InvalidValueError(f"expected an aware time, got the naive {moment!r}")
        local = moment.astimezone(self.time_zone)
        if local.date() in self.holidays:
            return False
        return any(span.contains(local.time()) for span in self.hours[local.weekday()])


_ALL_DAY = (DailyHours(begins=time(0), ends=None),)
ALWAYS = WeeklySchedule(hours=(_ALL_DAY,) * 7, holidays=frozenset(), time_zone=ZoneInfo("UTC"))
