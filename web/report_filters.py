"""The filters of a list of reports, as they stand in its address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, field_validator

from pipeline.errors import InvalidValueError
from pipeline.report import ReportState
from storage.report_query import PageKey, ReportQuery
from web.security import Caller

_REVIEWS = "^(open|confirmed|rejected|merged)$"


class ReportFilters(BaseModel):
    """What is asked for; an empty field, as a form sends it, is none."""

    model_config = {"extra": "ignore"}

    state: ReportState | None = None
    review: str | None = Field(None, pattern=_REVIEWS)
    camera: str | None = Field(None, max_length=64)
    zone: str | None = Field(None, max_length=200)
    plate: str | None = Field(None, max_length=32)
    since: date | None = Field(None, description="first day, in the site's time zone")
    until: date | None = Field(None, description="last day, in the site's time zone")
    score: float | None = Field(None, ge=0, le=1, description="least detector score, 0-1")
    after: str | None = Field(None, max_length=120, description="where the page before ended")

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("plate", "zone", "camera")
    @classmethod
    def _printable(cls, value: str | None) -> str | None:
        if value is not None and not value.isprintable():
            raise ValueError("expected characters that can be read")
        return value

    def address(self, **changes: object) -> str:
        """The query string of these filters; `changes` replace some."""
        values = {**self.model_dump(mode="json"), **changes}
        return urlencode({name: value for name, value in values.items() if value is not None})

    @property
    def any(self) -> bool:
        """Whether anything is filtered."""
        return any(value is not None for name, value in self.model_dump().items() if name != "after")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The filters as the database takes them, limited to what the caller may see."""

    query: ReportQuery
    after: PageKey | None


def asked(filters: ReportFilters, caller: Caller, time_zone: ZoneInfo) -> Asked:
    """What `caller` asks for.

    Raises:
        InvalidValueError: the end of the page before is none of ours, or a day is beyond the calendar.
    """
    cameras = caller.cameras
    if filters.camera is not None:
        cameras = frozenset({filters.camera}) if caller.may_see(filters.camera) else frozenset()
    until = None if filters.until is None else _midnight(filters.until, time_zone, days=1)
    verdict = filters.review
    # What nobody has reviewed yet and nobody can review is not waiting.
    states = frozenset({filters.state} if filters.state else ())
    if verdict == "open" and not states:
        states = frozenset({ReportState.FINAL})
    return Asked(
        query=ReportQuery(
            states=states,
            verdict=verdict,
            cameras=cameras,
            zone=filters.zone,
            plate=filters.plate,
            since=None if filters.since is None else _midnight(filters.since, time_zone),
            until=until,
            min_score=filters.score,
        ),
        after=None if filters.after is None else _key(filters.after),
    )


def key_text(key: PageKey) -> str:
    """The end of a page, for an address."""
    return f"{key.parked_at.isoformat()}_{key.id}"


def _key(text: str) -> PageKey:
    moment, _, report_id = text.partition("_")
    try:
        parked_at = datetime.fromisoformat(moment)
        if parked_at.tzinfo is not None and report_id.isalnum():
            return PageKey(parked_at=parked_at.astimezone(UTC), id=report_id)
    except (ValueError, OverflowError):
        pass
    raise InvalidValueError("expected in `after` the end of a page of this list; begin at the first one")


def _midnight(day: date, time_zone: ZoneInfo, *, days: int = 0) -> datetime:
    try:
        day += timedelta(days=days)
        return datetime(day.year, day.month, day.day, tzinfo=time_zone).astimezone(UTC)
    except OverflowError:
        raise InvalidValueError(f"expected a day within the calendar, got {day}") from None
