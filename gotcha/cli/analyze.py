"""`gotcha analyze`: the same judgement for a video file."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from gotcha.cli.analysis_shown import show_analysis
from gotcha.cli.console import err, out
from gotcha.cli.moments import moment_of
from gotcha.cli.options import common
from gotcha.cli.outputs import STANDARD_OUTPUT, refuse_unusable
from gotcha.cli.report_json import reports_csv
from gotcha.cli.report_table import duration_shown
from gotcha.cli.stopping import stop_on_signals
from gotcha.config import Config, load_config
from jobs.start_bounds import refuse_absurd_start
from pipeline.errors import GotchaError, SourcePermanentError


def analyze(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The video.")],
    camera: Annotated[
        str | None, typer.Option(help="The camera whose zones apply; by default the only one.")
    ] = None,
    started_at: Annotated[
        str | None,
        typer.Option(
            help="When it was filmed, such as 2026-05-01T09:00:00+09:00: the zones' hours follow it. Without"
            " an offset it is read in the camera's time zone. By default the file's own creation time, else"
            " its date.",
        ),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the reports as JSON; - is standard output.")
    ] = None,
    csv_file: Annotated[
        Path | None,
        typer.Option("--csv", help="Write the reports as CSV, one line each; - is standard output."),
    ] = None,
    annotated: Annotated[
        Path | None, typer.Option(help="Write the video as MP4 with zones, vehicles and clocks drawn in.")
    ] = None,
    evidence: Annotated[
        Path | None, typer.Option(help="Folder for photos and clips; by default in state_dir.")
    ] = None,
) -> None:
    """Analyse a video as if a camera were sending it, as fast as possible.

    The zones are those of a camera in the configuration; without a configuration the whole picture is one
    no-parking zone of 5 minutes. The reports are shown and written, not stored among those of the cameras.

      gotcha analyze yesterday.mp4
      gotcha analyze yesterday.mp4 --started-at 2026-05-01T09:00
      gotcha analyze yesterday.mp4 --camera gate --csv reports.csv --annotated seen.mp4
    """
    if not file.is_file():
        raise SourcePermanentError(f"{file}: {'it is no file' if file.exists() else 'there is no such file'}")
    refuse_unusable((one for one in (json_file, csv_file, annotated) if one is not None), read=file)
    video = file.resolve()
    config = _config(context).for_file(video, camera)
    time_zone = config.time_zone_of(next(iter(config.cameras)))
    given = moment_of(started_at, time_zone)
    if given is not None:
        refuse_absurd_start(given, datetime.now(UTC))
        config = _config(context).for_file(video, camera, given)
        if started_at and datetime.fromisoformat(started_at).tzinfo is None:
            err().print(f"--started-at has no offset and is read as {time_zone.key} time.", style="yellow")
    folder = evidence or config.state_dir / "analyses" / video.stem
    # Imported when asked for: models and decoders take a while, which --help should not.
    from gotcha.analysis import analyze_file
    from gotcha.analysis_json import analysis_json
    from gotcha.video_identity import analysis_root, settings_digest, sha256_of
    from storage.evidence_folder import EvidenceFolder

    if not common(context).verbose:
        # What the file says of itself is shown below, so it need not stand in the log as well.
        logging.getLogger("sources").setLevel(logging.ERROR)
    with stop_on_signals() as stop, _progress() as progress:
        task = progress.add_task(file.name, total=None, at="")

        def advance(at_s: float, length_s: float) -> None:
            of = f" of {duration_shown(length_s)}" if length_s else ""
            progress.update(task, completed=at_s, total=length_s or None, at=f"{duration_shown(at_s)}{of}")

        result = analyze_file(
            config,
            video,
            advance,
            stop,
            evidence=EvidenceFolder(folder),
            root=analysis_root(
                sha256_of(video), next(iter(config.cameras)), settings_digest(config), filmed_at=given
            ),
            annotated=annotated,
        )
    if json_file:
        _write(
            json_file, json.dumps(analysis_json(result, evidence=folder), ensure_ascii=False, indent=2) + "\n"
        )
    if csv_file:
        _write(csv_file, reports_csv(result.reports))
    if STANDARD_OUTPUT not in (json_file, csv_file):
        show_analysis(result, config, folder, out())


def _config(context: typer.Context) -> Config:
    options = common(context)
    if not options.named and not options.config_path.exists():
        return Config()
    return load_config(options.config_path, opens_cameras=False)


def _progress() -> Progress:
    console = err()
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[at]}"),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _write(path: Path, text: str) -> None:
    if path == STANDARD_OUTPUT:
        typer.echo(text, nl=False)
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise GotchaError(f"{path} cannot be written: {error.strerror}") from error
