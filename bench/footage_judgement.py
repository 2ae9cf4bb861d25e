"""Stored reports of footage beside its truth: found, missed, doubled, false, and how exactly dated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bench.footage_cameras import Clip, Halt
from pipeline.geometry import Box
from pipeline.report import Report, ReportState

_MATCH_IOU = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the accusations of one camera are worth.

    Attributes:
        found: each with its halt and the error of its start, seconds; None where the truth has no start.
        missed: halts long enough that no report is about.
        doubled: reports about a halt that another report is about already.
        false: reports about nothing that stood long enough.
        open: reports in an ignored place, or about a halt whose length is within the truth's tolerance of
            the dwell time: neither right nor wrong.
    """

    found: tuple[tuple[Report, Halt, float | None], ...]
    missed: tuple[Halt, ...]
    doubled: tuple[Report, ...]
    false: tuple[Report, ...]
    open: tuple[Report, ...]


def judge(
    reports: tuple[Report, ...], clip: Clip, *, began_at: datetime, dwell_s: float, violating: frozenset[str]
) -> Judgement:
    """Match accusations with halts of at least `dwell_s`: IoU of at least 0.3, and at the same time.

    Args:
        reports: all of one camera.
        clip: what it showed.
        began_at: when second 0 of the clip was taken, aware UTC.
        dwell_s: the zone's dwell time.
        violating: ids of the vehicles that stood too long: their temporary reports are accusations as well.
    """
    accusations = sorted(
        (
            r
            for r in reports
            if r.state is ReportState.FINAL
            or (r.state is ReportState.TEMPORARY and r.vehicle_id in violating)
        ),
        key=lambda r: r.arrived_at,
    )
    pairs = sorted(
        (
            (_in_clip(report, clip).iou(halt.box), number, halt)
            for number, report in enumerate(accusations)
            for halt in clip.halts
            if _same_time(report, halt, began_at, clip.tolerance_s)
        ),
        key=lambda pair: -pair[0],
    )
    of: dict[int, Halt] = {}
    for iou, number, halt in pairs:
        if iou >= _MATCH_IOU and number not in of and halt not in of.values():
            of[number] = halt
    overlapping = {number for iou, number, _ in pairs if iou >= _MATCH_IOU}
    found: list[tuple[Report, Halt, float | None]] = []
    doubled: list[Report] = []
    false: list[Report] = []
    undecided: list[Report] = []
    for number, report in enumerate(accusations):
        match = of.get(number)
        if match is not None and match.length_s >= dwell_s:
            start_s = _seconds(report.arrived_at, began_at)
            found.append((report, match, None if match.since_start else start_s - match.from_s))
        elif _is_open(report, match, clip, dwell_s):
            undecided.append(report)
        elif match is None and number in overlapping:
            doubled.append(report)
        else:
            false.append(report)
    missed = tuple(h for h in clip.halts if h.length_s >= dwell_s and h not in of.values())
    return Judgement(
        found=tuple(found), missed=missed, doubled=tuple(doubled), false=tuple(false), open=tuple(undecided)
    )


def _is_open(report: Report, match: Halt | None, clip: Clip, dwell_s: float) -> bool:
    if match is not None:
        return match.length_s >= dwell_s - clip.tolerance_s
    return any(_in_clip(report, clip).iou(box) >= _MATCH_IOU for box in clip.ignored)


def _same_time(report: Report, halt: Halt, began_at: datetime, tolerance_s: float) -> bool:
    until = report.departed_at or report.last_seen_at
    return (
        _seconds(report.arrived_at, began_at) <= halt.to_s + tolerance_s
        and _seconds(until, began_at) >= halt.from_s - tolerance_s
    )


def _seconds(moment: datetime, began_at: datetime) -> float:
    return (moment - began_at).total_seconds()


def _in_clip(report: Report, clip: Clip) -> Box:
    return report.box.scaled(
        clip.size.width / report.frame_size.width, clip.size.height / report.frame_size.height
    )
