"""Since when a zone applies without a break, from its weekly hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from pipeline.schedule import DailyHours, WeeklySchedule

_DAY = timedelta(days=1)


def applying_since(schedule: WeeklySchedule, moment: datetime, earliest: datetime) -> datetime | None:
    """Since when `schedule` has applied without a break up to `moment`, or None when it does not apply then.

    Hours that touch (until 12:00 and from 12:00, until midnight and from 0:00 of the next day) are one span.

    Args:
        schedule: the zone's hours.
        moment: aware.
        earliest: aware; nothing before it is of interest, and it is returned when the span began earlier.

    Raises:
        InvalidValueError: `moment` is naive.
    """
    if not schedule.applies_at(moment):
        return None
    # Compared in UTC throughout: within one zone Python compares wall times, which summer time repeats.
    moment, earliest = moment.astimezone(UTC), earliest.astimezone(UTC)
    if earliest >= moment:
        return moment
    day = moment.astimezone(schedule.time_zone).date()
    begin = moment
    while True:
        for span in sorted(_spans(schedule, day), key=lambda s: s.begins, reverse=True):
            starts, ends = _bounds(schedule, day, span)
            # Half-open spans: one that ends exactly where the known part begins joins it.
            if starts < begin <= ends:
                begin = starts
                if begin <= earliest:
                    return earliest
        if begin > _midnight(schedule, day):
            return begin
        day -= _DAY


def _spans(schedule: WeeklySchedule, day: date) -> tuple[DailyHours, ...]:
    return () if day in schedule.holidays else schedule.hours[day.weekday()]


def _bounds(schedule: WeeklySchedule, day: date, span: DailyHours) -> tuple[datetime, datetime]:
    begins = datetime.combine(day, span.begins, schedule.time_zone).astimezone(UTC)
    if span.ends is None:
        return begins, _midnight(schedule, day + _DAY)
    return begins, datetime.combine(day, span.ends, schedule.time_zone).astimezone(UTC)


def _midnight(schedule: WeeklySchedule, day: date) -> datetime:
    return datetime.combine(day, time(0), schedule.time_zone).astimezone(UTC)
