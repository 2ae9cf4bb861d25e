"""Notices of buckets as S3, SNS, EventBridge and MinIO write them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from jobs.bucket_notices import BucketNotice, read_notices
from pipeline.errors import PayloadError


def record(key: str, event: str = "ObjectCreated:Put", **thing: str) -> dict[str, Any]:
    """A record of S3's event, version 2.1, with what matters here."""
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": event,
        "s3": {"bucket": {"name": "street"}, "object": {"key": key, "size": 3} | thing},
    }


def event(*records: dict[str, Any]) -> str:
    return json.dumps({"Records": list(records)})


def test_keys_are_decoded() -> None:
    text = event(record("gate/a+b%2Bc/%EC%84%9C%EC%9A%B8.mp4", versionId="v1"), record("gate/2.mp4"))
    assert read_notices(text) == (
        BucketNotice(bucket="street", key="gate/a b+c/서울.mp4", version="v1"),
        BucketNotice(bucket="street", key="gate/2.mp4"),
    )


def test_only_files_that_appeared_count() -> None:
    events = ("ObjectRemoved:Delete", "ObjectTagging:Put", "ReducedRedundancyLostObject", "ObjectAclPut")
    assert read_notices(event(*(record("a.jpg", name) for name in events), record("gate/"))) == ()
    assert read_notices(json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"})) == ()


def test_uploads_in_parts_and_copies_count_too() -> None:
    names = ("ObjectCreated:CompleteMultipartUpload", "ObjectCreated:Copy", "ObjectCreated:Post")
    assert len(read_notices(event(*(record(f"{at}.jpg", name) for at, name in enumerate(names))))) == 3


def test_minio_names_the_event_its_own_way() -> None:
    said = {
        "EventName": "s3:ObjectCreated:Put",
        "Key": "street/gate/1.mp4",
        "Records": [record("gate%2F1.mp4", "s3:ObjectCreated:Put", versionId="")],
    }
    assert read_notices(json.dumps(said)) == (BucketNotice(bucket="street", key="gate/1.mp4"),)


def test_an_envelope_of_sns_is_opened() -> None:
    said = {"Type": "Notification", "TopicArn": "arn:aws:sns:x", "Message": event(record("1.mp4"))}
    assert read_notices(json.dumps(said)) == (BucketNotice(bucket="street", key="1.mp4"),)


def test_eventbridge_does_not_encode_keys() -> None:
    said = {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": "street"}, "object": {"key": "a+b%2B.mp4", "version-id": "v"}},
    }
    assert read_notices(json.dumps(said)) == (BucketNotice(bucket="street", key="a+b%2B.mp4", version="v"),)
    assert read_notices(json.dumps(said | {"detail-type": "Object Deleted"})) == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "[]",
        "{}",
        '{"Records": 3}',
        '{"Records": [{}]}',
        event(record("")),
        event(record("a" * 1025)),
        json.dumps({"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {}, "object": {}}}]}),
        json.dumps({"source": "aws.s3", "detail": {}}),
    ],
)
def test_what_is_no_notice_is_said_so(text: str) -> None:
    with pytest.raises(PayloadError, match="the message is no notice of a bucket") as refused:
        read_notices(text)
    # A sentence for people, not a name out of the program.
    assert "Error" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        event(record("gate/%ff.jpg")),
        event(record("gate/\ud800.jpg")),
        "[" * 100_000,
        '{"Message": ' * 100_000,
        event(record("1.jpg") | {"s3": {"bucket": {"name": ["street"]}, "object": {"key": "1.jpg"}}}),
        event(
            record("1.jpg")
            | {"s3": {"bucket": {"name": "street"}, "object": {"key": "1.jpg", "versionId": 5}}}
        ),
    ],
    ids=["no UTF-8", "half a character", "deep", "deep objects", "bucket is a list", "version is a number"],
)
def test_what_would_stop_the_inbox_is_no_notice(text: str) -> None:
    with pytest.raises(PayloadError, match="no notice of a bucket") as refused:
        read_notices(text)
    assert not re.search("Error|codec|object has", str(refused.value))
