"""What the routes work with; `gotcha.web_wiring` fills it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from fastapi import HTTPException, Request

from jobs.exif_values import Position
from jobs.export_intake import ExportIntake
from jobs.outbox import Outbox
from storage.access_log import SqlAccessLog
from storage.api_keys import SqlApiKeys
from storage.blob_store import BlobStore
from storage.camera_health import CameraHealthHistory
from storage.ports import ReportStore
from storage.report_pages import ReportPages
from storage.report_statistics import ReportStatistics
from storage.report_tally import ReportTally
from storage.reviews import SqlReviews
from storage.sightings import SightingStore
from storage.users import SqlUsers
from web.camera_services import CameraBook
from web.device_services import DeviceServices
from web.first_user import FirstUser
from web.logins import Logins
from web.notification_services import NotificationBook
from web.overview import Disk
from web.photo_services import PhotoServices
from web.retention_services import RetentionBook
from web.video_services import VideoServices
from web.webhook import Webhook
from web.zone_services import ZoneBook

if TYPE_CHECKING:
    from redis import Redis

_Book = TypeVar("_Book")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """What the web may know of the configuration.

    Attributes:
        named: gives the names of all cameras now, in the order of the configuration.
        time_zone: of the times that pages show.
        behind_tls: browsers come over https, so cookies are sent over nothing else.
        public_url: the address people type, without a slash at the end; None is the one that is served.
        kept_days: gives how long reports are kept now, by their state.
        placed: gives where cameras hang now, of those whose configuration says it.
    """

    named: Callable[[], tuple[str, ...]]
    time_zone: ZoneInfo
    behind_tls: bool = False
    public_url: str | None = None
    kept_days: Callable[[], Mapping[str, int]] = dict
    placed: Callable[[], Mapping[str, Position]] = dict

    @property
    def cameras(self) -> tuple[str, ...]:
        """Names of all cameras; they may be others at the next request."""
        return self.named()

    @property
    def retention_days(self) -> Mapping[str, int]:
        """How long reports are kept, by their state."""
        return self.kept_days()

    @property
    def positions(self) -> Mapping[str, Position]:
        """Where cameras hang, by their names."""
        return self.placed()


@dataclass(frozen=True, slots=True, kw_only=True)
class WebServices:
    """Everything that routes need. Each part is safe to share by threads.

    Attributes:
        settings: what the web may know of the configuration.
        reports: where reports are kept.
        report_pages: lists of them.
        together: what is asked of the database while it lasts is asked on one connection.
        reviews: what people say of them.
        tally: how many there were.
        statistics, health: figures of a period, of reports and of cameras.
        evidence: their photos and clips.
        access: who saw what; written before it is shown.
        users: who may log in.
        logins: who is logged in.
        api_keys: the keys of integrations.
        setup: lets the first user be made.
        redis: the queue's Redis, with short waits; what cameras publish lies there too.
        outbox: what this machine's cameras reported and is not stored yet.
        disk: the disk that the state lies on.
        devices: cameras that sleep, and their frames.
        sightings: finds vehicles that were seen.
        videos: takes in videos and says what was found in them.
        photos: takes in photos; what became of any analysis.
        exports: asks for evidence packs of reports, and finds them.
        webhook: takes in files of buckets; None where it is not set up.
        zones: reads and writes zones of cameras; None where the configuration has no file.
        retention: reads and writes how long records are kept; None where the configuration has no file.
        notifications: reads, writes and tries who is told of what; None where the configuration has no file.
        cameras: reads, writes and tries cameras; None where the configuration has no file.
        checks: by name, what must work for the program to be of use; each raises GotchaError if it does not.
        now: the clock, aware UTC.
    """

    settings: WebSettings
    reports: ReportStore
    report_pages: ReportPages
    together: Callable[[], AbstractContextManager[None]]
    reviews: SqlReviews
    tally: ReportTally
    statistics: ReportStatistics
    health: CameraHealthHistory
    evidence: BlobStore
    access: SqlAccessLog
    users: SqlUsers
    logins: Logins
    api_keys: SqlApiKeys
    setup: FirstUser
    redis: Redis
    outbox: Outbox
    disk: Callable[[], Disk]
    devices: DeviceServices
    sightings: SightingStore
    videos: VideoServices
    photos: PhotoServices
    exports: ExportIntake
    webhook: Webhook | None
    zones: ZoneBook | None
    retention: RetentionBook | None
    notifications: NotificationBook | None
    cameras: CameraBook | None
    checks: Mapping[str, Callable[[], None]]
    now: Callable[[], datetime]


def services_behind(request: Request) -> WebServices:
    """The services of the application that serves `request`."""
    services: WebServices = request.app.state.services
    return services


async def services_of(request: Request) -> WebServices:
    """The same as a dependency of routes; a plain function would be sent to a thread for each request."""
    return services_behind(request)


def of_file(book: _Book | None) -> _Book:
    """One of the books that services keep where the configuration has a file.

    Raises:
        HTTPException: 409, it has none.
    """
    if book is None:
        raise HTTPException(409, "this program was given its configuration without a file to write to")
    return book
