"""The command line as a user meets it: help, errors, exit codes."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gotcha.cli.app import app, common_first, main
from gotcha.cli.bench import BENCHES
from pipeline.errors import StorageError

COMMANDS = ("run", "watch", "worker", "analyze", "check", "reports", "demo", "bench")


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level


def gotcha(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, env={"GOTCHA_CONFIG": "", "COLUMNS": "110"})


def test_help_names_every_command_and_how_to_begin() -> None:
    result = gotcha("--help")
    assert result.exit_code == 0
    assert all(f" {command} " in result.output for command in COMMANDS)
    assert "gotcha demo" in result.output
    assert "Exit code: 0 done, 1 failed, 2 wrong usage or configuration." in result.output


@pytest.mark.parametrize("command", [*COMMANDS, "reports list", "reports show"])
def test_every_command_has_help(command: str) -> None:
    result = gotcha(*command.split(), "--help")
    assert result.exit_code == 0
    assert "Usage: " in result.output


def test_without_a_command_the_help_is_shown() -> None:
    assert "gotcha check" in gotcha().output


def test_version() -> None:
    assert gotcha("--version").output.startswith("gotcha 0.")


@pytest.mark.parametrize("arguments", [["fly"], ["run", "--speed", "3"], ["reports", "list", "--limit", "0"]])
def test_wrong_usage_is_2(arguments: list[str]) -> None:
    result = gotcha(*arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


@pytest.mark.parametrize("command", ["run", "watch", "worker", "check", "reports list"])
def test_a_missing_configuration_is_2_and_one_sentence(command: str, tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"
    result = gotcha("--config", str(missing), *command.split())
    assert result.exit_code == 2
    expected = (
        f"{missing}: no such file; write one like the shipped config.yaml, or name another with --config\n"
    )
    assert result.stderr == expected


def test_a_wrong_configuration_is_2_and_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("region: KR\ncameras: {gate: {kind: webcam, zone: []}}\n")
    result = gotcha("--config", str(path), "run")
    assert result.exit_code == 2
    assert result.stderr == f"{path} line 2: cameras.gate.zone: there is no such key; did you mean `zones`?\n"


@pytest.mark.parametrize("command", ["run", "watch", "check"])
def test_a_configuration_without_cameras_says_what_to_do(command: str, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    # With a dashboard `run` waits for a camera to be added on it.
    path.write_text("region: KR\nweb: {enabled: false}\n")
    result = gotcha("--config", str(path), command)
    assert result.exit_code == 2
    assert "there is nothing to watch: `cameras` has no entry" in result.stderr


def test_a_camera_that_does_not_exist(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("cameras: {gate: {kind: webcam}, yard: {kind: webcam}}\n")
    result = gotcha("--config", str(path), "check", "gaet")
    assert result.exit_code == 2
    assert result.stderr == "no camera is named 'gaet'; the configuration has gate, yard\n"


def test_a_video_that_does_not_exist_is_1(tmp_path: Path) -> None:
    result = gotcha("analyze", str(tmp_path / "none.mp4"))
    assert result.exit_code == 1
    assert result.stderr == f"{tmp_path / 'none.mp4'}: there is no such file\n"


def test_debug_shows_where_an_error_arose(tmp_path: Path) -> None:
    plain = gotcha("--config", str(tmp_path / "none.yaml"), "run")
    debug = gotcha("--debug", "--config", str(tmp_path / "none.yaml"), "run")
    assert "Traceback" not in plain.stderr
    assert "Traceback" in debug.stderr
    assert debug.exit_code == 2


def test_bench_lists_what_can_be_measured() -> None:
    result = gotcha("bench")
    assert result.exit_code == 0
    assert all(name.replace("_", "-") in result.output for name in BENCHES)


def test_an_unknown_benchmark_is_2() -> None:
    result = gotcha("bench", "speed")
    assert result.exit_code == 2
    assert "there is no benchmark 'speed'; there are events, cameras" in result.stderr


def test_what_follows_a_benchmarks_name_reaches_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []

    class Bench:
        @staticmethod
        def main(arguments: list[str]) -> int:
            seen.append(arguments)
            return 1

    monkeypatch.setitem(sys.modules, "bench.simulator_recall", Bench)
    result = gotcha("bench", "simulator-recall", "--scenes", "3", "-x", "--", "--help")
    assert seen == [["--scenes", "3", "-x", "--help"]]
    assert result.exit_code == 1


def test_common_options_may_stand_behind_the_command(tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"
    for arguments in (
        ("run", "--config", str(missing)),
        ("reports", "list", f"--config={missing}", "--debug"),
    ):
        result = gotcha(*arguments)
        assert result.exit_code == 2
        assert f"{missing}: no such file" in result.stderr


def test_what_belongs_to_a_benchmark_stays_there() -> None:
    assert common_first(["-v", "bench", "events", "--config", "x"]) == [
        "-v",
        "bench",
        "events",
        "--config",
        "x",
    ]
    assert common_first(["analyze", "a.mp4", "-c", "x", "--", "-v"]) == [
        "-c",
        "x",
        "analyze",
        "a.mp4",
        "--",
        "-v",
    ]
    assert common_first(["run", "--config"]) == ["--config", "run"]


@pytest.mark.parametrize("debug", [False, True])
def test_a_bug_is_one_sentence_without_passwords(
    debug: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Bench:
        @staticmethod
        def main(_arguments: list[str]) -> int:
            raise ZeroDivisionError("at rtsp://admin:hunter2@cam/main")

    monkeypatch.setitem(sys.modules, "bench.store", Bench)
    monkeypatch.setattr(sys, "argv", ["gotcha", *(["--debug"] if debug else []), "bench", "store"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    text = capsys.readouterr().err
    assert "an unexpected error, which is a bug: ZeroDivisionError: at rtsp://***@cam/main" in text
    assert ("Traceback" in text) is debug
    assert "hunter2" not in text


def test_an_error_of_ours_is_shown_without_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its sentence may quote an address that carries the password as a parameter."""

    class Bench:
        @staticmethod
        def main(_arguments: list[str]) -> int:
            raise StorageError("at postgresql://db/gotcha?password=hunter2")

    monkeypatch.setitem(sys.modules, "bench.store", Bench)
    result = gotcha("bench", "store")
    assert result.exit_code == 1
    assert "at postgresql://db/gotcha?password=***" in result.output
    assert "hunter2" not in result.output
