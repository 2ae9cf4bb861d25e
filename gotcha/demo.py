"""`gotcha demo`: a simulated street served as an RTSP camera, watched by the real program, beside its truth."""

from __future__ import annotations

import hashlib
import shutil
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from gotcha.config import Config, parse_config
from gotcha.runtime import Runtime
from pipeline.errors import EvidenceError
from pipeline.frame import Frame
from pipeline.geometry import Box
from pipeline.report import Evidence, Report, ReportState
from pipeline.watch import WatchStep
from simulator.demo import demo_street
from simulator.rtsp_server import RtspServer
from simulator.truth import SceneTruth, StandingTruth
from simulator.video import write_video
from storage.database import open_database
from storage.evidence_folder import EvidenceFolder
from storage.ports import ReportFilter
from storage.report_store import SqlReportStore

FOLDER = Path("var/demo")
DWELL_S, PHOTO_GAP_S = 10.0, 5.0
# Start times in the table may differ from the truth by this much.
START_TOLERANCE_S = 1.0
# After the stream's end the program gets this long to store what it still has in hand.
_FINISH_S = 30.0
_USER, _PASSWORD = "viewer", "street"


@dataclass(slots=True)
class _Clock:
    """Media time of the street, as the frames bring it."""

    began_at: datetime | None = None
    at_s: float = 0.0

    def __call__(self, camera: str, frame: Frame, step: WatchStep) -> None:
        if self.began_at is None:
            self.began_at = frame.started_at
        self.at_s = frame.at_s


def run_demo(console: Console, folder: Path = FOLDER, *, seed: int = 1) -> int:
    """Render the street, watch it, print the stored reports beside the truth.

    Args:
        console: where to print.
        folder: for the video, the state and the evidence; what an earlier demo left there is removed.
        seed: of the street.

    Returns:
        0 when every report agrees with the truth and none is missing, else 1.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    scene = demo_street(seed)
    with _progress(console) as progress:
        task = progress.add_task("drawing the street", total=None)
        truth = write_video(
            scene,
            folder / "street.mp4",
            on_frame=lambda done, total: progress.update(task, completed=done, total=total),
        )
    with RtspServer(folder / "street.mp4", user=_USER, password=_PASSWORD, loop=False) as server:
        config = _config(server.url, truth, folder)
        console.print(
            f"Watching [bold]{server.url}[/] with the settings in [bold]{folder / 'config.yaml'}[/]: "
            f"no parking for more than {DWELL_S:g} s."
        )
        clock = _watch(config, truth, console)
    return _compare(config, truth, clock, console)


def _config(url: str, truth: SceneTruth, folder: Path) -> Config:
    lines = [
        "# Made by `gotcha demo`: one RTSP camera and its no-parking zones.",
        "state_dir: state",
        "evidence: {clip_before_s: 2, clip_after_s: 2}",
        "cameras:",
        "  street:",
        "    kind: rtsp",
        f"    url: {url.replace('rtsp://', f'rtsp://{_USER}:${{STREET_PASSWORD}}@')}",
        "    zones:",
    ]
    for zone in truth.zones:
        corners = ", ".join(f"[{p.x:.4f}, {p.y:.4f}]" for p in zone.polygon.points)
        lines += [
            f"      - name: {zone.name}",
            f"        kind: {zone.kind}",
            f"        polygon: [{corners}]",
            f"        dwell_s: {DWELL_S:g}",
            f"        photo_gap_s: {PHOTO_GAP_S:g}",
        ]
    path = folder / "config.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return parse_config(
        path.read_text(encoding="utf-8"),
        name=str(path),
        folder=folder.resolve(),
        environment={"STREET_PASSWORD": _PASSWORD},
    )


def _watch(config: Config, truth: SceneTruth, console: Console) -> _Clock:
    """Run the program until the street ends and everything it reported is stored."""
    clock, stop = _Clock(), threading.Event()
    runtime = Runtime(config, observe=clock)
    ended = threading.Event()

    def end_with_the_street() -> None:
        # The last second of a live stream may get lost with its connection; nothing happens in it.
        last_s = truth.duration_s - 1.0
        with _progress(console) as progress:
            task = progress.add_task("watching", total=last_s)
            waited_s = 0.0
            while clock.at_s < last_s and waited_s < last_s + _FINISH_S and not ended.wait(0.2):
                waited_s += 0.2
                progress.update(task, completed=clock.at_s)
        waited_s = 0.0
        while runtime.waiting and waited_s < _FINISH_S and not ended.wait(0.2):
            waited_s += 0.2
        stop.set()

    watcher = threading.Thread(target=end_with_the_street, name="demo-end", daemon=True)
    watcher.start()
    try:
        runtime.run_with_worker(stop)
    finally:
        ended.set()
        watcher.join()
    return clock


def _compare(config: Config, truth: SceneTruth, clock: _Clock, console: Console) -> int:
    database = open_database(config.database_url)
    try:
        stored = SqlReportStore(database).list(ReportFilter(limit=1000))
    finally:
        database.dispose()
    began_at = clock.began_at
    if began_at is None:
        console.print("[red]The camera sent no picture.[/]")
        return 1
    finals = sorted(
        (s.report for s in stored if s.state is ReportState.FINAL), key=lambda report: report.arrived_at
    )
    expected = [halt for halt in truth.stationary if halt.zone is not None and halt.t1 - halt.t0 >= DWELL_S]
    table = Table(title="Stored reports beside the truth", header_style="bold")
    for column in ("report", "plate", "truth", "zone", "truth", "stands since", "truth", "evidence"):
        table.add_column(column)
    problems: list[str] = []
    left = list(expected)
    evidence = EvidenceFolder(config.evidence_dir)
    for report in finals:
        halt = _matching(report, left)
        opened, trouble = _open_all(evidence, report.evidence)
        problems += trouble
        start_s = (report.arrived_at - began_at).total_seconds()
        if halt is not None:
            left.remove(halt)
            problems += _differences(report, halt, start_s)
        table.add_row(
            report.id[:8],
            report.plate.text or "unread",
            "-" if halt is None else str(halt.plate),
            report.zone,
            "-" if halt is None else str(halt.zone),
            f"{start_s:.1f} s",
            "-" if halt is None else f"{halt.t0:.1f} s",
            f"{opened} files open",
        )
        if halt is None:
            problems.append(f"report {report.id[:8]} repeats another or accuses a vehicle that did nothing")
    problems += [f"{halt.vehicle} ({halt.plate}) was not reported" for halt in left]
    console.print(table)
    others = [s.report for s in stored if s.state is not ReportState.FINAL]
    for report in others:
        reason = report.rejection.value if report.rejection else report.state.value
        console.print(f"Not reported: {report.label.value} in {report.zone}, {reason}.")
    console.print(
        f"Evidence: [bold]{config.evidence_dir}[/]  Database: [bold]{config.state_dir}/gotcha.db[/]"
    )
    for problem in problems:
        console.print(f"[red]{problem}[/]")
    if not problems:
        console.print(
            f"[green]{len(finals)} of {len(expected)} vehicles reported, once each, as they stood.[/]"
        )
    return 1 if problems else 0


def _matching(report: Report, halts: list[StandingTruth]) -> StandingTruth | None:
    """The halt a report is about: the same place, and nearest in time of those."""
    near = [h for h in halts if h.zone == report.zone and report.plate.text in (h.plate, "")] or [
        h for h in halts if _box(h).iou(report.box) >= 0.3
    ]
    return near[0] if near else None


def _differences(report: Report, halt: StandingTruth, start_s: float) -> list[str]:
    found = []
    if report.plate.text != halt.plate:
        found.append(
            f"report {report.id[:8]}: the plate is {halt.plate}, not {report.plate.text or 'unread'}"
        )
    if report.zone != halt.zone:
        found.append(f"report {report.id[:8]}: it stood in {halt.zone}, not in {report.zone}")
    if abs(start_s - halt.t0) > START_TOLERANCE_S:
        found.append(f"report {report.id[:8]}: it stands since {halt.t0:.1f} s, not since {start_s:.1f} s")
    return found


def _box(halt: StandingTruth) -> Box:
    x1, y1, x2, y2 = halt.bbox_xyxy
    return Box(x1=x1, y1=y1, x2=x2, y2=y2)


def _open_all(store: EvidenceFolder, items: tuple[Evidence, ...]) -> tuple[int, list[str]]:
    """How many pieces of evidence open, and what is wrong with the others."""
    opened, trouble = 0, []
    for item in items:
        try:
            data = store.get(item.key)
        except EvidenceError as error:
            trouble.append(str(error))
            continue
        whole = hashlib.sha256(data).hexdigest() == item.sha256
        picture = item.media_type != "image/jpeg" or _decodes(data)
        if whole and picture:
            opened += 1
        else:
            trouble.append(f"{item.key} is damaged")
    return opened, trouble


def _decodes(data: bytes) -> bool:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) is not None


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console, transient=True
    )
