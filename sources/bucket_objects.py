"""Reads files out of buckets of S3, or of anything that speaks its protocol; writes nothing there."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import boto3
from botocore.config import Config as ClientConfig
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

from pipeline.errors import SourceError, SourceOpenError, SourcePermanentError, UploadTooLargeError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_log = logging.getLogger(__name__)

_CONNECT_S, _READ_S, _ATTEMPTS = 5, 30, 3
_BLOCK_BYTES = 1 << 20
_GONE = {"NoSuchKey", "NoSuchVersion", "404", "NotFound", "NoSuchBucket"}


class Sink(Protocol):
    """What bytes are written to."""

    def write(self, chunk: bytes) -> None:
        """Take the next piece."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketObject:
    """A file in a bucket: its length, what it is called, and the mark of its content."""

    bucket: str
    key: str
    version: str | None
    size_bytes: int
    media_type: str
    etag: str


class BucketObjects:
    """Threads may share it. Who we are comes from the environment, as for the evidence bucket.

    Args:
        endpoint: address of an S3-compatible server; None for AWS.
        region: the buckets'; None leaves it to the environment.
    """

    def __init__(self, *, endpoint: str | None, region: str | None) -> None:
        self._endpoint = endpoint
        with self._translated("the buckets"):
            self._client: S3Client = boto3.session.Session().client(
                "s3",
                endpoint_url=endpoint,
                region_name=region,
                config=ClientConfig(
                    connect_timeout=_CONNECT_S,
                    read_timeout=_READ_S,
                    retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_required",
                ),
            )

    def look(self, bucket: str, key: str, version: str | None) -> BucketObject:
        """What lies under a key, without reading it.

        Raises:
            SourcePermanentError: nothing does.
            SourceOpenError: the server does not answer now.
            SourceError: it does not let us, or there is no such bucket.
        """
        try:
            with self._translated(f"s3://{bucket}/{key}"):
                if version is None:
                    found = self._client.head_object(Bucket=bucket, Key=key)
                else:
                    found = self._client.head_object(Bucket=bucket, Key=key, VersionId=version)
        except SourcePermanentError:
            # The answer to HEAD has no body that says what is missing.
            self._check_bucket(bucket)
            raise
        return BucketObject(
            bucket=bucket,
            key=key,
            version=version,
            size_bytes=found["ContentLength"],
            media_type=found.get("ContentType", ""),
            etag=found["ETag"].strip('"'),
        )

    def read(self, wanted: BucketObject, sink: Sink, *, limit_bytes: int) -> None:
        """Write the content of `wanted` to `sink`, piece by piece.

        Raises:
            UploadTooLargeError: it is larger than `limit_bytes`, whatever was said of it before.
            SourceError: as for `look`.
        """
        came = 0
        with self._translated(f"s3://{wanted.bucket}/{wanted.key}"):
            if wanted.version is None:
                answer = self._client.get_object(Bucket=wanted.bucket, Key=wanted.key)
            else:
                answer = self._client.get_object(
                    Bucket=wanted.bucket, Key=wanted.key, VersionId=wanted.version
                )
            with answer["Body"] as body:
                while block := body.read(_BLOCK_BYTES):
                    came += len(block)
                    if came > limit_bytes:
                        raise UploadTooLargeError(f"the file is larger than the {limit_bytes:,} bytes taken")
                    sink.write(block)

    def _check_bucket(self, bucket: str) -> None:
        """Tell a file that is gone from an address at which none of them can be.

        Raises:
            SourceError: there is no such bucket.
            SourceOpenError: the server does not answer now.
        """
        try:
            with self._translated(f"the bucket {bucket}"):
                self._client.head_bucket(Bucket=bucket)
        except SourcePermanentError:
            server = self._endpoint or "AWS"
            raise SourceError(
                f"{server} has no bucket {bucket}: check ingest.endpoint, ingest.region and ingest.folders"
            ) from None
        except SourceOpenError:
            raise
        except SourceError as error:
            # Who may read its files need not be let at the bucket itself.
            _log.debug("whether there is a bucket %s is not known: %s", bucket, error)

    @contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        try:
            yield
        except (NoCredentialsError, PartialCredentialsError):
            raise SourceError(
                f"{what} cannot be read: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment"
            ) from None
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            if code in _GONE:
                raise SourcePermanentError(f"{what} is gone") from None
            if status >= 500:
                raise SourceOpenError(f"{what} cannot be read now ({code})") from None
            raise SourceError(
                f"{what} cannot be read ({code}): check the login and the bucket's policy (s3:GetObject)"
            ) from None
        except BotoCoreError as error:
            server = self._endpoint or "AWS"
            raise SourceOpenError(f"{what} cannot be read: {server} does not answer ({error})") from None
