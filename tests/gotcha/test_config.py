"""What a good configuration becomes, and that every shipped example is one."""

from __future__ import annotations

import pickle
import re
import unicodedata
from datetime import date, datetime, time
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from gotcha.config import Config, load_config, parse_config
from gotcha.config_cameras import Esp32Camera, FileCamera, Framesize, RtspCamera, WebcamCamera
from pipeline.detection import VEHICLES, ObjectClass
from pipeline.errors import ConfigError
from pipeline.geometry import Size
from pipeline.zone import DWELL_S, ZoneKind
from sources.esp32_control import FRAME_SIZES

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```ya?ml\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Variables the examples name; the values are only ever used here.
_EXAMPLE_ENVIRONMENT = dict.fromkeys(
    ("GATE_PASSWORD", "CAMERA_PASSWORD", "LOT_PASSWORD", "REDIS_PASSWORD", "DATABASE_PASSWORD"), "example"
) | {"INGEST_TOKEN": "an-example-of-a-token"}

ONE_CAMERA = """\
holidays: [2026-05-05]
cameras:
  gate:
    kind: file
    path: street.mp4
    zones:
      - name: corner
        kind: {kind}
        polygon: [[0.1, 0.5], [0.9, 0.5], [0.9, 1], [0.1, 1]]
{more}
"""


def one_camera(kind: str = "crosswalk", **zone_keys: str) -> Config:
    more = "\n".join(f"        {key}: {value}" for key, value in zone_keys.items())
    return parse_config(ONE_CAMERA.format(kind=kind, more=more), environment={})


def shipped_examples() -> list[tuple[str, str]]:
    examples = [("config.yaml", (ROOT / "config.yaml").read_text(encoding="utf-8"))]
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))):
        if page.exists():
            blocks = _FENCE.findall(page.read_text(encoding="utf-8"))
            examples += [(f"{page.name} block {number}", block) for number, block in enumerate(blocks, 1)]
    return examples


@pytest.mark.parametrize(("name", "text"), shipped_examples(), ids=lambda value: str(value)[:40])
def test_every_shipped_example_loads(name: str, text: str) -> None:
    parse_config(text, name=name, folder=ROOT, environment=_EXAMPLE_ENVIRONMENT)


def test_the_shipped_file_needs_no_environment() -> None:
    config = load_config(ROOT / "config.yaml", environment={})
    assert isinstance(config.cameras["gate"], RtspCamera)
    assert isinstance(config.cameras["yard"], Esp32Camera)
    assert [zone.dwell_s for zone in config.zones_of("gate")] == [60.0, 60.0, 600.0]


def test_the_commented_lines_of_the_shipped_file_are_valid_too() -> None:
    """A reader takes the comment signs away; what then stands there has to load."""
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    key = re.compile(r"^( *)# ((?:  )*[a-z_]+:(?: .*)?)$", re.MULTILINE)
    live = key.sub(lambda match: match[1] + match[2], text)
    live = live.replace("queue: {}", "queue:").replace("database: {}", "database:")
    live = live.replace("ingest: {}", "ingest:")
    live = live.replace("weights: my_detector.onnx", "weights: models/vehicle_detector.onnx")
    config = parse_config(live, folder=ROOT, environment=_EXAMPLE_ENVIRONMENT)
    assert set(config.cameras) == {"gate", "yard", "lot", "recording", "sleeper", "window"}
    assert config.cameras["gate"].location is not None
    assert config.uploads.folder == Path("/srv/uploads")
    assert config.queue.url is not None
    assert config.ingest.webhook_token is not None
    assert config.ingest.folders[0].camera == "gate"
    assert config.evidence.folder == Path("/srv/evidence")


def test_evidence_in_a_bucket() -> None:
    """The line of the shipped file that excludes the one above it."""
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    config = parse_config(text.replace("  # s3: {", "  s3: {"), folder=ROOT, environment={})
    assert config.evidence.s3 is not None
    assert config.evidence.s3.bucket == "gotcha-evidence"
    assert config.evidence.s3.endpoint == "https://minio.example:9000"


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("{folder: /srv, s3: {bucket: abc}}", "evidence lies in one place"),
        ("{s3: {prefix: a/}}", "bucket"),
        ("{s3: {bucket: abc, endpoint: 'https://key:secret@minio'}}", "endpoint"),
        ("{s3: {bucket: abc, secret_key: x}}", "secret_key"),
        ("{s3: {bucket: abc, prefix: /a}}", "prefix"),
    ],
)
def test_a_bucket_that_cannot_be_is_said(section: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        parse_config(f"evidence: {section}", environment={})
    assert "secret@" not in str(error.value)


def test_reports_are_kept_for_days() -> None:
    assert parse_config("", environment={}).retention.final_days > 30
    with pytest.raises(ConfigError, match=r"retention\.final_days"):
        parse_config("retention: {final_days: 0}", environment={})


def test_an_empty_file_is_all_defaults() -> None:
    config = parse_config("", folder=Path("/srv/gotcha"), environment={})
    assert config.cameras == {}
    assert config.state_dir == Path("/srv/gotcha/var")
    assert config.evidence_dir == Path("/srv/gotcha/var/evidence")
    assert config.database_url == "sqlite:////srv/gotcha/var/gotcha.db"
    assert config.redis_url is None
    assert config.time_zone == ZoneInfo("Asia/Seoul")


@pytest.mark.parametrize("kind", list(ZoneKind))
def test_a_zone_takes_its_times_from_its_kind(kind: ZoneKind) -> None:
    (zone,) = one_camera(kind).zones_of("gate")
    assert (zone.dwell_s, zone.photo_gap_s, zone.confirm_s) == (DWELL_S[kind], DWELL_S[kind], 5.0)
    assert zone.classes == VEHICLES
    assert zone.schedule.applies_at(datetime(2026, 5, 5, 3, tzinfo=ZoneInfo("Asia/Seoul")))


def test_a_short_dwell_confirms_at_its_half() -> None:
    (zone,) = one_camera(dwell_s="6").zones_of("gate")
    assert (zone.dwell_s, zone.confirm_s, zone.photo_gap_s) == (6.0, 3.0, 60.0)


def test_what_is_written_goes_before_the_kind() -> None:
    config = one_camera(
        "no_parking",
        dwell_s="120",
        photo_gap_s="90",
        confirm_s="10.5",
        overlap="0.3",
        classes="[bus, truck]",
        allowed_plates="[ 123 가 4567 ]",
        report_unread="true",
    )
    (zone,) = config.zones_of("gate")
    assert (zone.dwell_s, zone.photo_gap_s, zone.confirm_s, zone.overlap) == (120.0, 90.0, 10.5, 0.3)
    assert zone.classes == {ObjectClass.BUS, ObjectClass.TRUCK}
    assert zone.allowed_plates == {"123가4567"}
    assert zone.report_unread


def test_hours_of_a_day_go_before_weekdays_and_these_before_daily() -> None:
    hours = '{daily: ["06:00-24:00"], weekdays: ["07:00-12:00", "13:00-21:00"], fri: []}'
    (zone,) = one_camera(hours=hours).zones_of("gate")
    monday, friday, sunday = (zone.schedule.hours[day] for day in (0, 4, 6))
    assert [(span.begins, span.ends) for span in monday] == [(time(7), time(12)), (time(13), time(21))]
    assert friday == ()
    assert [(span.begins, span.ends) for span in sunday] == [(time(6), None)]


@pytest.mark.parametrize(("rule", "applies"), [("apply", True), ("skip", False)])
def test_holidays_are_the_zones_choice(rule: str, applies: bool) -> None:
    (zone,) = one_camera("school_zone", holidays=rule).zones_of("gate")
    assert zone.schedule.holidays == (frozenset() if applies else {date(2026, 5, 5)})
    assert zone.schedule.applies_at(datetime(2026, 5, 5, 9, tzinfo=ZoneInfo("Asia/Seoul"))) is applies


def test_a_camera_may_stand_in_another_country() -> None:
    text = "cameras: {a: {kind: webcam, region: DE, time_zone: Europe/Berlin}, b: {kind: webcam}}"
    config = parse_config(text, environment={})
    assert (config.region_of("a"), config.region_of("b")) == ("DE", "KR")
    assert (config.time_zone_of("a").key, config.time_zone_of("b").key) == ("Europe/Berlin", "Asia/Seoul")


def test_a_ring_closed_by_its_first_point_is_the_same_polygon() -> None:
    text = ONE_CAMERA.format(kind="crosswalk", more="").replace("[0.1, 1]]", "[0.1, 1], [0.1, 0.5]]")
    assert parse_config(text, environment={}).zones_of("gate") == one_camera().zones_of("gate")


def test_paths_start_from_the_folder_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("state_dir: state\ncameras: {a: {kind: file, path: a/b.mp4}}\n")
    config = load_config(tmp_path / "own.yaml", environment={})
    camera = config.cameras["a"]
    assert isinstance(camera, FileCamera)
    assert (config.state_dir, camera.path) == (tmp_path / "state", tmp_path / "a" / "b.mp4")


def test_a_video_takes_over_the_zones_of_the_camera_it_was_filmed_by() -> None:
    config = one_camera(dwell_s="10").for_file(Path("/v/a.mp4"))
    assert list(config.cameras) == ["gate"]
    assert config.camera("gate").kind == "file"
    assert config.zones_of("gate") == one_camera(dwell_s="10").zones_of("gate")


def test_a_video_without_any_camera_is_one_zone() -> None:
    config = parse_config("", environment={}).for_file(Path("/v/a.mp4"))
    (zone,) = config.zones_of("video")
    assert (zone.kind, zone.polygon.area) == (ZoneKind.NO_PARKING, 1.0)


def test_a_video_needs_to_be_told_which_of_several_cameras() -> None:
    config = parse_config("cameras: {a: {kind: webcam}, b: {kind: webcam}}", environment={})
    with pytest.raises(ConfigError, match="--camera with one of a, b"):
        config.for_file(Path("/v/a.mp4"))
    with pytest.raises(ConfigError, match="no camera is named 'c'; the configuration has a, b"):
        config.for_file(Path("/v/a.mp4"), "c")
    assert list(config.for_file(Path("/v/a.mp4"), "b").cameras) == ["b"]


def test_nothing_can_be_changed_afterwards() -> None:
    config = one_camera()
    with pytest.raises(ValueError, match="frozen"):
        config.region = "DE"  # type: ignore[misc]


def test_it_travels_to_another_process_whole() -> None:
    text = "cameras: {gate: {kind: rtsp, url: 'rtsp://a:${PW}@cam/', zones: []}}"
    config = parse_config(text, environment={"PW": "secret"})
    copy = pickle.loads(pickle.dumps(config))  # noqa: S301 - it was made in the line itself
    assert copy == config
    assert isinstance(copy.cameras["gate"], RtspCamera)
    assert copy.cameras["gate"].url.reveal() == "rtsp://a:secret@cam/"


def test_a_secret_comes_from_the_environment_and_is_never_shown() -> None:
    text = "ingest: {webhook_token: '${TOKEN}', folders: [{bucket: street}]}"
    config = parse_config(text, environment={"TOKEN": "known-to-the-bucket-only"})
    assert config.ingest.webhook_token is not None
    assert config.ingest.webhook_token.reveal() == "known-to-the-bucket-only"
    assert "known-to" not in repr(config)
    assert pickle.loads(pickle.dumps(config)) == config  # noqa: S301 - it was made in the line itself
    for written, token, sentence in (
        ("known-to-the-bucket-only", "", "must not stand in this file"),
        ("${TOKEN}", "", "TOKEN is not set"),
        ("${TOKEN}", "short", "at least 16 characters, got 5"),
    ):
        with pytest.raises(ConfigError, match=sentence) as error:
            parse_config(text.replace("${TOKEN}", written), environment={"TOKEN": token})
        assert "known-to" not in str(error.value)


@pytest.mark.parametrize(
    ("ingest", "sentence"),
    [
        ("{queue_url: 'https://sqs/1/new'}", "expected the buckets whose files are taken in `folders`"),
        ("{folders: [{bucket: street}, {bucket: street}]}", "expected each bucket and prefix once"),
        ("{folders: [{bucket: street, prefix: /gate}]}", "without a slash before it"),
        ("{queue_url: 'https://key:secret@sqs/1/new'}", "queue_url"),
    ],
)
def test_an_inbox_that_cannot_be_is_said(ingest: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        parse_config(f"ingest: {ingest}", environment={})


def test_a_webcam_is_asked_for_a_size_and_a_rate() -> None:
    camera = parse_config("cameras: {w: {kind: webcam, size: 1280x720, fps: 15}}", environment={}).cameras[
        "w"
    ]
    assert isinstance(camera, WebcamCamera)
    assert camera.size == Size(width=1280, height=720)
    assert camera.fps == 15.0
    with pytest.raises(ConfigError, match="expected a size such as 1280x720, got 720p"):
        parse_config("cameras: {w: {kind: webcam, size: 720p}}", environment={})


def test_every_framesize_is_known_to_the_camera() -> None:
    names = get_args(Framesize)
    assert {name.lower() for name in names} == set(FRAME_SIZES)
    camera = parse_config("cameras: {y: {kind: esp32cam, url: 'http://cam'}}", environment={}).cameras["y"]
    assert isinstance(camera, Esp32Camera)
    assert (camera.framesize, camera.stream_port) == ("SVGA", 81)


@pytest.mark.parametrize(
    ("region", "written", "read"),
    [
        ("KR", "123 가 4567", "123가4567"),
        ("KR", "서울 12-바-3456", "서울12바3456"),
        ("KR", unicodedata.normalize("NFD", "123가4567"), "123가4567"),
        ("GB", "ab12 cde", "AB12CDE"),
        ("DE", "b-gh 123", "BGH123"),
        ("PT", "12·ab·34", "12AB34"),
        ("BR", "abc1d.23", "ABC1D23"),
    ],
)
def test_an_allowed_plate_is_taken_as_it_is_read(region: str, written: str, read: str) -> None:
    """Plates written with small letters, hyphens or a Mac's split syllables never matched a reading."""
    text = f"""
region: {region}
cameras:
  gate:
    kind: file
    path: street.mp4
    zones:
      - name: corner
        kind: crosswalk
        polygon: [[0, 0.5], [1, 0.5], [1, 1]]
        allowed_plates: ["{written}"]
"""
    (zone,) = parse_config(text, environment={}).zones_of("gate")
    assert zone.allowed_plates == {read}
