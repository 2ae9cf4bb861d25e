"""Keeps uploaded files in a bucket, so that workers on other machines can read them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from boto3.exceptions import Boto3Error, RetriesExceededError
from boto3.s3.transfer import TransferConfig
from botocore.config import Config as ClientConfig
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004  (botocore's own)
    HTTPClientError,
    IncompleteReadError,
)

from pipeline.errors import UploadError, UploadUnavailableError
from storage.blob_store import StoredBlob
from storage.evidence_bucket import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, BucketAddress
from storage.upload_folder import UploadFolder, clear_left_behind
from storage.upload_store import (
    Incoming,
    StoredUpload,
    check_upload_key,
    incoming,
    told_from_damage,
    unreadable,
)

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_FOLDER = "uploads/"
_GONE = {"NoSuchKey", "404", "NotFound"}
_AWAY = (ConnectionError, HTTPClientError, IncompleteReadError, RetriesExceededError)
# One part at a time: a video of gigabytes takes 8 MB of memory.
_TRANSFER = TransferConfig(use_threads=False)


class UploadBucket:
    """`storage.upload_store.UploadStore` under `uploads/` in the bucket of the evidence.

    Args:
        address: of the bucket.
        scratch: folder of this machine through which files come and go. What an `UploadFolder` kept in it,
            before there was a bucket, is still given and goes in its time.

    Raises:
        UploadError: the scratch folder cannot be used.
    """

    def __init__(self, address: BucketAddress, scratch: Path) -> None:
        self._bucket = address.bucket
        self._prefix = address.prefix + _FOLDER
        self._scratch = scratch
        try:
            scratch.mkdir(parents=True, exist_ok=True)
            clear_left_behind(scratch)
            self._before = UploadFolder(scratch) if any(scratch.glob("[0-9a-f][0-9a-f]/*")) else None
        except OSError as error:
            raise UploadError(
                f"the folder of uploads {scratch} cannot be used: {error.strerror or error}"
            ) from error
        with self._translated("cannot be used"):
            self._client: S3Client = boto3.session.Session().client(
                "s3",
                endpoint_url=address.endpoint,
                region_name=address.region,
                config=ClientConfig(
                    connect_timeout=CONNECT_TIMEOUT_S,
                    read_timeout=READ_TIMEOUT_S,
                    retries={"mode": "standard", "total_max_attempts": 3},
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_required",
                ),
            )

    def receive(self, *, limit_bytes: int) -> AbstractContextManager[Incoming]:
        return incoming(self._scratch, limit_bytes=limit_bytes, keep=self._keep)

    @contextmanager
    def opened(self, key: str) -> Iterator[Path]:
        check_upload_key(key)
        if self._before is not None and (self._scratch / key).is_file():
            with self._before.opened(key) as path:
                yield path
            return
        path = self._scratch / f"read-{secrets.token_hex(16)}"
        try:
            with self._translated(f"did not give {key}"):
                try:
                    self._client.download_file(self._bucket, self._prefix + key, str(path), Config=_TRANSFER)
                except OSError as error:
                    raise unreadable(key, error) from error
            with told_from_damage(path, key):
                yield path
        finally:
            path.unlink(missing_ok=True)

    def delete(self, key: str, *, kept_before: datetime | None = None) -> bool:
        check_upload_key(key)
        before = self._before is not None and self._before.delete(key, kept_before=kept_before)
        with self._translated(f"did not delete {key}"):
            try:
                found = self._client.head_object(Bucket=self._bucket, Key=self._prefix + key)
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in _GONE:
                    return before
                raise
            if kept_before is not None and found["LastModified"] >= kept_before:
                return before
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key)
        return True

    def blobs(self) -> Iterator[StoredBlob]:
        if self._before is not None:
            yield from self._before.blobs()
        with self._translated("cannot be listed"):
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix):
                for item in page.get("Contents", ()):
                    yield StoredBlob(
                        key=item["Key"].removeprefix(self._prefix),
                        size_bytes=item["Size"],
                        modified_at=item["LastModified"].astimezone(UTC),
                    )

    def _keep(self, path: Path, upload: StoredUpload) -> None:
        with self._translated(f"did not take {upload.size_bytes} bytes"):
            self._client.upload_file(str(path), self._bucket, self._prefix + upload.key, Config=_TRANSFER)

    @contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError, Boto3Error) as error:
            kind = UploadUnavailableError if _is_away(error) else UploadError
            raise kind(
                f"the bucket s3://{self._bucket}/{self._prefix} {what}: {error}; check evidence.s3, "
                "the login in the environment and the network"
            ) from error


def _is_away(error: Exception) -> bool:
    """Whether the server, the line to it or the login is at fault, and not the file that was asked for."""
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code") not in _GONE
    return isinstance(error, _AWAY)
