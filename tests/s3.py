"""A real S3 server for the tests: one for each test session, an empty bucket per asker."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Protocol

import boto3
import pytest
from moto.server import ThreadedMotoServer

from storage.evidence_bucket import BucketAddress

LOGIN = {"AWS_ACCESS_KEY_ID": "gotcha", "AWS_SECRET_ACCESS_KEY": "tested"}


class NewBucket(Protocol):
    """Makes an empty bucket and gives its address."""

    def __call__(self, *, prefix: str = "") -> BucketAddress: ...


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The server's address; it ends with the session."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def new_bucket(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> NewBucket:
    """Makes buckets; who we are stands in the environment, as for a user."""
    for name, value in (LOGIN | {"AWS_EC2_METADATA_DISABLED": "true"}).items():
        monkeypatch.setenv(name, value)

    def new(*, prefix: str = "") -> BucketAddress:
        name = f"evidence-{uuid.uuid4().hex}"
        boto3.session.Session().client("s3", endpoint_url=s3_endpoint, region_name="us-east-1").create_bucket(
            Bucket=name
        )
        return BucketAddress(bucket=name, prefix=prefix, endpoint=s3_endpoint)

    return new
