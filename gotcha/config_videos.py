"""The parts of config.yaml that are about videos people send and buckets that fill by themselves."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from gotcha.config_secrets import Token
from gotcha.config_section import Section

QueueAddress = Annotated[str, Field(pattern=r"^https?://[^@\s]+$")]


class VideosConfig(Section):
    """Videos that are uploaded: their limits."""

    max_bytes: int = Field(
        4_000_000_000, ge=1_000_000, le=1_000_000_000_000, description="largest video that is taken, bytes"
    )
    max_length_s: float = Field(
        6 * 3600.0, ge=10, le=7 * 24 * 3600.0, description="longest video that is taken, seconds"
    )
    max_pixels: int = Field(
        36_000_000, ge=100_000, le=67_000_000, description="largest picture of a video, pixels"
    )
    max_unfinished: int = Field(
        20, ge=1, le=1000, description="most resumable uploads of one sender that wait to be finished"
    )


def _no_slash_first(value: str) -> str:
    if value.startswith("/"):
        raise ValueError(
            f"expected the begin of a key such as gate/, without a slash before it, got {value!r}"
        )
    return value


class IngestFolder(Section):
    """Which camera the files of a bucket, or of a part of it, show."""

    bucket: str = Field(min_length=3, max_length=63, description="the bucket's name")
    prefix: Annotated[str, AfterValidator(_no_slash_first)] = Field(
        "", description="begin of the keys, such as gate/; by default all of the bucket"
    )
    camera: str | None = Field(
        None, description="the camera whose zones apply; by default the only one, or what a photo itself says"
    )


class IngestConfig(Section):
    """Photos and videos that appear in buckets of S3, or of a server that speaks its protocol."""

    queue_url: QueueAddress | None = Field(
        None, description="the SQS queue that gets the bucket's notifications, for `gotcha ingest`"
    )
    dead_letter_url: QueueAddress | None = Field(
        None,
        description="where messages go that cannot be used; by default the queue's own dead-letter queue",
    )
    endpoint: str | None = Field(
        None,
        pattern=r"^https?://[^@\s]+$",
        description="address of an S3-compatible server, such as https://minio.example:9000; by default AWS",
    )
    region: str | None = Field(
        None,
        min_length=1,
        description="region of queue and buckets; by default AWS_REGION of the environment",
    )
    attempts: int = Field(
        5, ge=1, le=100, description="tries after which a message goes to the dead-letter queue, 1 to 100"
    )
    visibility_s: int = Field(
        60, ge=10, le=3600, description="seconds for which a message is ours, renewed while it is worked on"
    )
    webhook_token: Token | None = Field(
        None, description="what a webhook must show, such as ${INGEST_TOKEN}; without it there is no webhook"
    )
    folders: tuple[IngestFolder, ...] = Field(
        (), description="the buckets whose files are taken; the longest prefix that fits decides"
    )

    @model_validator(mode="after")
    def _folders_differ(self) -> IngestConfig:
        seen: set[tuple[str, str]] = set()
        for folder in self.folders:
            if (folder.bucket, folder.prefix) in seen:
                raise ValueError(f"expected each bucket and prefix once, got {folder.bucket}/{folder.prefix}")
            seen.add((folder.bucket, folder.prefix))
        if (self.queue_url or self.webhook_token) and not self.folders:
            raise ValueError("expected the buckets whose files are taken in `folders`, got none")
        return self
