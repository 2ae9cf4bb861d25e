"""`gotcha bench all` measures what can be measured on a clean machine, and says what it leaves out."""

from __future__ import annotations

import importlib
import re

import pytest
from typer.testing import CliRunner

from gotcha.cli import bench as command
from gotcha.cli.app import app


def test_all_leaves_out_what_needs_footage_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """`make bench` ended at its first benchmark, which asked for a folder that nobody has."""
    measured: list[str] = []

    def note(name: str, arguments: list[str]) -> int:
        assert arguments == []
        measured.append(name)
        return 1 if name == "store" else 0

    monkeypatch.setattr(command, "_measured", note)
    done = CliRunner().invoke(app, ["bench", "all"])
    assert done.exit_code == 1
    assert measured == [name for name in command.BENCHES if name not in command.NEEDS_FOOTAGE]
    assert {"cameras", "scenes", "day"} <= set(measured)
    said = " ".join(done.output.split())
    left_out = ", ".join(name for name in command.BENCHES if name in command.NEEDS_FOOTAGE).replace("_", "-")
    assert f"need footage with its truth: {left_out};" in said


@pytest.mark.parametrize("name", command.BENCHES)
def test_exactly_the_left_out_ones_cannot_do_without_a_folder(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    module = importlib.import_module(f"bench.{name}")
    if name in command.NEEDS_FOOTAGE:
        with pytest.raises(SystemExit) as left:
            module.main([])
        assert left.value.code == 2
        assert "arguments are required" in capsys.readouterr().err
        return
    with pytest.raises(SystemExit):
        module.main(["--help"])
    usage = capsys.readouterr().out.split("\n\n", 1)[0]
    assert "--" not in re.sub(r"\[[^\]]*\]", "", usage).partition("usage:")[2]
