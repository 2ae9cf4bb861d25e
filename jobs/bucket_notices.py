"""Notices of buckets: what S3, MinIO, SNS and EventBridge say when a file has appeared."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from pipeline.errors import InvalidValueError, PayloadError

_CREATED = "ObjectCreated:"
_LONGEST_KEY_BYTES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketNotice:
    """A file that has appeared.

    Attributes:
        bucket: the bucket's name.
        key: the file's, as it is, no longer percent-encoded.
        version: which version of it, where the bucket keeps several.
    """

    bucket: str
    key: str
    version: str | None = None

    def __post_init__(self) -> None:
        said = (self.bucket, self.key, "" if self.version is None else self.version)
        if not all(isinstance(one, str) for one in said):
            kinds = ", ".join(type(one).__name__ for one in said)
            raise InvalidValueError(f"expected bucket, key and version as texts, got {kinds}")
        if not self.bucket or not 1 <= len(self.key.encode()) <= _LONGEST_KEY_BYTES:
            raise InvalidValueError(
                f"expected a bucket and a key of 1-{_LONGEST_KEY_BYTES} bytes, "
                f"got {self.bucket!r} and {len(self.key.encode())} bytes"
            )

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def read_notices(text: str) -> tuple[BucketNotice, ...]:
    """The files that a message says have appeared; none for a test event, a deletion and the like.

    Understands the event of S3 (docs.aws.amazon.com/AmazonS3, "Event message structure"), also within an
    envelope of SNS, that of MinIO, which is the same, and that of EventBridge.

    Raises:
        PayloadError: it is no such message.
    """
    try:
        return _notices(_decoded(text))
    # Whatever it is: what left here otherwise would stop the inbox for good, as the message comes again.
    except KeyError as error:
        raise _no_notice(f"it has no {error}") from None
    except InvalidValueError as error:
        raise _no_notice(str(error)) from None
    except UnicodeError:
        raise _no_notice("its key is no UTF-8") from None
    except RecursionError:
        raise _no_notice("it is nested too deeply") from None
    except (TypeError, AttributeError, ValueError):
        raise _no_notice("its parts are not of the kinds that a notice has") from None


def _notices(said: dict[str, Any]) -> tuple[BucketNotice, ...]:
    if said.get("Type") == "Notification" and isinstance(said.get("Message"), str):
        return _notices(_decoded(said["Message"]))
    if said.get("Event") == "s3:TestEvent":
        return ()
    if said.get("source") == "aws.s3":
        # EventBridge does not encode keys.
        detail = said["detail"]
        if said["detail-type"] != "Object Created":
            return ()
        thing = detail["object"]
        return (
            BucketNotice(bucket=detail["bucket"]["name"], key=thing["key"], version=thing.get("version-id")),
        )
    return tuple(
        BucketNotice(
            bucket=record["s3"]["bucket"]["name"],
            key=unquote_plus(record["s3"]["object"]["key"], errors="strict"),
            # MinIO gives an empty one where S3 gives none.
            version=record["s3"]["object"].get("versionId") or None,
        )
        for record in said["Records"]
        if record["eventName"].removeprefix("s3:").startswith(_CREATED)
        # What looks like a folder in a console is an empty object.
        and not record["s3"]["object"]["key"].endswith("/")
    )


def _decoded(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except ValueError:
        raise _no_notice("it is not JSON") from None
    if not isinstance(said, dict):
        raise _no_notice("it is no JSON object")
    return said


def _no_notice(why: str) -> PayloadError:
    return PayloadError(f"the message is no notice of a bucket: {why}")
