"""How long records are kept: read, tried out and changed by those who administer."""

from __future__ import annotations

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from web.retention_services import RetentionBook, RetentionSheet
from web.security import Caller, Right, require
from web.services import WebServices, services_of

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


class RetentionAnswer(BaseModel):
    """The days by their keys; `revision` is to be sent with a change."""

    revision: str
    days: dict[str, int]


class WouldDelete(BaseModel):
    """What a purge would delete now: by the state of reports, and entries of the access log."""

    deletes: dict[str, int]


@router.get(
    "",
    dependencies=[Depends(require(Right.ADMIN))],
    responses={409: {"description": "the configuration has no file"}},
)
def read(services: Services) -> RetentionAnswer:
    """The days that hold."""
    return _answer(book_of(services).read())


@router.get(
    "/preview",
    dependencies=[Depends(require(Right.ADMIN))],
    responses={409: {"description": "the configuration has no file"}},
)
def preview(services: Services, days: Annotated[DaysBody, Query()]) -> WouldDelete:
    """What would be deleted now under other days; nothing is."""
    return WouldDelete(deletes=dict(book_of(services).would_delete(days.model_dump())))


@router.put("", responses={409: {"description": "the file was changed meanwhile, or there is none"}})
def write(body: RetentionBody, caller: Admin, services: Services) -> RetentionAnswer:
    """Keep records so long from now on: written into config.yaml, and the next purge keeps to it."""
    days = body.model_dump(exclude={"revision"})
    sheet = book_of(services).write(days, body.revision)
    _log.info("%s changed how long records are kept: %s", caller.name, dict(sheet.days))
    return _answer(sheet)


def book_of(services: WebServices) -> RetentionBook:
    """The book of retention.

    Raises:
        HTTPException: 409, the configuration has no file to write to.
    """
    if services.retention is None:
        raise HTTPException(409, "this program was given its configuration without a file to write to")
    return services.retention


def _answer(sheet: RetentionSheet) -> RetentionAnswer:
    return RetentionAnswer(revision=sheet.revision, days=dict(sheet.days))
