"""The web's services of a configuration: the place to add what new routes need."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, text

from gotcha.camera_book import FileCameras
from gotcha.config import Config
from gotcha.config_file import ConfigFile
from gotcha.database_wiring import opened_database
from gotcha.device_wiring import device_services
from gotcha.evidence_wiring import open_evidence
from gotcha.ingest_wiring import webhook
from gotcha.notification_book import FileNotifications
from gotcha.photo_wiring import photo_services
from gotcha.retention_book import FileRetention
from gotcha.settings_in_force import SettingsInForce
from gotcha.signing_key import signing_key
from gotcha.video_wiring import video_services
from gotcha.zone_book import FileZones
from jobs.analysis_queue import AnalysisQueue
from jobs.context import utc_now
from jobs.exif_values import Position
from jobs.export_intake import ExportIntake
from jobs.outbox import Outbox
from jobs.redis_connection import connect, ping
from storage.access_log import SqlAccessLog
from storage.analysis_store import AnalysisStore
from storage.api_keys import SqlApiKeys
from storage.blob_store import BlobStore
from storage.camera_health import CameraHealthHistory
from storage.report_pages import ReportPages
from storage.report_statistics import ReportStatistics
from storage.report_store import SqlReportStore
from storage.report_tally import ReportTally
from storage.reviews import SqlReviews
from storage.sessions import SqlSessions
from storage.sighting_store import SqlSightingStore
from storage.transactions import one_connection, reading
from storage.users import SqlUsers
from web.first_user import FirstUser
from web.logins import Logins
from web.overview import Disk
from web.services import WebServices, WebSettings
from web.tokens import AccessTokens

if TYPE_CHECKING:
    from redis import Redis

# Nobody looks at a page that waits longer for Redis.
_REDIS_WAIT_S = 1.0


@contextmanager
def opened_services(
    config: Config, redis_url: str, now: Callable[[], datetime] = utc_now
) -> Iterator[WebServices]:
    """What the routes work with, open while the block lasts.

    Args:
        config: whose database and evidence.
        redis_url: the queue's Redis, an embedded one's too.
        now: the clock, aware UTC.

    Raises:
        StorageError: the database cannot be opened or brought up to date.
        EvidenceError: the evidence folder or bucket cannot be used.
        QueueError: the address of Redis is wrong.
    """
    with (
        opened_database(config) as engine,
        closing(connect(redis_url, wait_s=_REDIS_WAIT_S)) as redis,
        closing(Outbox(config.state_dir / "outbox.db")) as outbox,
    ):
        evidence = open_evidence(config)
        in_force = SettingsInForce(config)
        users = SqlUsers(engine)
        tokens = AccessTokens(signing_key(config))
        yield WebServices(
            settings=web_settings(config, in_force),
            reports=SqlReportStore(engine),
            report_pages=ReportPages(engine),
            together=partial(one_connection, engine),
            reviews=SqlReviews(engine),
            tally=ReportTally(engine),
            statistics=ReportStatistics(engine),
            health=CameraHealthHistory(engine),
            evidence=evidence,
            access=SqlAccessLog(engine),
            users=users,
            logins=Logins(users, SqlSessions(engine), tokens, now),
            api_keys=SqlApiKeys(engine),
            setup=FirstUser(users, now),
            redis=redis,
            outbox=outbox,
            disk=lambda: _disk(config.state_dir),
            devices=device_services(in_force, engine),
            sightings=SqlSightingStore(engine),
            videos=video_services(config, engine, redis, now),
            photos=photo_services(config, engine, redis, now),
            exports=_exports(engine, redis, now),
            webhook=webhook(config, engine, redis),
            zones=None if config.path is None else FileZones(ConfigFile(config.path)),
            retention=None if config.path is None else FileRetention(ConfigFile(config.path), engine, now),
            notifications=(
                None if config.path is None else FileNotifications(ConfigFile(config.path), engine, now)
            ),
            cameras=None if config.path is None else FileCameras(ConfigFile(config.path)),
            checks={
                "database": _answering(engine),
                "queue": lambda: ping(redis, redis_url),
                "evidence": _readable(evidence),
            },
            now=now,
        )


def web_settings(config: Config, in_force: SettingsInForce) -> WebSettings:
    """What the web may know of `config`, and of what is changed in its file."""
    return WebSettings(
        named=lambda: tuple(in_force.current().cameras),
        time_zone=config.time_zone,
        behind_tls=config.web.behind_tls,
        public_url=config.web.public_url,
        kept_days=lambda: _kept_days(in_force.current()),
        placed=lambda: _placed(in_force.current()),
    )


def _kept_days(config: Config) -> dict[str, int]:
    kept = config.retention
    return {
        "temporary": kept.temporary_days,
        "duplicate": kept.duplicate_days,
        "rejected": kept.rejected_days,
        "final": kept.final_days,
    }


def _placed(config: Config) -> dict[str, Position]:
    return {
        name: Position(latitude=at.latitude, longitude=at.longitude)
        for name, camera in config.cameras.items()
        if (at := camera.location) is not None
    }


def _exports(engine: Engine, redis: Redis, now: Callable[[], datetime]) -> ExportIntake:
    analyses = AnalysisStore(engine)
    return ExportIntake(AnalysisQueue(analyses, redis, now), analyses, SqlReviews(engine))


def _answering(engine: Engine) -> Callable[[], None]:
    def check() -> None:
        with reading(engine) as session:
            session.execute(text("SELECT 1"))

    return check


def _readable(evidence: BlobStore) -> Callable[[], None]:
    def check() -> None:
        next(iter(evidence.blobs()), None)

    return check


def _disk(folder: Path) -> Disk:
    usage = shutil.disk_usage(folder)
    return Disk(free=usage.free, total=usage.total)
