"""Finding a vehicle again: by its plate, by a picture, by a report."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field, field_validator

from pipeline.detection import VEHICLES, ObjectClass
from pipeline.errors import InvalidValueError
from pipeline.vehicle_look import VehicleColour
from web.found_view import shown_sighting
from web.pages.page import render
from web.search_api import found_sightings
from web.security import Caller, Right, require
from web.services import WebServices, services_of

router = APIRouter(include_in_schema=False)

_SHOWN = 36

Viewer = Annotated[Caller, Depends(require(Right.VIEW))]
Services = Annotated[WebServices, Depends(services_of)]


class FindFilters(BaseModel):
    """What is looked for, as it stands in the page's address; an empty field is none."""

    plate: str | None = Field(None, max_length=32)
    like: str | None = Field(None, max_length=64)
    camera: str | None = Field(None, max_length=64)
    vehicle: ObjectClass | None = None
    colour: VehicleColour | None = None
    since: date | None = None
    until: date | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value

    @property
    def any(self) -> bool:
        """Whether anything is looked for."""
        return any(value is not None for value in self.model_dump().values())


@router.get("/find")
def show(
    request: Request, caller: Viewer, services: Services, filters: Annotated[FindFilters, Query()]
) -> Response:
    """The form, and once something is looked for what was found."""
    zone = services.settings.time_zone
    found, trouble, likeness = [], None, None
    if filters.any:
        try:
            found = [
                shown_sighting(services, one)
                for one in found_sightings(
                    services,
                    caller,
                    plate=filters.plate,
                    like=filters.like,
                    cameras=() if filters.camera is None else (filters.camera,),
                    since=_midnight(filters.since, zone),
                    until=_midnight(filters.until, zone, days=1),
                    labels=frozenset() if filters.vehicle is None else frozenset({filters.vehicle}),
                    colours=frozenset() if filters.colour is None else frozenset({filters.colour}),
                    limit=_SHOWN,
                )
            ]
        except HTTPException as error:
            trouble = "gone" if error.status_code == 404 else "no_look"
    if filters.like is not None:
        known = services.sightings.get(filters.like)
        if known is not None and caller.may_see(known.camera):
            likeness = known
    context = {
        "filters": filters,
        "found": found,
        "trouble": trouble,
        "like": likeness,
        "cameras": [name for name in services.settings.cameras if caller.may_see(name)],
        "vehicles": sorted(label.value for label in VEHICLES),
        "colours": [colour.value for colour in VehicleColour],
        "may_send": caller.may(Right.OPERATE),
    }
    return render(request, "find.html", context, caller=caller)


def _midnight(day: date | None, zone: ZoneInfo, days: int = 0) -> datetime | None:
    if day is None:
        return None
    try:
        return datetime.combine(day + timedelta(days=days), time(), zone).astimezone(UTC)
    except OverflowError:
        raise InvalidValueError(f"expected a day that clocks know, got {day}") from None
