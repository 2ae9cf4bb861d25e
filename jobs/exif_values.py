"""Time and place in EXIF: read strictly, as an accusation may rest on them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from math import isfinite
from zoneinfo import ZoneInfo

from pipeline.errors import InvalidValueError, UploadRefusedError

# Tags of Exif 2.32, tables 8 and 15.
_TAKEN = ((36867, 36881, 37521), (36868, 36882, 37522))
_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE = 1, 2, 3, 4
_GPS_TIME, _GPS_DATE = 7, 29
_TIME = re.compile(r"(\d{4})[:\-/.](\d\d)[:\-/.](\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.\d+)?")
_DATE = re.compile(r"(\d{4})[:\-/.](\d\d)[:\-/.](\d\d)")
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)|Z")
_EARLIEST_YEAR = 1990
# A camera's clock may be wrong, and a time without offset means another moment in every time zone.
_AHEAD = timedelta(days=1)
_WIDEST_OFFSET = timedelta(hours=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A place on earth, degrees (WGS 84)."""

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        if not (-90.0 <= self.latitude <= 90.0 and -180.0 <= self.longitude <= 180.0):
            raise InvalidValueError(
                "expected a latitude of -90 to 90 and a longitude of -180 to 180 degrees, got "
                f"{self.latitude:g} and {self.longitude:g}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExifTime:
    """When a photo was taken, as EXIF says it: `clock` is naive where EXIF names no offset."""

    clock: datetime
    from_gps: bool = False

    @property
    def aware(self) -> bool:
        """Whether EXIF says which moment it was."""
        return self.clock.tzinfo is not None

    def moment(self, zone: ZoneInfo) -> datetime:
        """The moment, aware UTC; a time without offset is read in `zone`."""
        return (self.clock if self.aware else self.clock.replace(tzinfo=zone)).astimezone(UTC)


def exif_time(details: Mapping[int, object], gps: Mapping[int, object], now: datetime) -> ExifTime | None:
    """When a photo was taken; None where EXIF does not say.

    The time a file was changed last (`DateTime`) is no answer. Blanks and zeros mean "unknown" (Exif 2.32).

    Args:
        details: the Exif IFD by tag.
        gps: the GPS IFD by tag; its UTC is used where the camera's own clock says nothing.
        now: aware.

    Raises:
        UploadRefusedError: it is no time, or none a photo can have.
    """
    for taken, offset, part in _TAKEN:
        text = _text(details.get(taken))
        if text.strip(" :0"):
            clock = _clock(text, _text(details.get(part)))
            return _checked(ExifTime(clock=_with_offset(clock, _text(details.get(offset)))), now)
    stamp, date = gps.get(_GPS_TIME), _text(gps.get(_GPS_DATE))
    parts = _numbers(stamp)
    match = _DATE.fullmatch(date)
    if match is None or parts is None or len(parts) != 3:
        return None
    hour, minute, second = parts
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 61):
        raise UploadRefusedError(
            f"the photo's EXIF has a GPS time that is none: {hour:g}:{minute:g}:{second:g}"
        )
    try:
        day = datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=UTC)
    except ValueError:
        raise UploadRefusedError(f"the photo's EXIF has a GPS date that is none: {date}") from None
    moment = day + timedelta(hours=hour, minutes=minute, seconds=second)
    return _checked(ExifTime(clock=moment, from_gps=True), now)


def exif_position(gps: Mapping[int, object]) -> Position | None:
    """Where a photo was taken; None where EXIF does not say (no fix: zeros or 0/0).

    Raises:
        UploadRefusedError: it is no place on earth.
    """
    latitude = _degrees(gps.get(_LATITUDE), _text(gps.get(_LATITUDE_REF)), "NS")
    longitude = _degrees(gps.get(_LONGITUDE), _text(gps.get(_LONGITUDE_REF)), "EW")
    if latitude is None or longitude is None or (latitude == 0.0 and longitude == 0.0):
        return None
    try:
        return Position(latitude=latitude, longitude=longitude)
    except InvalidValueError as error:
        raise UploadRefusedError(f"the photo's EXIF names no place on earth: {error}") from None


def _clock(text: str, part: str) -> datetime:
    match = _TIME.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError
        year, month, day, hour, minute, second = map(int, match.groups())
        clock = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  (EXIF's own, without offset)
    except ValueError:
        raise UploadRefusedError(f"the photo's EXIF has a time that is none: {text[:40]!r}") from None
    digits = part.strip()
    if digits.isascii() and digits.isdigit() and len(digits) <= 9:
        clock += timedelta(seconds=float(f"0.{digits}"))
    return clock


def _with_offset(clock: datetime, text: str) -> datetime:
    if not text.strip(" :"):
        return clock
    match = _OFFSET.fullmatch(text.strip())
    if match is None:
        raise UploadRefusedError(f"the photo's EXIF has an offset of time that is none: {text[:20]!r}")
    if match[1] is None:
        return clock.replace(tzinfo=UTC)
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    if offset > _WIDEST_OFFSET or int(match[3]) >= 60:
        raise UploadRefusedError(f"the photo's EXIF has an offset of time that no place has: {text[:20]}")
    return clock.replace(tzinfo=timezone(-offset if match[1] == "-" else offset))


def _checked(time: ExifTime, now: datetime) -> ExifTime:
    if time.clock.year < _EARLIEST_YEAR:
        raise UploadRefusedError(
            f"the photo's EXIF says that it was taken in {time.clock.year}, before digital cameras"
        )
    if time.moment(ZoneInfo("UTC")) > now + _AHEAD:
        raise UploadRefusedError(
            f"the photo's EXIF says that it was taken in the future: {time.clock:%Y-%m-%d %H:%M:%S}"
        )
    return time


def _degrees(value: object, reference: str, letters: str) -> float | None:
    if value is None:
        return None
    parts = _numbers(value)
    if parts is None or not 1 <= len(parts) <= 3:
        return None
    sign = reference.strip(" \x00").upper()[:1]
    if not sign or sign not in letters:
        raise UploadRefusedError(
            f"the photo's EXIF has a GPS position without one of {letters}: {reference[:10]!r}"
        )
    degrees, minutes, seconds = (*parts, 0.0, 0.0)[:3]
    if degrees < 0 or not (0 <= minutes < 60 and 0 <= seconds < 60.001):
        raise UploadRefusedError(
            f"the photo's EXIF has a GPS position out of range: {degrees:g} {minutes:g}' {seconds:g}\""
        )
    return (degrees + minutes / 60 + seconds / 3600) * (-1 if sign == letters[1] else 1)


def _numbers(value: object) -> tuple[float, ...] | None:
    """The rationals of a tag; None where one is no number (0/0: unknown)."""
    found = []
    for one in value if isinstance(value, tuple | list) else (value,):
        try:
            number = float(one)
        except (TypeError, ValueError, ZeroDivisionError, OverflowError):
            return None
        if not isfinite(number):
            return None
        found.append(number)
    return tuple(found)


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    return value.strip("\x00") if isinstance(value, str) else ""
