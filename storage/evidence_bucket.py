"""Keeps evidence in a bucket of S3, or of anything that speaks its protocol."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config as ClientConfig
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004  (the library's own name)
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)

from pipeline.errors import EvidenceMissingError, EvidenceUnavailableError, InvalidValueError
from pipeline.report import Evidence, EvidenceKind
from storage.blob_store import StoredBlob
from storage.evidence_keys import check_content, check_key, evidence_key

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

CONNECT_TIMEOUT_S = 5
READ_TIMEOUT_S = 30
_ATTEMPTS = 3
_GONE = {"NoSuchKey", "404", "NotFound"}
_FORBIDDEN = {"AccessDenied", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch", "Forbidden"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketAddress:
    """Where the evidence lies.

    Attributes:
        bucket: the bucket's name.
        prefix: put before each key, such as `gotcha/`; "" for none.
        endpoint: address of an S3-compatible server, without login; None for AWS.
        region: the bucket's; None leaves it to the environment.
    """

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None

    def __post_init__(self) -> None:
        if not self.bucket:
            raise InvalidValueError("expected the name of a bucket, got an empty one")
        if self.prefix and (self.prefix.startswith("/") or not self.prefix.endswith("/")):
            raise InvalidValueError(f"expected a prefix such as gotcha/, got {self.prefix!r}")


class EvidenceBucket:
    """`storage.blob_store.BlobStore` in a bucket.

    The server checks the SHA-256 of what it takes, and takes it whole or not at all. Who we are comes from
    the environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the machine's role), never from a file
    of ours.
    """

    def __init__(self, address: BucketAddress) -> None:
        """Connect and look whether the bucket is there.

        Raises:
            EvidenceUnavailableError: it is not, or does not let us in; says what to do.
        """
        self._address = address
        self._bucket = address.bucket
        with self._translated("cannot be used"):
            self._client: S3Client = boto3.session.Session().client(
                "s3",
                endpoint_url=address.endpoint,
                region_name=address.region,
                config=ClientConfig(
                    connect_timeout=CONNECT_TIMEOUT_S,
                    read_timeout=READ_TIMEOUT_S,
                    retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
                    # Other servers than AWS do not know the checksums that boto3 adds of itself.
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_required",
                ),
            )
            self._client.head_bucket(Bucket=self._bucket)

    def put(
        self, *, camera: str, kind: EvidenceKind, taken_at: datetime, data: bytes, media_type: str
    ) -> Evidence:
        digest = hashlib.sha256(data)
        key = evidence_key(
            camera=camera, kind=kind, taken_at=taken_at, digest=digest.hexdigest(), media_type=media_type
        )
        with self._translated(f"did not take {len(data)} bytes of {kind.value}"):
            # Always written: the same key means the same bytes, and an altered object is healed.
            self._client.put_object(
                Bucket=self._bucket,
                Key=self._address.prefix + key,
                Body=data,
                ContentType=media_type,
                ChecksumSHA256=base64.b64encode(digest.digest()).decode("ascii"),
            )
        return Evidence(
            kind=kind,
            key=key,
            sha256=digest.hexdigest(),
            media_type=media_type,
            taken_at=taken_at,
            size_bytes=len(data),
        )

    def get(self, key: str) -> bytes:
        check_key(key)
        with self._translated(f"did not give {key}"):
            try:
                data = self._client.get_object(Bucket=self._bucket, Key=self._address.prefix + key)[
                    "Body"
                ].read()
            except ClientError as error:
                if _code(error) in _GONE:
                    raise EvidenceMissingError(
                        f"there is no evidence {key} in {self._shown}: it is gone"
                    ) from None
                raise
        check_content(key, data, self._shown)
        return data

    def delete(self, key: str) -> bool:
        check_key(key)
        with self._translated(f"did not delete {key}"):
            try:
                self._client.head_object(Bucket=self._bucket, Key=self._address.prefix + key)
            except ClientError as error:
                if _code(error) in _GONE:
                    return False
                raise
            self._client.delete_object(Bucket=self._bucket, Key=self._address.prefix + key)
        return True

    def blobs(self) -> Iterator[StoredBlob]:
        prefix = self._address.prefix
        with self._translated("cannot be listed"):
            for page in self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix
            ):
                for item in page.get("Contents", ()):
                    yield StoredBlob(
                        key=item["Key"].removeprefix(prefix),
                        size_bytes=item["Size"],
                        modified_at=item["LastModified"].astimezone(UTC),
                    )

    def where(self, key: str) -> str:
        check_key(key)
        return f"{self._shown}{key}"

    @property
    def _shown(self) -> str:
        return f"s3://{self._bucket}/{self._address.prefix}"

    @contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        try:
            yield
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise self._error(
                what, "no login: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment"
            ) from error
        except ClientError as error:
            raise self._error(what, self._refusal(error)) from error
        except (ConnectionError, HTTPClientError) as error:
            server = self._address.endpoint or "AWS"
            raise self._error(
                what, f"{server} does not answer; check evidence.s3.endpoint and the network"
            ) from error
        except (BotoCoreError, ValueError) as error:
            raise self._error(what, f"{error}; check evidence.s3") from error

    def _refusal(self, error: ClientError) -> str:
        code = _code(error)
        if code in {"NoSuchBucket", *_GONE}:
            return f"there is no bucket {self._bucket}; make it, or correct evidence.s3.bucket"
        if code in _FORBIDDEN:
            return (
                "access is denied; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment and "
                "the bucket's policy (s3:ListBucket, GetObject, PutObject, DeleteObject)"
            )
        return f"{error.response.get('Error', {}).get('Message') or code}"

    def _error(self, what: str, advice: str) -> EvidenceUnavailableError:
        # Server, network, login, rights, a full disk: all of them are mended without the evidence changing.
        return EvidenceUnavailableError(f"the evidence bucket {self._shown} {what}: {advice}")


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
