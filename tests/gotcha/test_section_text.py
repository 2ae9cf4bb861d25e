"""Values written into a section of the configuration's text: one line changes, comments stay."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
from pydantic import JsonValue

from gotcha.config import parse_config
from gotcha.section_text import with_values
from pipeline.errors import ConfigError

SHIPPED = (Path(__file__).parents[2] / "config.yaml").read_text(encoding="utf-8")
MERGED = "days: &days {a: 1}\nretention:\n  <<: *days\n  z: 2\n"


def changed(before: str, after: str) -> list[str]:
    return [
        line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[:2] in ("- ", "+ ")
    ]


def test_one_value_changes_one_line_and_its_comment_stays() -> None:
    after = with_values(SHIPPED, "retention", {"final_days": 400, "rejected_days": 30})
    old, new = changed(SHIPPED, after)
    assert "365" in old
    assert new.split("#")[0].split() == ["+", "final_days:", "400"]
    assert new.partition("#")[2] == old.partition("#")[2]


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("", {"final_days": 9}, "retention:\n  final_days: 9\n"),
        ("a: 1", {"final_days": 9}, "a: 1\n\nretention:\n  final_days: 9\n"),
        ("retention: {}  # none\nb: 2\n", {"final_days": 9}, "retention:  # none\n  final_days: 9\nb: 2\n"),
        ("retention:\nb: 2\n", {"final_days": 9}, "retention:\n  final_days: 9\nb: 2\n"),
        ("retention:\n  a: 1  # one\n\nb: 2\n", {"z": 2}, "retention:\n  a: 1  # one\n  z: 2\n\nb: 2\n"),
        ("retention:\n    a: 1\n", {"z": '말 "x"'}, 'retention:\n    a: 1\n    z: "말 \\"x\\""\n'),
        ("retention:\n  a: 1\n  z: 2\n", {"z": None}, "retention:\n  a: 1\n"),
        ("retention:\n  a: 1\nb: 2\n", {"a": None}, "retention: {}\nb: 2\n"),
        ("retention:\n  a: [x, y] # two\n", {"a": ["x"]}, 'retention:\n  a: ["x"] # two\n'),
        ("retention:\n  a: 'it''s' # one\n", {"a": True}, "retention:\n  a: true # one\n"),
        ("b: 2\n", {"a": None}, "b: 2\n"),
        ("retention:   # none\n# b\nb: 2\n", {"a": 1}, "retention:   # none\n  a: 1\n# b\nb: 2\n"),
        ("retention: null\n", {"a": 1}, "retention:\n  a: 1\n"),
        ("'retention': {}\n", {"a": 1}, "'retention':\n  a: 1\n"),
        ("retention:\n  a:\n  - x\n", {"a": ["x"], "z": 1}, "retention:\n  a:\n  - x\n  z: 1\n"),
        (MERGED, {"a": 1, "z": 3}, MERGED.replace("z: 2", "z: 3")),
    ],
)
def test_any_way_it_is_written(text: str, values: dict[str, JsonValue], expected: str) -> None:
    assert with_values(text, "retention", values) == expected


@pytest.mark.parametrize(
    "text",
    [
        MERGED,
        # Nothing stands in the section itself that a key could be written below.
        MERGED.replace("  z: 2\n", ""),
        MERGED.replace("a: 1", "z: 1").replace("  z: 2\n", ""),
        "retention: {a: 1}\n",
        "retention:\n  a:\n    - 1\n    - 2\n",
    ],
)
def test_what_cannot_be_changed_line_by_line_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"line|file itself"):
        with_values(text, "retention", {"a": 2})


def test_the_shipped_file_stays_valid_whatever_is_set() -> None:
    after = with_values(SHIPPED, "retention", {"final_days": 7, "access_log_days": 30})
    config = parse_config(after, environment={}, opens_cameras=False)
    assert (config.retention.final_days, config.retention.access_log_days) == (7, 30)
