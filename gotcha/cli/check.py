"""`gotcha check`: does each camera answer, and do its zones lie where they should."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gotcha.cli.console import err, out
from gotcha.cli.options import common, config_with_cameras
from gotcha.cli.stopping import stop_on_signals
from gotcha.config_cameras import FileCamera, RtspCamera
from gotcha.state_folder import prepare

if TYPE_CHECKING:
    from gotcha.check import CameraFindings
    from gotcha.config import Config

# What the source says of each kind, and what it is called here; the rest is said only of trouble.
_SAID = {"connected": "stream", "settings": "settings", "decode": "decoding", "damaged": "damage"}


def check(
    context: typer.Context,
    camera: Annotated[list[str] | None, typer.Argument(help="Only these cameras; by default all.")] = None,
    seconds: Annotated[
        float, typer.Option(min=1, max=300, help="Seconds a camera has to answer, and to be measured.")
    ] = 20.0,
) -> None:
    """Connect to each camera, say what it sends, and draw its zones into a picture.

    Look at the pictures before the first run: a zone that lies wrong accuses the wrong people. Ends with 1
    when a camera does not answer.

      gotcha check
      gotcha check gate
    """
    config = config_with_cameras(context, camera)
    prepare(config.state_dir)
    # Imported when asked for: OpenCV and PyAV take a while, which --help should not.
    from gotcha.check import cameras_to_check, check_cameras

    found: list[CameraFindings] = []

    def tell(findings: CameraFindings) -> None:
        found.append(findings)
        show_findings(findings, config, out())

    if not common(context).verbose:
        # What a source says is shown below, so it need not stand in the log as well.
        logging.getLogger("sources").setLevel(logging.ERROR)
    err().print(f"Looking at {', '.join(config.cameras)} ...", style="dim")
    with stop_on_signals() as stop:
        folder = config.state_dir / "check"
        check_cameras(cameras_to_check(config), folder=folder, stop=stop, within_s=seconds, tell=tell)
    if any(findings.problem for findings in found):
        raise typer.Exit(1)


def show_findings(findings: CameraFindings, config: Config, console: Console) -> None:
    """One camera as a headline and a few facts."""
    camera = config.camera(findings.camera)
    headline = Text(findings.camera, style="bold")
    headline.append(f" ({camera.kind}) ", style="dim")
    headline.append(*(("failed", "bold red") if findings.problem else ("works", "bold green")))
    console.print(headline)
    facts = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 2))
    facts.add_column(no_wrap=True, style="dim")
    facts.add_column(overflow="fold")
    if findings.problem:
        facts.add_row("problem", Text(findings.problem, style="red"))
    # A camera with two streams says the same things of each; what is said again is shown once.
    for kind, text in dict.fromkeys((notice.kind, notice.text) for notice in findings.notices):
        if kind in _SAID:
            facts.add_row(_SAID[kind], Text(text))
    if isinstance(camera, RtspCamera | FileCamera) and camera.decode != "auto":
        facts.add_row("configured", f"decode: {camera.decode}, whatever is said above")
    if findings.size is not None:
        facts.add_row("picture", f"{findings.size}, analysed at {findings.analysis_size}")
        rate = findings.analysed_fps
        facts.add_row(
            "analysed", "too few frames to measure" if rate is None else f"{rate:.1f} frames a second"
        )
    if findings.picture is not None:
        zones = ", ".join(f"{zone.name} ({zone.dwell_s:g} s)" for zone in config.zones_of(findings.camera))
        facts.add_row(
            "zones", Text(zones or "none: nothing can be reported here", style="" if zones else "yellow")
        )
        facts.add_row("drawn in", Text(str(findings.picture)))
    console.print(facts)
