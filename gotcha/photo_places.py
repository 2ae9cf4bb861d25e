"""Whose view a photo shows: the camera that was named, the nearest one, or none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from gotcha.config import Config
from gotcha.config_uploads import NO_CAMERA
from gotcha.config_zones import ZoneConfig
from jobs.exif_values import Position
from jobs.photo_facts import PhotoFacts, TimeFrom, distance_m
from pipeline.geometry import Point, Polygon
from pipeline.zone import Zone, ZoneKind

_WHOLE = ZoneConfig(
    name="whole picture",
    kind=ZoneKind.NO_PARKING,
    polygon=Polygon(points=tuple(Point(x=x, y=y) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1)))),
)


class CameraFrom(StrEnum):
    """How a photo's camera was found."""

    SENDER = "sender"
    GPS = "gps"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoPlace:
    """Whose view a photo shows.

    Attributes:
        camera: the camera's name, `NO_CAMERA` where it is of none.
        found: how that is known.
        zones: that apply; the whole picture where there are none.
        masks: polygons (0-1) in which nothing is a vehicle.
        region: of the plates.
        time_zone: of hours and of times without offset.
    """

    camera: str
    found: CameraFrom
    zones: tuple[Zone, ...]
    masks: tuple[Polygon, ...]
    region: str
    time_zone: ZoneInfo


def photo_place(config: Config, wanted: str | None, position: Position | None) -> PhotoPlace:
    """Whose view a photo shows.

    Args:
        config: the cameras.
        wanted: the camera its sender named, or None.
        position: where it was taken, or None.

    Raises:
        ConfigError: there is no camera of the name `wanted`.
    """
    name = wanted or _nearest(config, position)
    if name is None:
        return PhotoPlace(
            camera=NO_CAMERA,
            found=CameraFrom.NONE,
            zones=(_WHOLE.zone(config.time_zone, config.holidays),),
            masks=(),
            region=config.region,
            time_zone=config.time_zone,
        )
    zone = config.time_zone_of(name)
    return PhotoPlace(
        camera=name,
        found=CameraFrom.GPS if wanted is None else CameraFrom.SENDER,
        zones=config.zones_of(name) or (_WHOLE.zone(zone, config.holidays),),
        masks=config.camera(name).masks,
        region=config.region_of(name),
        time_zone=zone,
    )


def _nearest(config: Config, position: Position | None) -> str | None:
    if position is None:
        return None
    distances = [
        (distance_m(position, Position(latitude=at.latitude, longitude=at.longitude)), name)
        for name, camera in config.cameras.items()
        if (at := camera.location) is not None
    ]
    nearest_m, name = min(distances, default=(float("inf"), ""))
    return name if nearest_m <= config.photos.nearest_m else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoMoment:
    """When a photo was taken, aware UTC, how that is known, and what a report must say of it."""

    taken_at: datetime
    known: TimeFrom
    note: str


def photo_moment(facts: PhotoFacts, given: datetime | None, zone: ZoneInfo) -> PhotoMoment | None:
    """When a photo was taken; None where nobody says.

    Args:
        facts: what its EXIF says.
        given: what its sender says, aware; goes before EXIF.
        zone: in which a time without offset is read.
    """
    if given is not None:
        note = "The time of a photo is what its sender says."
        return PhotoMoment(taken_at=given, known=TimeFrom.SENDER, note=note)
    taken_at, known = facts.taken_at(zone), facts.time_from
    if taken_at is None or known is None:
        return None
    note = ""
    if known is TimeFrom.EXIF_WITHOUT_OFFSET:
        note = f"The time in a photo's EXIF has no offset and was read as {zone.key} time."
    elif known is TimeFrom.GPS:
        note = "The time of a photo is that of its GPS fix; the camera's own clock is not in the EXIF."
    return PhotoMoment(taken_at=taken_at, known=known, note=note)
