"""Which reports the statistics are of, as their address says it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import HTTPException, Query
from pydantic import BaseModel, Field, field_validator

from storage.report_statistics import Period
from web.security import Caller

DAYS = (7, 30, 90, 365)
_MOST_DAYS = 3660


class AskedPeriod(BaseModel):
    """The last days, or a span of days in the site's time zone; an empty field of a form is none."""

    model_config = {"extra": "ignore"}

    days: int = Field(30, ge=1, le=_MOST_DAYS, description="the last so many days, today included")
    since: date | None = Field(None, description="first day; instead of `days`")
    until: date | None = Field(None, description="last day; by default today")
    camera: str | None = Field(None, max_length=64, description="one camera; by default all you may see")

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("days", mode="before")
    @classmethod
    def _empty_is_usual(cls, value: object) -> object:
        return 30 if value in (None, "") else value


Asked = Annotated[AskedPeriod, Query()]


def period_of(asked: AskedPeriod, caller: Caller, now: datetime, time_zone: ZoneInfo) -> Period:
    """The period of an address, limited to what `caller` may see.

    Raises:
        HTTPException: 422: it ends before it begins, or lasts longer than ten years.
    """
    last = asked.until or now.astimezone(time_zone).date()
    first = asked.since or last - timedelta(days=asked.days - 1)
    if not 0 <= (last - first).days < _MOST_DAYS:
        raise HTTPException(
            422, f"expected a first day at most ten years before the last, got {first} to {last}"
        )
    cameras = caller.cameras
    if asked.camera is not None:
        cameras = frozenset({asked.camera}) if caller.may_see(asked.camera) else frozenset()
    return Period(
        since=_midnight(first, time_zone),
        until=_midnight(last + timedelta(days=1), time_zone),
        cameras=cameras,
    )


def _midnight(day: date, time_zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=time_zone).astimezone(UTC)
