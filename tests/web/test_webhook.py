"""The webhook of buckets: who may call it, and what becomes of what it tells."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from fastapi.testclient import TestClient

from gotcha.config import parse_config
from gotcha.web_wiring import opened_services
from storage.analyses import AnalysisFilter
from tests.s3 import LOGIN
from tests.sources.media import write_video
from tests.web.conftest import Site
from web.app import create_app
from web.services import WebServices

TOKEN = "a-token-of-many-characters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    bucket: str
    s3: Any
    client: TestClient
    services: WebServices

    def tell(self, *keys: str, token: str = f"Bearer {TOKEN}", bucket: str = "") -> Any:
        records = [
            {
                "eventName": "s3:ObjectCreated:Put",
                "s3": {"bucket": {"name": bucket or self.bucket}, "object": {"key": key}},
            }
            for key in keys
        ]
        said = {"EventName": "s3:ObjectCreated:Put", "Records": records}
        headers = {"authorization": token.encode()} if token else {}
        return self.client.post("/ingest/s3-events", json=said, headers=headers)


@pytest.fixture
def hook(tmp_path: Path, redis_url: str, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    for name, value in (LOGIN | {"AWS_EC2_METADATA_DISABLED": "true"}).items():
        monkeypatch.setenv(name, value)
    bucket = f"hook-{uuid.uuid4().hex}"
    s3: Any = boto3.session.Session().client("s3", endpoint_url=s3_endpoint, region_name="us-east-1")
    s3.create_bucket(Bucket=bucket)
    config = parse_config(
        f"""
state_dir: {tmp_path}
ingest:
  endpoint: {s3_endpoint}
  region: us-east-1
  webhook_token: ${{INGEST_TOKEN}}
  folders: [{{bucket: {bucket}}}]
cameras: {{gate: {{kind: webcam}}}}
""",
        environment={"INGEST_TOKEN": TOKEN},
    )
    with opened_services(config, redis_url) as services:
        client = TestClient(create_app(services), raise_server_exceptions=False)
        yield Hook(bucket=bucket, s3=s3, client=client, services=services)


def test_a_video_is_taken_in_once(hook: Hook, tmp_path: Path) -> None:
    video = write_video(tmp_path / "street.mp4", frames=20).read_bytes()
    hook.s3.put_object(Bucket=hook.bucket, Key="gate/a b.mp4", Body=video)
    first = hook.tell("gate%2Fa+b.mp4", token=TOKEN)
    assert first.status_code == 200
    (answer,) = first.json()
    assert (answer["file"], answer["taking"]) == (f"s3://{hook.bucket}/gate/a b.mp4", "new")
    # The file is known by its mark; it is not read again.
    hook.services.videos.uploads.delete(
        hook.services.videos.analyses.list(AnalysisFilter())[0].asked.files[0].key
    )
    (again,) = hook.tell("gate%2Fa+b.mp4").json()
    assert (again["taking"], again["analysis"]) == ("known", answer["analysis"])
    assert len(hook.services.videos.analyses.list(AnalysisFilter())) == 1


def test_files_that_cannot_be_used_are_said(hook: Hook) -> None:
    hook.s3.put_object(Bucket=hook.bucket, Key="text.mp4", Body=b"A text named .mp4. " * 50)
    hook.s3.put_object(Bucket=hook.bucket, Key="notes.txt", Body=b"notes")
    taken = hook.tell("text.mp4", "notes.txt", "gone.mp4").json()
    assert [one["taking"] for one in taken] == ["refused", "ignored", "gone"]
    (other,) = hook.tell("1.mp4", bucket="somebody-elses").json()
    assert (other["taking"], other["reason"]) == ("refused", "it lies in none of ingest.folders")
    assert hook.services.videos.analyses.list(AnalysisFilter()) == ()


@pytest.mark.parametrize("token", ["", "Bearer wrong", "Bearer ", "Bearer ünicode"])
def test_who_does_not_show_the_token_is_refused(hook: Hook, token: str) -> None:
    answer = hook.tell("1.mp4", token=token)
    assert answer.status_code == 401
    assert TOKEN not in answer.text
    assert TOKEN not in repr(hook.services)


def test_what_is_no_notice_is_refused(hook: Hook) -> None:
    headers = {"authorization": f"Bearer {TOKEN}"}
    for body, status in (("hello", 422), ("{}", 422), ("x" * 1_000_001, 413)):
        answer = hook.client.post("/ingest/s3-events", content=body, headers=headers)
        assert answer.status_code == status
    test_event = json.dumps({"Event": "s3:TestEvent"})
    assert hook.client.post("/ingest/s3-events", content=test_event, headers=headers).json() == []


def test_without_a_token_in_the_configuration_there_is_no_webhook(site: Site) -> None:
    assert site.client().post("/ingest/s3-events", json={}).status_code == 404
