"""Finding a vehicle again: by plate, by what it looks like, by where and when it was seen."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import AwareDatetime, BaseModel

from pipeline.detection import ObjectClass
from pipeline.vehicle_look import VehicleColour, VehicleLook
from storage.access_log import Access, AccessAction
from storage.sightings import LEAST_LIKENESS, MAX_FOUND, Found, SightingQuery
from web.known_query import known_query
from web.security import Caller, Right, require
from web.services import WebServices, services_of

router = APIRouter(prefix="/search", tags=["search"])

_MOST_CHARACTERS = 32


class SightingAnswer(BaseModel):
    """A sighting that fits.

    Attributes:
        id: of the sighting; may be asked for as `like`.
        report_id, analysis_id: where it was seen; one of them is null.
        camera, zone: names, empty where there is none.
        vehicle: its class.
        colour: the name of its colour, or null.
        plate: what was read, ? where a character was not; empty when unread.
        plate_confidences: 0-1 for each character.
        plate_accepted: every character was read with certainty.
        box: x1, y1, x2, y2 in pixels of the frame.
        frame_size: width and height of the frame.
        photo_key: the picture that shows it, or null.
        first_seen_at, last_seen_at: UTC.
        plate_likeness, look_likeness: how well it fits, 1 the same; null where not asked for.
    """

    id: str
    report_id: str | None
    analysis_id: str | None
    camera: str
    zone: str
    vehicle: ObjectClass
    colour: VehicleColour | None
    plate: str
    plate_confidences: tuple[float, ...]
    plate_accepted: bool
    box: tuple[float, float, float, float]
    frame_size: tuple[int, int]
    photo_key: str | None
    first_seen_at: datetime
    last_seen_at: datetime
    plate_likeness: float | None
    look_likeness: float | None


class SearchAnswer(BaseModel):
    """What was found, best first; without plate and look, last seen first."""

    found: tuple[SightingAnswer, ...]


def sighting_answer(found: Found) -> SightingAnswer:
    """A sighting as the API says it."""
    seen = found.sighting
    return SightingAnswer(
        id=seen.id,
        report_id=seen.report_id,
        analysis_id=seen.analysis_id,
        camera=seen.camera,
        zone=seen.zone,
        vehicle=seen.label,
        colour=seen.colour,
        plate=seen.plate.text,
        plate_confidences=seen.plate.confidences,
        plate_accepted=seen.plate.accepted,
        box=(seen.box.x1, seen.box.y1, seen.box.x2, seen.box.y2),
        frame_size=(seen.frame_size.width, seen.frame_size.height),
        photo_key=seen.photo_key,
        first_seen_at=seen.first_seen_at,
        last_seen_at=seen.last_seen_at,
        plate_likeness=found.plate_likeness,
        look_likeness=found.look_likeness,
    )


@router.get("", dependencies=[Depends(known_query)])
def search(
    services: Annotated[WebServices, Depends(services_of)],
    caller: Annotated[Caller, Depends(require(Right.VIEW))],
    plate: Annotated[str | None, Query(min_length=1, max_length=_MOST_CHARACTERS)] = None,
    least_likeness: Annotated[float, Query(ge=0, le=1)] = LEAST_LIKENESS,
    like: Annotated[str | None, Query(min_length=1, max_length=64)] = None,
    camera: Annotated[tuple[str, ...], Query()] = (),
    zone: str | None = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    vehicle: Annotated[tuple[ObjectClass, ...], Query()] = (),
    colour: Annotated[tuple[VehicleColour, ...], Query()] = (),
    limit: Annotated[int, Query(ge=1, le=MAX_FOUND)] = 50,
) -> SearchAnswer:
    """Find sightings of vehicles; what was looked for is written into the access log.

    `plate` takes ? for any character and * for any number of them, and finds plates that differ a little:
    `least_likeness` says how little. `like` is the id of a report, or of a sighting in an uploaded picture
    (send it to /detect first): what looks alike is found. The other conditions narrow it down.
    """
    found = found_sightings(
        services,
        caller,
        plate=plate,
        least_likeness=least_likeness,
        like=like,
        cameras=camera,
        zone=zone,
        since=since,
        until=until,
        labels=frozenset(vehicle),
        colours=frozenset(colour),
        limit=limit,
    )
    return SearchAnswer(found=tuple(sighting_answer(one) for one in found))


def found_sightings(
    services: WebServices,
    caller: Caller,
    *,
    plate: str | None,
    like: str | None,
    cameras: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    labels: frozenset[ObjectClass],
    colours: frozenset[VehicleColour],
    limit: int,
    least_likeness: float = LEAST_LIKENESS,
    zone: str | None = None,
) -> tuple[Found, ...]:
    """What `caller` may see of what fits, best first; written into the access log. See `search`.

    Raises:
        HTTPException: 404, there is no sighting `like`; 422, nothing is known of its look.
    """
    look = None if like is None else _look_of(services, caller, like)
    allowed = caller.cameras
    wanted_cameras = frozenset(cameras) if cameras else allowed
    if cameras and allowed is not None:
        wanted_cameras = frozenset(cameras) & allowed
    wanted = SightingQuery(
        plate=plate,
        least_likeness=least_likeness,
        look=look,
        cameras=wanted_cameras,
        zone=zone,
        since=since,
        until=until,
        labels=labels,
        colours=colours,
        limit=limit,
    )
    found = services.sightings.search(wanted)
    said = ", ".join(f"{name} {value}" for name, value in (("plate", plate), ("like", like)) if value)
    services.access.record(
        Access(
            at=services.now(),
            who=caller.name,
            action=AccessAction.READ,
            detail=f"search ({said or 'all'}): {len(found)} sightings",
        )
    )
    return found


def _look_of(services: WebServices, caller: Caller, sighting_id: str) -> VehicleLook:
    """What the vehicle of a sighting looks like.

    Raises:
        HTTPException: 404, there is none that the caller may see; 422, nothing is known of its look.
    """
    known = services.sightings.get(sighting_id)
    if known is None or not caller.may_see(known.camera):
        raise HTTPException(404, f"there is no sighting {sighting_id!r}")
    if known.look is None:
        raise HTTPException(422, f"of {sighting_id!r} nothing is known that others could be compared with")
    return known.look
