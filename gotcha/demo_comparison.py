"""The stored reports of the demo beside the truth of its street."""

from __future__ import annotations

import hashlib
import io
from datetime import datetime

import av
import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from gotcha.config import Config
from gotcha.evidence_wiring import open_evidence
from pipeline.errors import EvidenceError
from pipeline.geometry import Box
from pipeline.report import Evidence, RejectionReason, Report, ReportState
from simulator.truth import SceneTruth, StandingTruth
from storage.blob_store import BlobStore
from storage.database import open_database
from storage.ports import ReportFilter
from storage.report_store import SqlReportStore

# Start times in the table may differ from the truth by this much.
START_TOLERANCE_S = 1.0
# Boxes that overlap this much, 0-1, are of the same place.
_SAME_PLACE_IOU = 0.3


def compare(
    config: Config, truth: SceneTruth, *, began_at: datetime, dwell_s: float, console: Console
) -> int:
    """Print what was stored beside what happened.

    Args:
        config: whose database and evidence to look into.
        truth: of the street.
        began_at: when second 0 of the street was filmed, aware UTC.
        dwell_s: how long a vehicle may stand.
        console: where to print.

    Returns:
        0 when every report agrees with the truth, none is missing, none is left undecided and only short
        stops were rejected, else 1.
    """
    database = open_database(config.database_url)
    try:
        stored = SqlReportStore(database).list(ReportFilter(limit=1000))
    finally:
        database.dispose()
    finals = sorted(
        (s.report for s in stored if s.state is ReportState.FINAL), key=lambda report: report.arrived_at
    )
    expected = [halt for halt in truth.stationary if halt.zone is not None and halt.t1 - halt.t0 >= dwell_s]
    table = Table(title="Stored reports beside the truth", header_style="bold")
    for column in ("report", "plate", "truth", "zone", "truth", "stands since", "truth", "evidence"):
        table.add_column(column)
    problems: list[str] = []
    left = list(expected)
    evidence = open_evidence(config)
    for report in finals:
        start_s = (report.arrived_at - began_at).total_seconds()
        halt = _matching(report, left, start_s)
        opened, trouble = _open_all(evidence, report.evidence)
        problems += trouble
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
    short = [halt for halt in truth.stationary if halt.zone is not None and halt.t1 - halt.t0 < dwell_s]
    for report in others:
        start_s = (report.arrived_at - began_at).total_seconds()
        if trouble_of_other := _other_trouble(report, short, start_s):
            problems.append(trouble_of_other)
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


def _matching(report: Report, halts: list[StandingTruth], start_s: float) -> StandingTruth | None:
    """The halt a report is about: the same place, and nearest in time of those."""
    near = [h for h in halts if h.zone == report.zone and report.plate.text in (h.plate, "")] or [
        h for h in halts if _box(h).iou(report.box) >= _SAME_PLACE_IOU
    ]
    return min(near, key=lambda halt: abs(start_s - halt.t0), default=None)


def _other_trouble(report: Report, short: list[StandingTruth], start_s: float) -> str | None:
    """What is wrong with a report that is not final: all but the rejection of a stop that was short."""
    if report.state is not ReportState.REJECTED:
        return f"report {report.id[:8]} is {report.state.value}, where nothing waits or repeats"
    if report.rejection is RejectionReason.LEFT_BEFORE_DWELL:
        for halt in short:
            if (
                halt.zone == report.zone
                and abs(start_s - halt.t0) <= START_TOLERANCE_S
                and _box(halt).iou(report.box) >= _SAME_PLACE_IOU
            ):
                short.remove(halt)
                return None
    reason = report.rejection.value if report.rejection else "no reason"
    return f"report {report.id[:8]} was rejected ({reason}), where no stop was short"


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


def _open_all(store: BlobStore, items: tuple[Evidence, ...]) -> tuple[int, list[str]]:
    """How many pieces of evidence open, and what is wrong with the others."""
    opened, trouble = 0, []
    for item in items:
        try:
            data = store.get(item.key)
        except EvidenceError as error:
            trouble.append(str(error))
            continue
        whole = hashlib.sha256(data).hexdigest() == item.sha256
        picture = _decodes(data) if item.media_type.startswith("image/") else _plays(data)
        if whole and picture:
            opened += 1
        else:
            trouble.append(f"{item.key} is damaged")
    return opened, trouble


def _decodes(data: bytes) -> bool:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) is not None


def _plays(data: bytes) -> bool:
    """Whether at least one picture of a clip decodes."""
    try:
        with av.open(io.BytesIO(data), "r") as container:
            return next(container.decode(video=0), None) is not None
    except (av.FFmpegError, IndexError):  # IndexError: no video stream in it
        return False
