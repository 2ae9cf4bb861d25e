"""The real program on real footage, in real time: every clip as an RTSP camera and as an ESP32-CAM at once.

    gotcha bench live-footage --footage DIR [--dwell 3] [--keep DIR]

DIR holds clips with their truth (clip.mp4, clip.json). The whole picture is one no-parking zone. What is
judged are the reports in the database at the end, so everything between camera and database takes part:
final ones, and temporary ones of vehicles that stood too long and whose plate or clip was still waited for
when the footage ended.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.footage_cameras import ServedCamera, read_clips, served
from bench.footage_judgement import Judgement, judge
from bench.thread_cpu import ThreadCpu
from gotcha.cli.console import out
from gotcha.config import Config, parse_config
from gotcha.run_summary import RunSummary
from gotcha.runtime import Runtime
from pipeline.dwell_state import DwellState
from pipeline.frame import Frame
from pipeline.report import Report, ReportState
from pipeline.watch_step import WatchStep
from storage.database import open_database
from storage.ports import ReportFilter
from storage.report_store import SqlReportStore

# A camera may take this long to send its first picture; what is in hand at the end is stored within the same.
_PATIENCE_S = 30.0
_AFTER_S = 3.0


class _Seen:
    """When each camera's first picture was taken, and which vehicles stood too long."""

    def __init__(self) -> None:
        self.began_at: dict[str, datetime] = {}
        self.violating: set[str] = set()

    def __call__(self, camera: str, frame: Frame, step: WatchStep) -> None:
        self.began_at.setdefault(camera, frame.started_at)
        self.violating |= {
            change.vehicle.id for change in step.changes if change.state is DwellState.VIOLATING
        }


class _Said(logging.Handler):
    """What the log said of each camera."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(record.getMessage())

    def of(self, camera: str) -> list[str]:
        """Distinct lines about the source of `camera`, in order."""
        begins = f"{camera}: "
        return list(dict.fromkeys(line[len(begins) :] for line in self._lines if line.startswith(begins)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was reported beside the truth; 0 when nothing is false, doubled or lost, else 1."""
    parser = argparse.ArgumentParser(
        prog="gotcha bench live-footage",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--footage", type=Path, required=True, metavar="DIR", help="clips and truth")
    parser.add_argument("--dwell", type=float, default=3.0, help="seconds a vehicle may stand")
    parser.add_argument("--keep", type=Path, help="folder for database and evidence, to look at afterwards")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="gotcha-live-") as temporary:
        return _measure(options.footage, options.dwell, (options.keep or Path(temporary)).resolve())


def _measure(footage: Path, dwell_s: float, state_dir: Path) -> int:
    clips = read_clips(footage)
    said, seen = _Said(), _Seen()
    logging.getLogger("sources").addHandler(said)
    try:
        with served(clips) as cameras:
            config = _config(cameras, dwell_s, state_dir)
            runtime = Runtime(config, observe=seen)
            with ThreadCpu(camera.name for camera in cameras) as cpu:
                summary = _run(runtime, cameras, seen)
    finally:
        logging.getLogger("sources").removeHandler(said)
    return _print(out(), cameras, config, summary, seen, said, cpu, dwell_s)


def _config(cameras: tuple[ServedCamera, ...], dwell_s: float, state_dir: Path) -> Config:
    zone = (
        "      - {name: all, kind: no_parking, polygon: [[0, 0], [1, 0], [1, 1], [0, 1]], "
        f"dwell_s: {dwell_s}, confirm_s: {dwell_s / 2}, photo_gap_s: {dwell_s * 2 / 3}, report_unread: true}}"
    )
    lines = [f"state_dir: {state_dir}", "web: {enabled: false}", "cameras:"]
    for camera in cameras:
        lines += [f"  {camera.name}:", *(f"    {line}" for line in camera.settings), "    zones:", zone]
    return parse_config("\n".join(lines) + "\n", name="the benchmark's configuration")


def _run(runtime: Runtime, cameras: tuple[ServedCamera, ...], seen: _Seen) -> RunSummary:
    stop, waits = threading.Event(), threading.Event()
    longest_s = max(camera.clip.duration_s for camera in cameras)

    def end_with_the_footage() -> None:
        began_s = time.monotonic()
        while len(seen.began_at) < len(cameras) and time.monotonic() - began_s < _PATIENCE_S:
            waits.wait(0.1)
        waits.wait(longest_s + _AFTER_S)
        ended_s = time.monotonic()
        while runtime.waiting and time.monotonic() - ended_s < _PATIENCE_S:
            waits.wait(0.1)
        stop.set()

    threading.Thread(target=end_with_the_footage, name="footage-end", daemon=True).start()
    return runtime.run_with_worker(stop)


def _print(
    console: Console,
    cameras: tuple[ServedCamera, ...],
    config: Config,
    summary: RunSummary,
    seen: _Seen,
    said: _Said,
    cpu: ThreadCpu,
    dwell_s: float,
) -> int:
    database = open_database(config.database_url)
    try:
        stored = [s.report for s in SqlReportStore(database).list(ReportFilter(limit=1000))]
    finally:
        database.dispose()
    table = Table(title=f"Stored reports beside the truth, dwell {dwell_s:g} s", header_style="bold")
    for column in (
        "camera",
        "true",
        "found",
        "final",
        "missed",
        "doubled",
        "false",
        "open",
        "start error s",
        "CPU s/min",
    ):
        table.add_column(column, justify="left" if column == "camera" else "right")
    counts = {one.name: one for one in summary.cameras}
    wrong = 0
    details: list[str] = []
    for camera in cameras:
        began_at = camera.sensor.began_at if camera.sensor else seen.began_at.get(camera.name)
        if began_at is None or camera.name not in seen.began_at:
            details.append(f"{camera.name}: sent no picture")
            wrong += 1
            continue
        reports = tuple(report for report in stored if report.camera == camera.name)
        judged = judge(
            reports, camera.clip, began_at=began_at, dwell_s=dwell_s, violating=frozenset(seen.violating)
        )
        errors = [abs(error) for _, _, error in judged.found if error is not None]
        wrong += len(judged.false) + len(judged.doubled)
        numbers = (
            len(judged.found) + len(judged.missed),
            len(judged.found),
            sum(report.state is ReportState.FINAL for report, _, _ in judged.found),
            len(judged.missed),
            len(judged.doubled),
            len(judged.false),
            len(judged.open),
        )
        minutes = camera.clip.duration_s / 60
        table.add_row(
            camera.name,
            *map(str, numbers),
            f"{sum(errors) / len(errors):.2f}" if errors else "-",
            f"{cpu.seconds(camera.name) / minutes:.1f}",
        )
        one = counts[camera.name]
        details.append(
            f"{camera.name}: {one.frames} frames, {one.detected} detector runs, {one.dropped} dropped, "
            f"{one.damaged} damaged"
        )
        details += [f"    {line}" for line in said.of(camera.name)]
        details += [f"    {line}" for line in _described(judged, reports, began_at)]
    for line in details:
        console.print(Text(line, style="" if line.startswith("    ") else "bold"))
    console.print(table)
    console.print(f"{summary.waiting} items were not stored at the end.")
    return 1 if wrong or summary.waiting else 0


def _described(judged: Judgement, reports: tuple[Report, ...], began_at: datetime) -> list[str]:
    lines = []
    for report, halt, error in judged.found:
        dated = "stood there already" if error is None else f"start error {error:+.2f} s"
        plate = f", plate {report.plate.text}" if report.plate.accepted else ""
        lines.append(f"found {halt.id}: {report.state.value} report {report.id[:8]}, {dated}{plate}")
    lines += [f"missed {halt.id}: stands {halt.from_s:g} to {halt.to_s:g} s" for halt in judged.missed]
    for name, wrong in (("doubled", judged.doubled), ("false", judged.false), ("open", judged.open)):
        lines += [f"{name}: {_facts(report, began_at)}" for report in wrong]
    judged_ids = {report.id for report, _, _ in judged.found}
    judged_ids |= {report.id for report in (*judged.doubled, *judged.false, *judged.open)}
    for report in reports:
        if report.id not in judged_ids:
            reason = f" ({report.rejection.value})" if report.rejection else ""
            lines.append(f"{report.state.value}{reason}: {_facts(report, began_at)}")
    return lines


def _facts(report: Report, began_at: datetime) -> str:
    from_s = (report.arrived_at - began_at).total_seconds()
    to_s = ((report.departed_at or report.last_seen_at) - began_at).total_seconds()
    box = report.box
    corners = ", ".join(f"{v:.0f}" for v in (box.x1, box.y1, box.x2, box.y2))
    return f"report {report.id[:8]}, {report.label.value} at [{corners}], {from_s:.1f} to {to_s:.1f} s"


if __name__ == "__main__":
    raise SystemExit(main())
