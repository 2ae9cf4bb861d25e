"""A camera's zones and the picture they are drawn on."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from pipeline.errors import QueueError
from pipeline.report import EvidenceKind
from pipeline.zone import DWELL_S, ZoneKind
from storage.access_log import LoggedEvidence
from storage.report_query import ReportQuery
from web.security import Caller, Right, require
from web.services import WebServices, of_file, services_of
from web.watched_picture import watched_picture
from web.zone_services import ZoneSheet

router = APIRouter(prefix="/api/cameras", tags=["zones"])

Viewer = Annotated[Caller, Depends(require(Right.VIEW))]
Admin = Annotated[Caller, Depends(require(Right.ADMIN))]
Services = Annotated[WebServices, Depends(services_of)]

_WITHIN_S = 3.6
_MOST_ZONES = 100
_MOST_POINTS = 200

_Number = Annotated[float, Field(ge=-1e9, le=1e9)]


class ZoneBody(BaseModel):
    """A zone as in config.yaml; what is null or left out is decided by its kind, or does not restrict.

    Attributes:
        was: its name in the configuration until now; null for a new one.
        name: unique within the camera.
        kind: what the place is.
        polygon: corners [x, y] on the ground, fractions of the picture's width and height, 0 to 1.
        dwell_s, photo_gap_s, confirm_s: seconds.
        overlap: least share of the vehicle's footprint inside, 0 to 1.
        hours: hours such as "08:00-20:00" by day: daily, weekdays, weekends, mon to sun.
        holidays: apply or skip.
        classes: of vehicles.
        allowed_plates: plates that may stand there.
        report_unread: a vehicle whose plate stays unread is reported too.
    """

    model_config = ConfigDict(extra="forbid")

    was: Annotated[str, Field(max_length=64)] | None = None
    name: Annotated[str, Field(max_length=64)]
    kind: ZoneKind
    polygon: Annotated[
        list[Annotated[list[_Number], Field(min_length=2, max_length=2)]], Field(max_length=_MOST_POINTS)
    ]
    dwell_s: _Number | None = None
    photo_gap_s: _Number | None = None
    confirm_s: _Number | None = None
    overlap: _Number | None = None
    hours: dict[str, Annotated[list[str], Field(max_length=24)]] | None = None
    holidays: str | None = None
    classes: Annotated[list[str], Field(max_length=8)] | None = None
    allowed_plates: Annotated[list[str], Field(max_length=1000)] | None = None
    report_unread: bool | None = None


class ZonesBody(BaseModel):
    """All zones of a camera, and the revision of the configuration they were changed from."""

    model_config = ConfigDict(extra="forbid")

    revision: Annotated[str, Field(max_length=64)]
    zones: Annotated[list[ZoneBody], Field(max_length=_MOST_ZONES)]


class RuleAnswer(BaseModel):
    """What a kind of zone asks for where the zone itself does not say: seconds."""

    kind: ZoneKind
    dwell_s: float
    photo_gap_s: float


class ZonesAnswer(BaseModel):
    """A camera's zones.

    Attributes:
        camera: whose.
        revision: to be sent with a change.
        zones: as in config.yaml.
        holidays: dates on which zones with `holidays: skip` rest.
        rules: of each kind.
    """

    camera: str
    revision: str
    zones: list[ZoneBody]
    holidays: list[str]
    rules: list[RuleAnswer]


def seen_camera(services: WebServices, caller: Caller, camera: str) -> str:
    """The name of a camera that `caller` may see.

    Raises:
        HTTPException: 404 when there is none, and just the same when it is not theirs.
    """
    if camera not in services.settings.cameras or not caller.may_see(camera):
        raise HTTPException(404, "there is no such camera, or you may not see it")
    return camera


@router.get("/{camera}/zones")
def read(camera: str, caller: Viewer, services: Services) -> ZonesAnswer:
    """The zones of a camera as the configuration has them now."""
    return _answer(of_file(services.zones).read(seen_camera(services, caller, camera)))


@router.put("/{camera}/zones")
def write(camera: str, body: ZonesBody, caller: Admin, services: Services) -> ZonesAnswer:
    """Replace the zones of a camera; they are written into config.yaml and hold within seconds.

    422 says what is wrong with which zone; 409, that the file was changed meanwhile.
    """
    seen_camera(services, caller, camera)
    zones: list[dict[str, JsonValue]] = [
        zone.model_dump(mode="json", exclude_none=True) for zone in body.zones
    ]
    return _answer(of_file(services.zones).write(camera, zones, body.revision))


@router.get(
    "/{camera}/picture",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}, 204: {"description": "there is no picture of it now"}},
)
async def picture(camera: str, caller: Viewer, services: Services) -> Response:
    """What the camera sees now, of whoever watches it; where nobody does, photo 1 of its last report.

    `X-Taken-At` says when it was taken; 204 while there is none.
    """
    seen_camera(services, caller, camera)
    with suppress(QueueError):
        found = await watched_picture(services.redis, camera, within_s=_WITHIN_S)
        if found is not None:
            return _jpeg(found.jpeg, found.taken_at)
    return await run_in_threadpool(_reported, camera, caller, services)


def _reported(camera: str, caller: Caller, services: WebServices) -> Response:
    page = services.report_pages.page(ReportQuery(cameras=frozenset({camera})), rows=1)
    stored = services.reports.get(page.reports[0].id) if page.reports else None
    photos = [] if stored is None else stored.report.evidence
    photo = next((item for item in photos if item.kind is EvidenceKind.PHOTO_1), None)
    if stored is None or photo is None:
        return Response(status_code=204)
    logged = LoggedEvidence(services.evidence, services.access, who=caller.name, now=services.now)
    data = logged.get(photo.key, report_id=stored.report.id, purpose="seen in the zones' editor")
    return _jpeg(data, photo.taken_at)


def _jpeg(data: bytes, taken_at: datetime) -> Response:
    return Response(data, media_type="image/jpeg", headers={"X-Taken-At": taken_at.isoformat()})


def _answer(sheet: ZoneSheet) -> ZonesAnswer:
    return ZonesAnswer(
        camera=sheet.camera,
        revision=sheet.revision,
        zones=[ZoneBody.model_validate({**zone, "was": zone["name"]}) for zone in sheet.zones],
        holidays=list(sheet.holidays),
        rules=[
            RuleAnswer(kind=kind, dwell_s=seconds, photo_gap_s=seconds) for kind, seconds in DWELL_S.items()
        ],
    )
