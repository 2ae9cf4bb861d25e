"""`gotcha queue`: what waits, what was refused and why, and its replay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gotcha.cli.app import app
from jobs.outbox import Outbox
from tests.reports import camera_event, final, hex_id, temporary


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text("state_dir: state\n")
    return path


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    """One report queued, its verdict waiting, another refused, an event waiting."""
    outbox = Outbox(tmp_path / "state" / "outbox.db")
    outbox.offer(temporary("a"))
    outbox.offer(final("a"))
    outbox.offer(final("b"))
    outbox.offer(camera_event("e"))
    outbox.mark_sent([(hex_id("a"), 1)], 0.0)
    outbox.mark_dead((hex_id("b"), 2), "final cannot become final")
    return outbox


def gotcha(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["--config", str(config), "queue", *arguments])


def test_nothing_on_its_way(config: Path) -> None:
    result = gotcha(config)
    assert result.exit_code == 0
    assert result.output.strip() == "0 wait on disk, 0 are queued, 0 were refused."


def test_what_is_on_its_way_and_why_it_is_not(config: Path, outbox: Outbox) -> None:
    result = gotcha(config)
    assert result.exit_code == 0
    assert "2 wait on disk, 1 are queued, 1 were refused." in result.output
    refused = next(line for line in result.output.splitlines() if hex_id("b")[:8] in line)
    assert "refused" in refused
    assert "final cannot become final" in refused
    # A list is no place for plates.
    assert "12가3456" not in result.output


def test_as_json(config: Path, outbox: Outbox) -> None:
    found = json.loads(gotcha(config, "--json").stdout)
    assert (found["pending"], found["sent"], found["dead"]) == (2, 1, 1)
    assert [(one["id"], one["revision"], one["state"]) for one in found["items"]] == [
        (hex_id("a"), 1, "sent"),
        (hex_id("a"), 2, "pending"),
        (hex_id("b"), 2, "dead"),
        (hex_id("e"), 1, "pending"),
    ]


def test_a_long_list_is_cut_and_says_so(config: Path, outbox: Outbox) -> None:
    result = gotcha(config, "--limit", "2")
    assert "2 of 4" in result.output
    assert hex_id("e")[:8] not in result.output


def test_showing_one_tells_everything(config: Path, outbox: Outbox) -> None:
    revisions = json.loads(gotcha(config, "show", hex_id("a")[:6].upper()).stdout)
    assert [one["payload"]["state"] for one in revisions] == ["temporary", "final"]
    assert revisions[1]["payload"]["plate"]["text"] == "12가3456"


def test_what_was_refused_is_queued_anew(config: Path, outbox: Outbox) -> None:
    assert "1 queued anew" in gotcha(config, "retry").output
    assert outbox.counts().dead == 0
    assert {item.id for item in outbox.due(10, 1.0)} == {hex_id("b"), hex_id("e")}
    assert "Nothing was refused." in gotcha(config, "retry").output


def test_one_is_queued_anew_by_its_id(config: Path, outbox: Outbox) -> None:
    outbox.mark_dead((hex_id("e"), 1), "no such table")
    assert "1 queued anew" in gotcha(config, "retry", hex_id("e")[:5]).output
    assert [letter.id for letter in outbox.dead()] == [hex_id("b")]
    assert "Nothing under" in gotcha(config, "retry", hex_id("a")).output


@pytest.mark.parametrize("command", ["show", "retry"])
def test_an_unknown_id_says_where_to_look(command: str, config: Path, outbox: Outbox) -> None:
    result = gotcha(config, command, "ffff00")
    assert result.exit_code == 1
    assert "nothing is on its way under ffff00" in result.output


def test_an_ambiguous_id_is_refused(config: Path, outbox: Outbox) -> None:
    result = gotcha(config, "show", "")
    assert result.exit_code == 1
    assert "give more characters" in result.output
