"""How long records are kept: read, tried out and changed by those who administer."""

from __future__ import annotations

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from web.retention_services import RetentionSheet
from web.security import Caller, Right, require
from web.services import WebServices, of_file, services_of

_log = logging.getLogger(__name__)

router = APIRouter(prefix="/api/settings/retention", tags=["settings"])

Admin = Annotated[Caller, Depends(require(Right.ADMIN))]
Services = Annotated[WebServices, Depends(services_of)]
_Days = Annotated[int, Field(ge=1, le=36_500)]


class DaysBody(BaseModel):
    """Days for which each kind of record is kept."""

    model_config = ConfigDict(extra="forbid")

    temporary_days: _Days
    duplicate_days: _Days
    rejected_days: _Days
    final_days: _Days
    dead_letter_days: _Days
    access_log_days: Annotated[int, Field(ge=30, le=36_500)]


class RetentionBody(DaysBody):
    """A change, and the revision of the configuration it was made from."""

    revision: Annotated[str, Field(max_length=64)]


class WouldDelete(BaseModel):
    """What a purge would delete now: by the state of reports, and entries of the access log."""

    deletes: dict[str, int]


@router.get(
    "",
    dependencies=[Depends(require(Right.ADMIN))],
    responses={409: {"description": "the configuration has no file"}},
)
def read(services: Services) -> RetentionSheet:
    """The days that hold."""
    return of_file(services.retention).read()


@router.get(
    "/preview",
    dependencies=[Depends(require(Right.ADMIN))],
    responses={409: {"description": "the configuration has no file"}},
)
def preview(services: Services, days: Annotated[DaysBody, Query()]) -> WouldDelete:
    """What would be deleted now under other days; nothing is."""
    return WouldDelete(deletes=dict(of_file(services.retention).would_delete(days.model_dump())))


@router.put("", responses={409: {"description": "the file was changed meanwhile, or there is none"}})
def write(body: RetentionBody, caller: Admin, services: Services) -> RetentionSheet:
    """Keep records so long from now on: written into config.yaml, and the next purge keeps to it."""
    days = body.model_dump(exclude={"revision"})
    sheet = of_file(services.retention).write(days, body.revision)
    _log.info("%s changed how long records are kept: %s", caller.name, dict(sheet.days))
    return sheet
