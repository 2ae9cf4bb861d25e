"""What only a bucket can do wrong."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import UTC, datetime

import boto3
import pytest

from pipeline.errors import EvidenceError, InvalidValueError
from pipeline.report import Evidence, EvidenceKind
from storage.evidence_bucket import BucketAddress, EvidenceBucket
from tests.s3 import LOGIN, NewBucket

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def put(store: EvidenceBucket, data: bytes) -> Evidence:
    return store.put(
        camera="gate", kind=EvidenceKind.PHOTO_1, taken_at=NOON, data=data, media_type="image/jpeg"
    )


def test_the_objects_lie_below_the_prefix_with_their_type(new_bucket: NewBucket) -> None:
    address = new_bucket(prefix="seoul/north/")
    item = put(EvidenceBucket(address), b"jpeg")
    client = boto3.session.Session().client("s3", endpoint_url=address.endpoint, region_name="us-east-1")
    found = client.head_object(Bucket=address.bucket, Key=f"seoul/north/{item.key}")
    assert found["ContentType"] == "image/jpeg"
    assert EvidenceBucket(address).where(item.key) == f"s3://{address.bucket}/seoul/north/{item.key}"


def test_two_prefixes_in_one_bucket_do_not_see_each_other(new_bucket: NewBucket) -> None:
    north = new_bucket(prefix="north/")
    south = replace(north, prefix="south/")
    item = put(EvidenceBucket(north), b"1")
    assert list(EvidenceBucket(south).blobs()) == []
    with pytest.raises(EvidenceError, match="gone"):
        EvidenceBucket(south).get(item.key)


def test_more_than_a_page_is_listed(new_bucket: NewBucket) -> None:
    store = EvidenceBucket(new_bucket())
    client = store._client
    for number in range(1005):
        client.put_object(Bucket=store._bucket, Key=f"other/{number}", Body=b"")
    assert len(list(store.blobs())) == 1005


def test_an_altered_object_is_noticed_and_put_heals_it(new_bucket: NewBucket) -> None:
    store = EvidenceBucket(new_bucket())
    item = put(store, b"genuine")
    store._client.put_object(Bucket=store._bucket, Key=item.key, Body=b"forged!")
    with pytest.raises(EvidenceError, match="altered"):
        store.get(item.key)
    assert put(store, b"genuine") == item
    assert store.get(item.key) == b"genuine"


def test_a_bucket_that_is_not_there_is_said(new_bucket: NewBucket) -> None:
    address = replace(new_bucket(), bucket="nowhere")
    with pytest.raises(EvidenceError, match=r"no bucket nowhere; make it, or correct evidence\.s3\.bucket"):
        EvidenceBucket(address)


def test_a_missing_login_is_said(new_bucket: NewBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    address = new_bucket()
    for name in LOGIN:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(EvidenceError, match="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        EvidenceBucket(address)


def test_a_server_that_does_not_answer_is_said_without_the_key(
    new_bucket: NewBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.evidence_bucket._ATTEMPTS", 1)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = replace(new_bucket(), endpoint=f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(EvidenceError, match=r"does not answer; check evidence\.s3\.endpoint") as error:
            EvidenceBucket(address)
    assert LOGIN["AWS_SECRET_ACCESS_KEY"] not in str(error.value)


@pytest.mark.parametrize(
    ("bucket", "prefix"), [("", ""), ("evidence", "/absolute/"), ("evidence", "no-slash-at-its-end")]
)
def test_an_address_that_cannot_be_is_refused(bucket: str, prefix: str) -> None:
    with pytest.raises(InvalidValueError, match="expected"):
        BucketAddress(bucket=bucket, prefix=prefix)
