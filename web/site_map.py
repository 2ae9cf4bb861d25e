"""A small map drawn here, as no other host is asked for one: where the cameras hang, with a scale."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass

from PIL import ExifTags, Image

from jobs.exif_values import Position, exif_position

WIDTH, HEIGHT = 360.0, 200.0
_MARGIN = 26.0
# Below them all, for the scale.
_SCALE_ROOM = 22.0
# Metres: two cameras on one mast are no reason for a map of a metre.
_LEAST_SPAN_M = 60.0
# Metres of a degree of latitude, on the sphere that `jobs.photo_facts.distance_m` measures on.
_DEGREE_M = math.pi * 6_371_000.0 / 180.0
_LONGEST_BAR = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class MapPoint:
    """A camera on the map, in the drawing's units; `here` is the one it is about."""

    name: str
    x: float
    y: float
    here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteMap:
    """A drawing of `WIDTH` x `HEIGHT` units, north above, and the position it is about.

    Attributes:
        latitude, longitude: degrees (WGS 84), as text with five digits: about a metre.
        points: the camera itself last, so that it lies above others.
        bar: length of the scale's bar in units.
        bar_m: the metres it stands for.
    """

    latitude: str
    longitude: str
    points: tuple[MapPoint, ...]
    bar: float
    bar_m: int
    width: float = WIDTH
    height: float = HEIGHT

    @property
    def bar_text(self) -> str:
        """Such as 50 m or 2 km."""
        return f"{self.bar_m} m" if self.bar_m < 1000 else f"{self.bar_m // 1000} km"


def site_map(name: str, position: Position, others: Mapping[str, Position]) -> SiteMap:
    """The map of a camera, or of a photo, among the others.

    Args:
        name: what is shown at `position`.
        position: the one the map is about; it lies within, as all the others do.
        others: cameras by name; one called `name` is left out.
    """
    metres = {one: _metres(at, position) for one, at in others.items() if one != name}
    easts, norths = zip((0.0, 0.0), *metres.values(), strict=True)
    middle = (max(easts) + min(easts)) / 2, (max(norths) + min(norths)) / 2
    unit = min(
        (WIDTH - 2 * _MARGIN) / max(_LEAST_SPAN_M, max(easts) - min(easts)),
        (HEIGHT - 2 * _MARGIN - _SCALE_ROOM) / max(_LEAST_SPAN_M, max(norths) - min(norths)),
    )

    def point(called: str, east: float, north: float, *, here: bool = False) -> MapPoint:
        x, y = WIDTH / 2 + (east - middle[0]) * unit, (HEIGHT - _SCALE_ROOM) / 2 - (north - middle[1]) * unit
        return MapPoint(name=called, x=round(x, 1), y=round(y, 1), here=here)

    bar_m = _round_below(_LONGEST_BAR * WIDTH / unit)
    return SiteMap(
        latitude=f"{position.latitude:.5f}",
        longitude=f"{position.longitude:.5f}",
        points=(*(point(one, *at) for one, at in metres.items()), point(name, 0.0, 0.0, here=True)),
        bar=round(bar_m * unit, 1),
        bar_m=bar_m,
    )


def photo_position(data: bytes) -> Position | None:
    """Where a photo was taken, as its EXIF says; None where it does not. Its pixels are not decoded."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            return exif_position(dict(Image.Image.getexif(image).get_ifd(ExifTags.IFD.GPSInfo)))
    # A stranger's bytes: whatever is wrong with them, the page of the report must be shown.
    except Exception:  # noqa: BLE001
        return None


def _metres(at: Position, origin: Position) -> tuple[float, float]:
    """East and north of `origin`, on a plane that touches there: right to a thousandth within some 100 km."""
    across = (at.longitude - origin.longitude + 180.0) % 360.0 - 180.0
    east = across * _DEGREE_M * math.cos(math.radians(origin.latitude))
    return east, (at.latitude - origin.latitude) * _DEGREE_M


def _round_below(metres: float) -> int:
    """1, 2 or 5 and zeros, at most `metres` and at least 1."""
    power = 10 ** max(0, math.floor(math.log10(max(1.0, metres))))
    return next((factor * power for factor in (5, 2, 1) if factor * power <= metres), 1)
