"""A bucket of S3 with a queue of its notices, on this machine: what the benchmarks fill."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipeline.errors import ConfigError

REGION = "us-east-1"
BUCKET = "street"
_LOGIN = {
    "AWS_ACCESS_KEY_ID": "gotcha",
    "AWS_SECRET_ACCESS_KEY": "measured",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketServer:
    """Its address, a client of S3, the queue of notices and the one of dead letters."""

    endpoint: str
    s3: Any
    queue_url: str
    dead_url: str


@contextlib.contextmanager
def bucket_server() -> Iterator[BucketServer]:
    """A server with a bucket, its queue and a queue of dead letters; the login stands in the environment."""
    try:
        import boto3
        from moto.server import ThreadedMotoServer
    except ImportError as error:
        raise ConfigError("this benchmark needs the development packages: make test installs them") from error
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    before = {name: os.environ.get(name) for name in _LOGIN}
    os.environ.update(_LOGIN)
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        session = boto3.session.Session()
        s3: Any = session.client("s3", endpoint_url=endpoint, region_name=REGION)
        sqs: Any = session.client("sqs", endpoint_url=endpoint, region_name=REGION)
        queue_url, dead_url = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("new", "dead"))
        said = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
        s3.create_bucket(Bucket=BUCKET)
        queue = {"QueueArn": said["Attributes"]["QueueArn"], "Events": ["s3:ObjectCreated:*"]}
        s3.put_bucket_notification_configuration(
            Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": [queue]}
        )
        yield BucketServer(endpoint=endpoint, s3=s3, queue_url=queue_url, dead_url=dead_url)
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
        server.stop()
