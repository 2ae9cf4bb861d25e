"""`gotcha ingest`: what it says before it begins."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from gotcha.cli.app import app


def test_without_a_queue_it_is_one_sentence(tmp_path: Path) -> None:
    """It said that it took files in, and then that it could not."""
    config = tmp_path / "config.yaml"
    config.write_text("cameras: {gate: {kind: webcam}}\ningest: {folders: [{bucket: street}]}\n")
    done = CliRunner().invoke(app, ["--config", str(config), "ingest"])
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("ingest.queue_url is not set")
