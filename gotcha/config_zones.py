"""The no-parking zones of a camera as written in config.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PlainValidator, model_validator

from gotcha.config_section import Section
from gotcha.plate_region import written_plate
from pipeline.detection import ObjectClass
from pipeline.geometry import Point, Polygon
from pipeline.schedule import WEEKDAYS, DailyHours, WeeklySchedule
from pipeline.zone import DWELL_S, Zone, ZoneKind

_SPAN = re.compile(r"([01]\d|2[0-4]):([0-5]\d)\s*-\s*([01]\d|2[0-4]):([0-5]\d)")
# Photo 1 wants a vehicle that certainly stands, and early enough that the pair spans the dwell.
_CONFIRM_S = 5.0
_MAX_DWELL_S = 7 * 24 * 3600.0
_ALL_DAY = (DailyHours(begins=time(0), ends=None),)


def _polygon(value: object) -> Polygon:
    if isinstance(value, Polygon):
        return value
    if not isinstance(value, list) or not value:
        raise ValueError(f"expected a list of [x, y] points, got {value!r}")
    points = []
    for number, point in enumerate(value, start=1):
        if not (isinstance(point, list) and len(point) == 2 and all(_is_number(part) for part in point)):
            raise ValueError(f"expected point {number} as [x, y] with two numbers, got {point!r}")
        if not all(0.0 <= part <= 1.0 for part in point):
            raise ValueError(
                f"expected point {number} in fractions of the picture, 0 to 1, got {point}; "
                "divide pixels by the picture's width and height"
            )
        points.append(Point(x=float(point[0]), y=float(point[1])))
    if len(points) > 3 and points[0] == points[-1]:
        points.pop()  # Drawing tools often close the ring by repeating the first point.
    return Polygon(points=tuple(points))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _span(value: object) -> DailyHours:
    if isinstance(value, DailyHours):
        return value
    match = _SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'expected hours such as "08:00-20:00", got {value!r}')
    from_hour, from_minute, to_hour, to_minute = map(int, match.groups())
    if (from_hour, from_minute) >= (24, 0) or (to_hour == 24 and to_minute):
        raise ValueError(f"expected hours between 00:00 and 24:00, got {value!r}")
    begins = time(from_hour, from_minute)
    ends = None if to_hour == 24 else time(to_hour, to_minute)
    if ends is not None and ends <= begins:
        raise ValueError(
            f"expected hours that end after they begin, got {value!r}; write hours over midnight as two: "
            f'"{begins:%H:%M}-24:00" on the one day and "00:00-{ends:%H:%M}" on the next'
        )
    return DailyHours(begins=begins, ends=ends)


PolygonInFractions = Annotated[Polygon, PlainValidator(_polygon)]
Spans = tuple[Annotated[DailyHours, PlainValidator(_span)], ...]


class HoursConfig(Section):
    """When a zone applies, local time; a single day goes before weekdays/weekends, these before daily.

    A day that is named nowhere is a day on which the zone does not apply.
    """

    daily: Spans | None = Field(None, description='hours of every day, such as ["06:00-24:00"]')
    weekdays: Spans | None = Field(None, description="hours of Monday to Friday")
    weekends: Spans | None = Field(None, description="hours of Saturday and Sunday")
    mon: Spans | None = Field(None, description="hours of Monday")
    tue: Spans | None = Field(None, description="hours of Tuesday")
    wed: Spans | None = Field(None, description="hours of Wednesday")
    thu: Spans | None = Field(None, description="hours of Thursday")
    fri: Spans | None = Field(None, description="hours of Friday")
    sat: Spans | None = Field(None, description="hours of Saturday")
    sun: Spans | None = Field(None, description="hours of Sunday")

    @model_validator(mode="after")
    def _names_a_day(self) -> HoursConfig:
        if not any(self.of_week()):
            raise ValueError(
                "expected hours on at least one day; leave `hours` out for a zone around the clock"
            )
        return self

    def of_week(self) -> tuple[tuple[DailyHours, ...], ...]:
        """The spans of each day, Monday first."""
        week: list[tuple[DailyHours, ...]] = []
        for number, day in enumerate(WEEKDAYS):
            part = self.weekdays if number < 5 else self.weekends
            named = (getattr(self, day), part, self.daily)
            week.append(next((spans for spans in named if spans is not None), ()))
        return tuple(week)


class ZoneConfig(Section):
    """One no-parking zone: where it is, what it is, how long a vehicle may stand in it."""

    name: str = Field(min_length=1, max_length=64, description="the zone's name, unique within the camera")
    kind: ZoneKind = Field(description="what the place is; decides how long a vehicle may stand")
    polygon: PolygonInFractions = Field(
        description="corners [x, y] on the ground, fractions of the picture's width and height, 0 to 1"
    )
    dwell_s: float | None = Field(
        None, gt=0, le=_MAX_DWELL_S, description="seconds a vehicle may stand; by default the kind's"
    )
    photo_gap_s: float | None = Field(
        None, gt=0, le=_MAX_DWELL_S, description="least seconds between the photos; by default the kind's"
    )
    confirm_s: float | None = Field(
        None,
        gt=0,
        le=_MAX_DWELL_S,
        description="seconds of standing before photo 1, at most dwell_s; by default 5, or half of dwell_s",
    )
    overlap: float = Field(
        0.5, gt=0, le=1, description="least share of the vehicle's footprint inside the zone, 0 to 1"
    )
    hours: HoursConfig | None = Field(None, description="when the zone applies; by default always")
    holidays: Literal["apply", "skip"] = Field(
        "apply", description="whether it applies on the dates under `holidays`, or skips them"
    )
    classes: tuple[Literal["car", "motorcycle", "bus", "truck"], ...] = Field(
        ("car", "motorcycle", "bus", "truck"), min_length=1, description="vehicles it applies to"
    )
    allowed_plates: tuple[Annotated[str, AfterValidator(written_plate)], ...] = Field(
        (), description="plates that may stand there, such as 123가4567"
    )
    report_unread: bool = Field(
        False, description="whether a vehicle whose plate stays unread is reported too (false: rejected)"
    )

    @model_validator(mode="after")
    def _fits_together(self) -> ZoneConfig:
        dwell_s = self.dwell_s or DWELL_S[self.kind]
        if self.confirm_s is not None and self.confirm_s > dwell_s:
            raise ValueError(
                f"expected confirm_s of at most dwell_s ({dwell_s:g} s), got {self.confirm_s:g} s"
            )
        return self

    def zone(self, time_zone: ZoneInfo, holidays: Iterable[date]) -> Zone:
        """The zone as the rules know it, defaults filled in by its kind.

        Args:
            time_zone: what its hours are meant in.
            holidays: local dates on which a zone with `holidays: skip` does not apply.
        """
        dwell_s = self.dwell_s or DWELL_S[self.kind]
        schedule = WeeklySchedule(
            hours=self.hours.of_week() if self.hours else (_ALL_DAY,) * 7,
            holidays=frozenset(holidays) if self.holidays == "skip" else frozenset(),
            time_zone=time_zone,
        )
        return Zone(
            name=self.name,
            kind=self.kind,
            polygon=self.polygon,
            dwell_s=dwell_s,
            photo_gap_s=self.photo_gap_s or DWELL_S[self.kind],
            confirm_s=self.confirm_s or min(_CONFIRM_S, dwell_s / 2),
            overlap=self.overlap,
            schedule=schedule,
            classes=frozenset(map(ObjectClass, self.classes)),
            allowed_plates=frozenset(self.allowed_plates),
            report_unread=self.report_unread,
        )
