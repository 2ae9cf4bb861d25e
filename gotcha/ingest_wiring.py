"""Buckets that fill by themselves, wired to the configuration."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gotcha.config import Config
from gotcha.database_wiring import opened_database
from gotcha.photo_wiring import photo_intake
from gotcha.state_folder import prepare
from gotcha.upload_wiring import open_uploads
from gotcha.video_wiring import video_intake
from jobs.analysis_queue import AnalysisQueue
from jobs.embedded_redis import open_redis
from jobs.photo_intake import NamedFile, PhotosAsked
from jobs.redis_connection import connect
from jobs.video_intake import VideoAsked
from pipeline.errors import ConfigError
from storage.analyses import AnalysisSource
from storage.analysis_store import AnalysisStore, Submitted
from storage.upload_store import Incoming
from web.webhook import Webhook

if TYPE_CHECKING:
    from redis import Redis
    from sqlalchemy import Engine

    from gotcha.bucket_intake import BucketIntake, FileKind, FileWay


def ingest(config: Config, stop: threading.Event) -> None:
    """What `gotcha ingest` does: take in what the inbox tells of, until `stop` is set.

    Raises:
        ConfigError: `ingest` names no queue, or that has no dead-letter queue.
        SourceError: the queue cannot be used.
        StorageError, UploadError, QueueError: database, folder of uploads or Redis cannot be used.
    """
    wanted = config.ingest
    if wanted.queue_url is None:
        raise ConfigError(
            "ingest.queue_url is not set: name the SQS queue that gets the bucket's notifications"
        )
    # Imported when asked for: boto3 takes a third of a second, which --help should not.
    from gotcha.ingesting import Ingest
    from sources.sqs_inbox import SqsInbox

    prepare(config.state_dir)
    inbox = SqsInbox(
        wanted.queue_url,
        dead_letter_url=wanted.dead_letter_url,
        endpoint=wanted.endpoint,
        region=wanted.region,
        visibility_s=wanted.visibility_s,
    )
    with (
        opened_database(config) as engine,
        # The analyses are stored whether or not Redis answers; the sweep queues them.
        open_redis(config.redis_url, config.state_dir, must_answer=False) as service,
    ):
        taker = bucket_intake(config, engine, connect(service.url))
        Ingest(inbox, taker, attempts=wanted.attempts).run(stop)


def bucket_intake(config: Config, engine: Engine, redis: Redis) -> BucketIntake:
    """Takes in the files that notices tell of, for the inbox and for the webhook.

    Raises:
        UploadError: the folder or bucket of uploads cannot be used.
        SourceError: the settings of the buckets are not usable.
    """
    from gotcha.bucket_intake import BucketIntake
    from sources.bucket_objects import BucketObjects

    analyses = AnalysisStore(engine)
    return BucketIntake(
        config.ingest.folders,
        objects=BucketObjects(endpoint=config.ingest.endpoint, region=config.ingest.region),
        uploads=open_uploads(config),
        analyses=analyses,
        ways=_ways(config, AnalysisQueue(analyses, redis)),
    )


def webhook(config: Config, engine: Engine, redis: Redis) -> Webhook | None:
    """The webhook of `config`, or None where it has none.

    Raises:
        UploadError, SourceError: see `bucket_intake`.
    """
    token = config.ingest.webhook_token
    return (
        None if token is None else Webhook(taker=bucket_intake(config, engine, redis), token=token.reveal())
    )


def _ways(config: Config, queue: AnalysisQueue) -> Mapping[FileKind, FileWay]:
    from gotcha.bucket_intake import FileKind, FileWay

    videos = video_intake(config, queue)

    def video(incoming: Incoming, name: str, camera: str | None, owner: str) -> Submitted:
        asked = VideoAsked(name=name, camera=camera, source=AnalysisSource.BUCKET, owner=owner)
        return videos.take(incoming, asked)

    photos = photo_intake(config, queue)

    def photo(incoming: Incoming, name: str, camera: str | None, owner: str) -> Submitted:
        asked = PhotosAsked(camera=camera, source=AnalysisSource.BUCKET, owner=owner)
        return photos.take([NamedFile(incoming=incoming, name=name)], asked)

    return {
        FileKind.PHOTO: FileWay(limit_bytes=config.photos.max_bytes, take=photo),
        FileKind.VIDEO: FileWay(limit_bytes=config.videos.max_bytes, take=video),
    }
