"""The commands of README.md are whole: nobody's first try ends with a missing option."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from gotcha.cli.app import app

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^gotcha (.+?)(?: +#.*)?$", README, re.MULTILINE)


def test_there_are_commands() -> None:
    assert {line.split()[0] for line in COMMANDS} >= {"run", "photo", "analyze", "ingest", "device", "search"}


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_is_whole(line: str) -> None:
    command, rest = get_command(app), shlex.split(line)
    while hasattr(command, "commands"):
        name, *rest = rest
        command = command.commands[name]
    # Parsed, not run.
    assert command.make_context(line, rest, parent=typer.Context(get_command(app))).params is not None
