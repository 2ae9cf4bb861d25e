"""Files that appear in a bucket, through a real S3 and SQS: each analysed once, none lost."""

from __future__ import annotations

import json
import random
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from gotcha.cli.app import app
from gotcha.config import Config, parse_config
from gotcha.ingest_wiring import bucket_intake
from gotcha.ingesting import Ingest
from jobs.bucket_notices import BucketNotice
from jobs.notice_taking import NoticeTaker, TakenFile, Taking
from jobs.redis_connection import connect
from pipeline.errors import ConfigError, SourceError, StorageUnavailableError
from sources.sqs_inbox import SqsInbox
from storage.analyses import Analysis, AnalysisFilter, AnalysisKind, AnalysisSource
from storage.analysis_store import AnalysisStore
from storage.database import open_database
from tests.gotcha.program import gotcha
from tests.s3 import LOGIN
from tests.sources.media import jpeg, wait_until, write_video

REGION = "us-east-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """A bucket whose notifications go to a queue with a dead-letter queue, and who takes them in."""

    bucket: str
    queue_url: str
    dead_url: str
    endpoint: str
    config: Config
    engine: Engine
    s3: Any
    sqs: Any

    def inbox(self, visibility_s: int = 10) -> SqsInbox:
        return SqsInbox(
            self.queue_url,
            dead_letter_url=None,
            endpoint=self.endpoint,
            region=REGION,
            visibility_s=visibility_s,
        )

    def taker(self) -> NoticeTaker:
        # Redis is away: the analysis is stored all the same, and queued later.
        return bucket_intake(self.config, self.engine, connect("redis://127.0.0.1:1/0", wait_s=0.1))

    @contextmanager
    def ingesting(
        self, taker: NoticeTaker | None = None, attempts: int = 2, visibility_s: int = 10
    ) -> Iterator[None]:
        stop = threading.Event()
        ingest = Ingest(self.inbox(visibility_s), taker or self.taker(), attempts=attempts)
        thread = threading.Thread(target=ingest.run, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(20.0)
            assert not thread.is_alive()

    def rows(self) -> tuple[Analysis, ...]:
        return AnalysisStore(self.engine).list(AnalysisFilter())

    def waiting(self, url: str | None = None) -> int:
        """Messages in a queue, those that somebody holds included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        said = self.sqs.get_queue_attributes(QueueUrl=url or self.queue_url, AttributeNames=names)
        return sum(int(said["Attributes"][name]) for name in names)

    def dead(self) -> list[tuple[str, str]]:
        """Body and reason of each message in the dead-letter queue."""
        answer = self.sqs.receive_message(
            QueueUrl=self.dead_url,
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
            VisibilityTimeout=0,
        )
        return [
            (one["Body"], one["MessageAttributes"]["reason"]["StringValue"])
            for one in answer.get("Messages", ())
        ]

    def objects(self) -> dict[str, tuple[str, str]]:
        found = self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", ())
        return {one["Key"]: (one["ETag"], str(one["LastModified"])) for one in found}

    def done(self) -> Callable[[], bool]:
        return lambda: self.waiting() == 0


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_video(tmp_path_factory.mktemp("bucket") / "street.mp4", frames=20).read_bytes()


@pytest.fixture
def street(tmp_path: Path, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Street]:
    for name, value in (LOGIN | {"AWS_EC2_METADATA_DISABLED": "true"}).items():
        monkeypatch.setenv(name, value)
    session = boto3.session.Session()
    s3: Any = session.client("s3", endpoint_url=s3_endpoint, region_name=REGION)
    sqs: Any = session.client("sqs", endpoint_url=s3_endpoint, region_name=REGION)
    name = f"street-{uuid.uuid4().hex}"
    dead_url = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    dead_arn = _arn(sqs, dead_url)
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": "50"})
    queue_url = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})["QueueUrl"]
    s3.create_bucket(Bucket=name)
    s3.put_bucket_notification_configuration(
        Bucket=name,
        NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": _arn(sqs, queue_url), "Events": ["s3:ObjectCreated:*"]}]
        },
    )
    config = parse_config(
        f"""
state_dir: {tmp_path}
videos: {{max_bytes: 1000000}}
ingest:
  endpoint: {s3_endpoint}
  region: {REGION}
  folders:
    - {{bucket: {name}, camera: gate}}
    - {{bucket: {name}, prefix: "뒷마당/", camera: yard}}
cameras:
  gate: {{kind: webcam}}
  yard: {{kind: webcam}}
""",
        environment={},
    )
    engine = open_database(config.database_url)
    yield Street(
        bucket=name,
        queue_url=queue_url,
        dead_url=dead_url,
        endpoint=s3_endpoint,
        config=config,
        engine=engine,
        s3=s3,
        sqs=sqs,
    )
    engine.dispose()


def _arn(sqs: Any, url: str) -> str:
    said = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(said["Attributes"]["QueueArn"])


def event(bucket: str, key: str, sequencer: str = "0") -> str:
    thing = {"key": key, "size": 1, "eTag": "x", "sequencer": sequencer}
    record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": bucket}, "object": thing}}
    return json.dumps({"Records": [record]})


def test_files_in_a_bucket_are_taken_in_and_nothing_is_written_there(street: Street, video: bytes) -> None:
    """The first message is a test event; keys come percent-encoded."""
    street.s3.put_object(Bucket=street.bucket, Key="north side/a+b%.mp4", Body=video)
    street.s3.put_object(Bucket=street.bucket, Key="뒷마당/1", Body=video + b"\0", ContentType="video/mp4")
    street.s3.put_object(Bucket=street.bucket, Key="notes.txt", Body=b"no picture at all")
    street.s3.put_object(Bucket=street.bucket, Key="뒷마당/2.JPG", Body=jpeg(0))
    before = street.objects()
    assert street.waiting() >= 5
    with street.ingesting():
        wait_until(street.done(), within_s=30.0)
    assert {(row.asked.kind, row.asked.camera, row.asked.files[0].name) for row in street.rows()} == {
        (AnalysisKind.VIDEO, "gate", "a+b%.mp4"),
        (AnalysisKind.VIDEO, "yard", "1"),
        (AnalysisKind.PHOTO, "yard", "2.JPG"),
    }
    assert {row.asked.source for row in street.rows()} == {AnalysisSource.BUCKET}
    assert (street.dead(), street.objects()) == ([], before)


def test_a_file_is_known_by_its_name_where_its_sender_says_no_media_type(
    street: Street, tmp_path: Path
) -> None:
    """Some kinds that are taken by all other ways were passed over, and their messages deleted."""
    # WebM is Matroska with other codecs.
    kinds = {"3g2": "3g2", "webm": "mkv", "asf": "asf", "wmv": "asf"}
    bodies = {"gate.jfif": jpeg(1), "gate.jpe": jpeg(2)}
    for number, (name, kind) in enumerate(kinds.items()):
        made = write_video(tmp_path / f"street.{kind}", frames=10 + number)
        bodies[f"street.{name}"] = made.read_bytes()
    taker = street.taker()
    for name, body in bodies.items():
        street.s3.put_object(
            Bucket=street.bucket, Key=name, Body=body, ContentType="application/octet-stream"
        )
        assert taker.take(BucketNotice(bucket=street.bucket, key=name)).taking is Taking.NEW, name


def test_an_event_that_comes_twenty_times_out_of_order_makes_one_analysis(
    street: Street, video: bytes
) -> None:
    street.s3.put_object(Bucket=street.bucket, Key="gate/1.mp4", Body=video)
    order = list(range(20))
    random.Random(1).shuffle(order)
    for number in order:
        body = event(street.bucket, "gate%2F1.mp4", sequencer=f"{number:016x}")
        street.sqs.send_message(QueueUrl=street.queue_url, MessageBody=body)
    # Three programs at once, as on three machines.
    with street.ingesting(), street.ingesting(), street.ingesting():
        wait_until(street.done(), within_s=60.0)
    assert len(street.rows()) == 1
    assert street.dead() == []
    # Once more, after everything: a queue may do that days later.
    street.sqs.send_message(QueueUrl=street.queue_url, MessageBody=event(street.bucket, "gate%2F1.mp4"))
    with street.ingesting():
        wait_until(street.done(), within_s=30.0)
    assert len(street.rows()) == 1


def test_what_cannot_be_used_goes_to_the_dead_letters_with_its_reason(
    street: Street, video: bytes, tmp_path: Path
) -> None:
    street.s3.put_object(Bucket=street.bucket, Key="text.mp4", Body=b"A text named .mp4. " * 100)
    street.s3.put_object(Bucket=street.bucket, Key="zip.jpg", Body=b"PK\x03\x04" + b"\0" * 100)
    street.s3.put_object(Bucket=street.bucket, Key="huge.mp4", Body=b"\0" * 1_000_001)
    for body in ("no JSON", event("somebody-elses", "1.mp4"), event(street.bucket, "deleted.mp4")):
        street.sqs.send_message(QueueUrl=street.queue_url, MessageBody=body)
    with street.ingesting():
        wait_until(street.done(), within_s=30.0)
    reasons = "\n".join(sorted(reason for _, reason in street.dead()))
    for part in (
        "it is no video",
        "at most 1 MB are taken",
        "it is not JSON",
        "lies in none of ingest.folders",
    ):
        assert part.replace("it is no video", "the file is no video") in reasons
    # The one that was deleted meanwhile is nobody's fault.
    assert len(street.dead()) == 5
    assert street.rows() == ()
    assert [path for path in (tmp_path / "uploads").rglob("*") if path.is_file()] == []


def test_files_of_a_bucket_that_is_not_there_are_not_taken_for_deleted(street: Street) -> None:
    """A wrong address has none of the files: each message was deleted as that of a file that is gone."""
    told = event(street.bucket, "1.jpg")
    street.sqs.purge_queue(QueueUrl=street.queue_url)
    street.sqs.send_message(QueueUrl=street.queue_url, MessageBody=told)
    notice = BucketNotice(bucket=street.bucket, key="1.jpg")
    assert street.taker().take(notice).taking is Taking.GONE
    street.s3.delete_bucket(Bucket=street.bucket)
    with pytest.raises(SourceError, match="has no bucket"):
        street.taker().take(notice)
    with street.ingesting(attempts=1):
        wait_until(street.done(), within_s=30.0)
    ((body, reason),) = street.dead()
    assert body == told
    assert "check ingest.endpoint" in reason


def test_what_would_stop_the_inbox_goes_to_the_dead_letters_and_the_rest_goes_on(
    street: Street, video: bytes
) -> None:
    street.sqs.purge_queue(QueueUrl=street.queue_url)
    poison = (event(street.bucket, "%ff.mp4"), "[" * 100_000, event("somebody-elses", "a%01b.mp4"))
    for body in poison:
        street.sqs.send_message(QueueUrl=street.queue_url, MessageBody=body)
    with street.ingesting():
        wait_until(street.done(), within_s=30.0)
        street.s3.put_object(Bucket=street.bucket, Key="1.mp4", Body=video)
        wait_until(lambda: len(street.rows()) == 1, within_s=30.0)
        wait_until(street.done(), within_s=30.0)
    dead = dict(street.dead())
    assert set(dead) == set(poison)
    assert "a\ufffdb.mp4: it lies in none of ingest.folders" in dead[poison[2]]


class Flaky:
    """Fails as told before it takes; counts."""

    def __init__(self, failures: list[Exception]) -> None:
        self.failures = failures
        self.asked = 0

    def take(self, notice: BucketNotice) -> TakenFile:
        self.asked += 1
        if self.failures:
            raise self.failures.pop(0)
        return TakenFile(notice=notice, taking=Taking.NEW, analysis_id="a" * 32)


def test_while_the_database_is_away_a_message_is_held_and_not_counted(street: Street) -> None:
    """Its deliveries would have led it to the dead letters for a fault that is not its own."""
    street.sqs.purge_queue(QueueUrl=street.queue_url)
    street.sqs.send_message(QueueUrl=street.queue_url, MessageBody=event(street.bucket, "1.mp4"))
    taker = Flaky([StorageUnavailableError("the database is away")] * 2)
    with street.ingesting(taker, attempts=1):
        wait_until(street.done(), within_s=30.0)
    assert (taker.asked, street.dead()) == (3, [])


def test_a_message_that_fails_time_and_again_goes_to_the_dead_letters(street: Street) -> None:
    street.sqs.purge_queue(QueueUrl=street.queue_url)
    street.sqs.send_message(QueueUrl=street.queue_url, MessageBody=event(street.bucket, "1.mp4"))
    taker = Flaky([SourceError("access is denied"), RuntimeError("a bug of ours")])
    with street.ingesting(taker, attempts=2):
        wait_until(street.done(), within_s=40.0)
    assert taker.asked == 2
    ((_, reason),) = street.dead()
    assert "RuntimeError" in reason


def test_a_file_that_failed_for_what_was_away_is_begun_again_by_its_next_notice(street: Street) -> None:
    """Nobody sends a bucket's file again by hand; its notice was answered with the failed analysis."""
    street.s3.put_object(Bucket=street.bucket, Key="in/a.jpg", Body=jpeg(5))
    taker, notice = street.taker(), BucketNotice(bucket=street.bucket, key="in/a.jpg")
    store = AnalysisStore(street.engine)

    def taken_and_failed(waited_since: datetime | None) -> TakenFile:
        taken = taker.take(notice)
        assert taken.analysis_id is not None
        now = datetime.now(UTC)
        store.begin(taken.analysis_id, claim="1", at=now, until=now)
        assert store.fail(taken.analysis_id, claim="1", at=now, error="x", waited_since=waited_since)
        return taken

    first = taken_and_failed(datetime.now(UTC))
    second = taken_and_failed(None)
    assert (first.taking, second.taking) == (Taking.NEW, Taking.NEW)
    assert first.analysis_id != second.analysis_id
    # The file itself was at fault: it is not read again for each copy of its notice.
    assert taker.take(notice).analysis_id == second.analysis_id
    assert len(street.rows()) == 2


def test_a_message_is_held_for_as_long_as_it_is_worked_on(street: Street) -> None:
    street.sqs.purge_queue(QueueUrl=street.queue_url)
    street.sqs.send_message(QueueUrl=street.queue_url, MessageBody=event(street.bucket, "1.mp4"))
    began, go_on = threading.Event(), threading.Event()

    class Slow(Flaky):
        def take(self, notice: BucketNotice) -> TakenFile:
            began.set()
            assert go_on.wait(60.0)
            return super().take(notice)

    taker, other = Slow([]), street.inbox()
    with street.ingesting(taker, visibility_s=3):
        assert began.wait(20.0)
        # Longer than it was taken for.
        assert not threading.Event().wait(5.0)
        assert other.receive() == ()
        go_on.set()
        wait_until(street.done(), within_s=20.0)
    assert taker.asked == 1


def test_a_program_that_ends_gives_its_messages_back(street: Street) -> None:
    street.sqs.purge_queue(QueueUrl=street.queue_url)
    for number in range(3):
        street.sqs.send_message(QueueUrl=street.queue_url, MessageBody=event(street.bucket, f"{number}.mp4"))
    taker = Flaky([StorageUnavailableError("the database is away")] * 100)
    with street.ingesting(taker):
        wait_until(lambda: taker.asked > 0, within_s=20.0)
    assert len(street.inbox().receive()) + len(street.inbox().receive()) == 3


def test_a_queue_without_dead_letters_or_no_queue_at_all_is_one_sentence(street: Street) -> None:
    url = street.sqs.create_queue(QueueName=f"bare-{uuid.uuid4().hex}")["QueueUrl"]
    for wrong, kind, sentence in (
        (url, ConfigError, "has no dead-letter queue"),
        (f"{url}x", SourceError, "there is no queue"),
    ):
        with pytest.raises(kind, match=sentence):
            SqsInbox(wrong, dead_letter_url=None, endpoint=street.endpoint, region=REGION, visibility_s=10)


def test_without_a_queue_the_command_says_what_to_set(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("cameras: {gate: {kind: webcam}}\n")
    result = CliRunner().invoke(app, ["--config", str(tmp_path / "config.yaml"), "ingest"])
    assert result.exit_code == 2
    assert "ingest.queue_url is not set" in result.stderr.splitlines()[-1]


def test_the_command_takes_in_what_appears(street: Street, video: bytes, tmp_path: Path) -> None:
    street.s3.put_object(Bucket=street.bucket, Key="gate/1.mp4", Body=video)
    config = tmp_path / "config.yaml"
    config.write_text(
        f"state_dir: {tmp_path}\ncameras: {{gate: {{kind: webcam}}}}\n"
        f"ingest: {{queue_url: '{street.queue_url}', endpoint: '{street.endpoint}', region: {REGION}, "
        f"folders: [{{bucket: {street.bucket}}}]}}\n"
    )
    with gotcha(config, "ingest", **LOGIN) as program:
        wait_until(street.done(), within_s=60.0)
        assert program.interrupt() < 20.0
    assert program.exit_code == 0
    assert [row.asked.owner.partition("@")[0] for row in street.rows()] == [
        f"s3://{street.bucket}/gate/1.mp4"
    ]
