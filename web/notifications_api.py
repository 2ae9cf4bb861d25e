"""Who is told of what happens: read, changed and tried out by those who administer."""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from pipeline.errors import NotificationError
from web.notification_services import NotificationSheet
from web.security import Caller, Right, require
from web.services import WebServices, of_file, services_of

_log = logging.getLogger(__name__)

router = APIRouter(prefix="/api/settings/notifications", tags=["settings"])

Admin = Annotated[Caller, Depends(require(Right.ADMIN))]
Services = Annotated[WebServices, Depends(services_of)]
_Text = Annotated[str, Field(max_length=500)]


class ChannelName(StrEnum):
    """A way out."""

    WEBHOOK = "webhook"
    EMAIL = "email"


class NotificationsBody(BaseModel):
    """Who is told of what, as in config.yaml, and the revision of the configuration it was changed from."""

    model_config = ConfigDict(extra="forbid")

    revision: Annotated[str, Field(max_length=64)]
    events: Annotated[list[Literal["report", "camera", "dead_letters"]], Field(max_length=3)]
    include_plates: bool
    webhook_url: _Text | None = None
    email_to: Annotated[list[_Text], Field(max_length=50)] = []
    language: Literal["en", "ko"] = "en"
    email_from: _Text = "gotcha@localhost"
    email_host: _Text | None = None
    email_port: int = 587
    email_security: Literal["starttls", "tls", "none"] = "starttls"
    email_user: _Text | None = None


class TestAnswer(BaseModel):
    """Whether a test arrived, and if not, why."""

    arrived: bool
    error: str


_NO_FILE: dict[int | str, dict[str, Any]] = {
    409: {"description": "the file was changed meanwhile, or there is none"}
}


@router.get("", dependencies=[Depends(require(Right.ADMIN))], responses=_NO_FILE)
def read(services: Services) -> NotificationSheet:
    """What holds."""
    return of_file(services.notifications).read()


@router.put("", responses=_NO_FILE)
def write(body: NotificationsBody, caller: Admin, services: Services) -> NotificationSheet:
    """Tell so from now on: written into config.yaml, and holds within seconds."""
    values = body.model_dump(mode="json", exclude={"revision"})
    sheet = of_file(services.notifications).write(values, body.revision)
    _log.info("%s changed who is told of what happens", caller.name)
    return sheet


@router.post("/test/{channel}", dependencies=[Depends(require(Right.ADMIN))], responses=_NO_FILE)
def send_test(channel: ChannelName, services: Services) -> TestAnswer:
    """Send a test over a channel as it was saved; takes at most some seconds."""
    try:
        of_file(services.notifications).test(channel.value)
    except NotificationError as error:
        return TestAnswer(arrived=False, error=str(error))
    return TestAnswer(arrived=True, error="")
