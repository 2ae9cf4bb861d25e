"""Each slip in a configuration is one sentence with its line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from gotcha.config import load_config, parse_config
from pipeline.errors import ConfigError

CAMERA = """\
cameras:
  gate:
    kind: file
    path: street.mp4
    zones:
      - name: corner
        kind: crosswalk
        polygon: [[0, 0.5], [1, 0.5], [1, 1]]
"""
ZONE = "config.yaml line 9: cameras.gate.zones.0."
POLYGON = "config.yaml line 8: cameras.gate.zones.0.polygon: "


def fault(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, environment={})
    return str(caught.value)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("dwell_s: -3", "dwell_s: expected seconds above 0, got -3"),
        ("dwel_s: 3", "dwel_s: there is no such key; did you mean `dwell_s`?"),
        ("dwell_s: '60'", "dwell_s: expected a number of seconds, got '60'"),
        ("dwell_s: .nan", "dwell_s: expected a number of seconds, got nan"),
        ("dwell_s: true", "dwell_s: expected a number of seconds, got true"),
        ("overlap: 1.5", "overlap: expected a number of at most 1, got 1.5"),
        ("report_unread: yes", "report_unread: expected true or false, got 'yes'"),
        ("holidays: skipp", "holidays: expected one of apply, skip, got 'skipp'; did you mean skip?"),
        ("classes: [lorry]", "classes.0: expected one of car, motorcycle, bus, truck, got 'lorry'"),
        ("classes: [person]", "classes.0: expected one of car, motorcycle, bus, truck, got 'person'"),
        ("classes: []", "classes: expected a list with at least one entry, got an empty list"),
        (
            "allowed_plates: [1234]",
            "allowed_plates.0: expected a text (in quotes where it looks like a number)",
        ),
        ("hours: {mond: ['08:00-20:00']}", "hours.mond: there is no such key; did you mean `mon`?"),
        ("hours: {mon: ['8-20']}", "hours.mon.0: expected hours such as \"08:00-20:00\", got '8-20'"),
        ("hours: {mon: ['22:00-06:00']}", "hours.mon.0: expected hours that end after they begin"),
        ("hours: {mon: ['25:00-26:00']}", "hours.mon.0: expected hours such as"),
        ("hours: {}", "hours: expected hours on at least one day"),
    ],
)
def test_a_wrong_zone_key(key: str, message: str) -> None:
    text = fault(f"{CAMERA}        {key}\n")
    assert text.startswith(ZONE + message)
    assert "\n" not in text


@pytest.mark.parametrize(
    ("region", "plate"),
    [
        ("KR", "12가345"),
        ("KR", "AB12CDE"),
        ("KR", "12가34?7"),
        ("GB", "12가3456"),
        ("DE", "B 1"),
        ("KR", "-"),
    ],
)
def test_an_allowed_plate_that_nobody_can_have_is_refused(region: str, plate: str) -> None:
    """A slip in a resident's plate was taken as it was, and the resident accused every night."""
    text = fault(f"region: {region}\n{CAMERA}        allowed_plates:\n        - '{plate}'\n")
    assert text.startswith(
        "config.yaml line 11: cameras.gate.zones.0.allowed_plates.0: "
        f"expected a plate of the region {region}, got "
    )


@pytest.mark.parametrize("name", ["photos", "video"])
def test_a_camera_is_not_named_like_what_people_send(name: str) -> None:
    """Its reports and evidence would lie among those of photos that no camera took."""
    text = fault(CAMERA.replace("gate:", f"{name}:"))
    assert f"expected another name: {name} is that of what people send" in text


@pytest.mark.parametrize(
    ("polygon", "message"),
    [
        ("[[0, 0], [1, 1]]", "expected a polygon of at least 3 points, got 2"),
        ("[[0, 0], [1, 1], [1, 0], [0, 1]]", "expected a polygon whose edges do not cross"),
        ("[[0, 0], [0.5, 0.5], [1, 1]]", "expected a polygon with an area, got one that is flat"),
        (
            "[[0, 0], [640, 0], [1, 1]]",
            "expected point 2 in fractions of the picture, 0 to 1, got [640, 0]; divide",
        ),
        ("[[0, 0], [1], [1, 1]]", "expected point 2 as [x, y] with two numbers, got [1]"),
        ("[[0, 0], [x, 1], [1, 1]]", "expected point 2 as [x, y] with two numbers, got ['x', 1]"),
        ("everywhere", "expected a list of [x, y] points, got 'everywhere'"),
    ],
)
def test_a_bad_polygon(polygon: str, message: str) -> None:
    assert fault(CAMERA.replace("[[0, 0.5], [1, 0.5], [1, 1]]", polygon)).startswith(POLYGON + message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "time_zone: Asia/Seol",
            "line 1: time_zone: expected a time zone such as Asia/Seoul, got 'Asia/Seol'; did",
        ),
        (
            "time_zone: Seoul",
            "line 1: time_zone: expected a time zone such as Asia/Seoul, got 'Seoul'; did you mean",
        ),
        (
            "region: Korea",
            "line 1: region: expected country of the plates, two capitals such as KR or DE, got",
        ),
        ("\nholidays: [tomorrow]", "line 2: holidays.0: expected a date such as 2026-01-01, got 'tomorrow'"),
        (
            "detector: {backend: onx}",
            "line 1: detector.backend: expected one of auto, onnx, openvino, ultralytics, got",
        ),
        ("detector: {input_px: 600}", "line 1: detector.input_px: expected a multiple of 32, got 600"),
        (
            "detector: {weights: no.onnx}",
            "line 1: detector: expected a file in `weights`, got 'no.onnx', where there",
        ),
        (
            "detector: {weights: net.pt, backend: onnx}",
            "line 1: detector: expected an .onnx file in `weights` for backend onnx, got",
        ),
        ("detector: {backend: ultralytics}", "line 1: detector: expected `weights` for backend ultralytics"),
        (
            "evidence: {jpeg_quality: 92.5}",
            "line 1: evidence.jpeg_quality: expected a whole number, got 92.5",
        ),
        ("repeats:", "line 1: repeats: expected a section with keys, got nothing"),
        ("camera: {}", "line 1: camera: there is no such key; did you mean `cameras`?"),
        (
            "cameras: {a: {kind: rstp}}",
            "line 1: cameras.a.kind: expected one of rtsp, esp32cam, stills, device, file, webcam",
        ),
        (
            # Slower stills were taken, and places then forgot their vehicles between two pictures.
            "cameras:\n  a:\n    kind: stills\n    url: http://192.168.0.40/capture\n    interval_s: 2.5",
            "line 5: cameras.a.interval_s: expected seconds of at most 2, got 2.5",
        ),
        ("cameras:\n  a:\n    path: x", "line 2: cameras.a.kind: this key is missing; expected one of rtsp,"),
        (
            "cameras:\n  a:\n    kind: file",
            "line 2: cameras.a.path: this key is missing; it holds the video, from",
        ),
        (
            "cameras: {a b: {kind: webcam}}",
            "line 1: cameras.a b: expected a name of letters, digits, - and _",
        ),
        ("cameras:\n\n  1: {kind: webcam}", 'line 3: expected a text as key, got 1; put it in quotes: "1"'),
        ("cameras: {a: {kind: webcam, kind: file}}", "line 1: the key 'kind' stands here a second time"),
        (
            "cameras: {a: {kind: file, path: x, started_at: 2026-05-01T09:00:00}}",
            "line 1: cameras.a.started_at: ",
        ),
        ("region: KR\ncameras: [", "line 2: this is not YAML: "),
        ("region: KR\n  zone: x", "line 2: this is not YAML: mapping values are not allowed here"),
        ("- region", "line 1: expected sections such as `cameras:`, got a list"),
    ],
)
def test_a_wrong_file(text: str, message: str) -> None:
    assert fault(text).startswith(f"config.yaml {message}")


def test_a_misspelt_key_is_not_also_called_missing() -> None:
    assert fault(CAMERA.replace("polygon", "poligon")) == (
        "config.yaml line 8: cameras.gate.zones.0.poligon: there is no such key; did you mean `polygon`?"
    )


def test_all_faults_are_said_at_once_in_the_order_of_the_file() -> None:
    text = fault(CAMERA.replace("crosswalk", "zebra") + "        dwell_s: 0\nregion: kr\n")
    assert [line.split(":")[0] for line in text.splitlines()] == [f"config.yaml line {n}" for n in (7, 9, 10)]


def test_two_zones_of_one_name() -> None:
    zone = CAMERA[CAMERA.index("      - name") :]
    assert "expected zones with different names, got 'corner' twice" in fault(CAMERA + zone)


def test_photo_1_cannot_come_after_the_dwell() -> None:
    assert "expected confirm_s of at most dwell_s (60 s), got 90 s" in fault(
        f"{CAMERA}        confirm_s: 90\n"
    )


@pytest.mark.parametrize("text", ["&x [*x]", "!!python/object/apply:os.system ['true']", "{&y a: {b: *y}}"])
def test_yaml_tricks_do_nothing_but_fail(text: str) -> None:
    assert fault(f"cameras: {text}").startswith("config.yaml")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file; write one like the shipped"):
        load_config(tmp_path / "config.yaml")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x00\x01\x02"])
def test_a_file_that_is_no_text(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"config\.yaml"):
        load_config(path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read as UTF-8 text"):
        load_config(tmp_path)
