"""Zones written into the configuration file: comments stay, faults are said, nobody's change is lost."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
from pydantic import JsonValue

from gotcha.config import load_config
from gotcha.config_file import ConfigFile
from gotcha.zone_book import FileZones
from pipeline.errors import ConfigChangedError, ConfigError, InvalidValueError
from web.zone_services import ZoneSheet

SHIPPED = (Path(__file__).parents[2] / "config.yaml").read_text(encoding="utf-8")
SQUARE: JsonValue = [[0.1, 0.1], [0.4, 0.1], [0.4, 0.4]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(SHIPPED, encoding="utf-8")
    return path


def book(path: Path, text: str | None = None) -> FileZones:
    if text is not None:
        path.write_text(text, encoding="utf-8")
    return FileZones(ConfigFile(path))


def edited(sheet: ZoneSheet, number: int, **changes: JsonValue) -> list[dict[str, JsonValue]]:
    zones = [{**zone, "was": zone["name"]} for zone in sheet.zones]
    zones[number].update(changes)
    return zones


def changed_lines(path: Path) -> tuple[list[str], list[str]]:
    found = list(difflib.ndiff(SHIPPED.splitlines(), path.read_text(encoding="utf-8").splitlines()))
    return [one[2:] for one in found if one.startswith("- ")], [
        one[2:] for one in found if one.startswith("+ ")
    ]


def test_nothing_changes_where_nothing_was_changed(path: Path) -> None:
    zones = book(path)
    for camera in ("gate", "yard"):
        sheet = zones.read(camera)
        again = zones.write(camera, [{**zone, "was": zone["name"]} for zone in sheet.zones], sheet.revision)
        assert (again, path.read_text(encoding="utf-8")) == (sheet, SHIPPED)


def test_one_value_changes_one_line_and_its_comment_stays(path: Path) -> None:
    zones = book(path)
    sheet = zones.read("gate")
    zones.write("gate", edited(sheet, 2, dwell_s=900.0, name="exit lane"), sheet.revision)
    gone, new = ({" ".join(line.split()) for line in lines} for lines in changed_lines(path))
    assert gone - new == {"- name: fire lane", "dwell_s: 600 # instead of the kind's 300 s"}
    assert new - gone == {"- name: exit lane", "dwell_s: 900 # instead of the kind's 300 s"}
    assert load_config(path, opens_cameras=False).camera("gate").zones[2].dwell_s == 900.0


def test_a_zone_is_added_and_one_is_removed(path: Path) -> None:
    zones = book(path)
    sheet = zones.read("gate")
    new: dict[str, JsonValue] = {
        "name": "횡단보도 앞",
        "kind": "crosswalk",
        "polygon": SQUARE,
        "hours": {"weekdays": ["08:00-12:00", "14:00-24:00"]},
        "classes": ["car", "bus"],
        "allowed_plates": ["12가3456"],
    }
    kept = edited(sheet, 0)
    written = zones.write("gate", [kept[0], kept[2], new], sheet.revision)
    assert [zone["name"] for zone in written.zones] == ["hydrant", "fire lane", "횡단보도 앞"]
    text = path.read_text(encoding="utf-8")
    for comment in (
        "# decides how long a vehicle may stand",
        "# these may stand there",
        "masks:   ",
        "# An ESP32-CAM with",
    ):
        assert comment in text
    assert "school front" not in text
    config = load_config(path, opens_cameras=False)
    hours = config.camera("gate").zones[2].hours
    assert hours is not None
    assert len(hours.of_week()[0]) == 2
    gone, added = changed_lines(path)
    assert len(gone) <= 8
    assert len(added) <= 10


def test_all_zones_go_and_come(path: Path) -> None:
    zones = book(path)
    empty = zones.write("gate", [], zones.read("gate").revision)
    assert empty.zones == ()
    assert "# nothing in here is a vehicle" in path.read_text(encoding="utf-8")
    full = zones.write("gate", [{"name": "a", "kind": "bus_stop", "polygon": SQUARE}], empty.revision)
    assert [zone["name"] for zone in full.zones] == ["a"]


@pytest.mark.parametrize(
    "text",
    [
        "cameras:\n  gate: {kind: stills, url: 'http://h/a.jpg'} # mine\n",
        "cameras:\n  gate:\n    kind: stills\n    url: http://h/a.jpg  # mine\n",
        """\
cameras:
  gate: # mine
    kind: stills
    zones: [{name: b, kind: bus_stop, polygon: [[0, 0], [1, 0], [1, 1]]}]
    url: http://h/a.jpg
""",
        """\
cameras: # mine
    gate:
        zones:
        -   kind: bus_stop
            name: b
            polygon:
            - [0, 0]
            - [1, 0]
            - [1, 1]
        kind: stills
        url: http://h/a.jpg""",
    ],
)
def test_however_the_file_is_written(path: Path, text: str) -> None:
    zones = book(path, text)
    sheet = zones.read("gate")
    kept = [{**zone, "was": zone["name"]} for zone in sheet.zones]
    after = zones.write("gate", [*kept, {"name": "a", "kind": "bus_stop", "polygon": SQUARE}], sheet.revision)
    assert [zone["name"] for zone in after.zones] == [*(zone["name"] for zone in sheet.zones), "a"]
    assert "# mine" in path.read_text(encoding="utf-8")


def test_faults_are_said_with_the_zones_name_and_nothing_is_written(path: Path) -> None:
    zones = book(path)
    sheet = zones.read("gate")
    for changes, sentence in (
        ({"dwell_s": -1.0}, "fire lane: dwell_s: expected seconds above 0"),
        ({"name": "hydrant"}, "expected zones with different names"),
        ({"kind": "hydrant"}, "expected one of"),
        ({"polygon": [[0, 0], [1, 1]]}, "polygon"),
        ({"polygon": [[0, 0], [1, 1], [2, 0]]}, "fractions of the picture"),
        ({"hours": {"mon": ["20:00-08:00"]}}, "end after they begin"),
        ({"allowed_plates": ["?"]}, "expected a plate of the region KR"),
        ({"colour": "red"}, "there is no such key"),
    ):
        with pytest.raises(InvalidValueError, match=sentence):
            zones.write("gate", edited(sheet, 2, **changes), sheet.revision)
    assert path.read_text(encoding="utf-8") == SHIPPED


def test_a_change_of_somebody_else_is_not_overwritten(path: Path) -> None:
    zones = book(path)
    sheet = zones.read("gate")
    path.write_text(SHIPPED + "# a note\n", encoding="utf-8")
    with pytest.raises(ConfigChangedError, match="changed meanwhile"):
        zones.write("gate", edited(sheet, 0, dwell_s=90.0), sheet.revision)
    assert path.read_text(encoding="utf-8").endswith("# a note\n")


def test_zones_that_two_cameras_share_are_left_alone(path: Path) -> None:
    text = (
        "cameras:\n  gate:\n    kind: stills\n    url: http://h/a.jpg\n    zones: &shared\n"
        "      - {name: b, kind: bus_stop, polygon: [[0, 0], [1, 0], [1, 1]]}\n"
        "  yard:\n    kind: stills\n    url: http://h/b.jpg\n    zones: *shared\n"
    )
    zones = book(path, text)
    sheet = zones.read("yard")
    with pytest.raises(ConfigError, match="tied to other parts"):
        zones.write("yard", edited(sheet, 0, dwell_s=90.0), sheet.revision)
    assert path.read_text(encoding="utf-8") == text


def test_a_camera_there_is_not(path: Path) -> None:
    with pytest.raises(ConfigError, match="no camera is named"):
        book(path).read("nowhere")
