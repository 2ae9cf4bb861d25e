"""Reports against the truth of a scene: missing, false, doubled; plates; camera events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bench.scene_truth import BLINDING, ViewedHalt
from pipeline.geometry import Box
from pipeline.report import CameraCondition, CameraEvent, Report, ReportState
from simulator.truth import CameraTruth

# From a vehicle that is in plain view this long after its dwell is over, a report is due: photo 2 and the
# verdict take a frame or two more. One that leaves earlier may be reported or not.
DUE_AFTER_S = 2.0
# A box of another size at the same place is still the same place.
_LEAST_IOU = 0.3
# What stands in a zone this much less than the dwell may be over it by the engine's clock.
_CLOCK_S = 1.0
# A fault shorter than this need not be declared: conditions have patience (`pipeline.view_verdict`: 4 s for
# a shifted view, 10 s for others; `pipeline.view_watch`: 15 s for a frozen one), and pictures come in steps.
_DECLARED_AFTER_S = {CameraCondition.MOVED: 6.0, CameraCondition.FROZEN: 17.0}
_OTHERS_AFTER_S = 12.0
# How long after a fault its event may come, or the view's return.
_LATE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportScore:
    """Final reports against the halts that deserve one; names of halts or reports with their times.

    Attributes:
        due: how many halts deserve a report.
        right: how many of them have exactly one.
        missing: halts that deserve a report and have none, with what became of them.
        false: reports on nothing that deserves one.
        doubled: further reports on a halt that has one.
        repeats: reports of state duplicate on a halt that has its report: suppressed rightly.
        start_errors: seconds, of the arrivals within the scene.
        plates: readable plates of the halts that deserve a report.
        exact: accepted and right.
        unread: not accepted, with what was read.
        wrong: accepted and wrong, whether the plate is of readable size or not.
        rejected: rejected reports by reason.
    """

    due: int
    right: int
    missing: tuple[str, ...]
    false: tuple[str, ...]
    doubled: tuple[str, ...]
    repeats: int
    start_errors: tuple[float, ...]
    plates: int
    exact: int
    unread: tuple[str, ...]
    wrong: tuple[str, ...]
    rejected: dict[str, int]


def score_reports(
    reports: Sequence[Report],
    halts: Sequence[ViewedHalt],
    *,
    dwell_s: float,
    needs_plate: bool,
    started_at: datetime,
) -> ReportScore:
    """Compare the last revisions of all reports with the truth.

    Args:
        reports: last revision of each.
        halts: of the scene, fair or not.
        dwell_s: of the zones.
        needs_plate: zones report only vehicles whose plate was read; then a halt whose plate is not of
            readable size deserves no report.
        started_at: when second 0 of the scene was filmed.
    """
    owners = {r.id: _owner(r, halts, started_at) for r in reports}
    finals: dict[str, list[Report]] = {}
    others: dict[str, list[Report]] = {}
    false: list[str] = []
    for report in sorted(reports, key=lambda r: r.arrived_at):
        owner = owners[report.id]
        told = finals if report.state is ReportState.FINAL else others
        if owner is not None:
            told.setdefault(owner.halt.id, []).append(report)
        if report.state is ReportState.FINAL and (owner is None or not _may_be_reported(owner, dwell_s)):
            false.append(_named(report, owner, started_at))
    due = [h for h in halts if _is_due(h, dwell_s, needs_plate=needs_plate)]
    missing = [h for h in due if h.halt.id not in finals]
    doubled = [
        _named(report, owners[report.id], started_at) for several in finals.values() for report in several[1:]
    ]
    shown = [
        (h, (finals.get(h.halt.id, []) + others.get(h.halt.id, []))[:1]) for h in due if h.halt.plate_readable
    ]
    exact = [h for h, told in shown if told and told[0].plate.accepted and told[0].plate.text == h.halt.plate]
    wrong = [r for r in reports if r.plate.accepted and _plate_of(owners[r.id]) != r.plate.text]
    misread = {r.id for r in wrong}
    return ReportScore(
        due=len(due),
        right=len(due) - len(missing),
        missing=tuple(f"{_span(h)}: {_fate(others.get(h.halt.id, []))}" for h in missing),
        false=tuple(false),
        doubled=tuple(doubled),
        repeats=sum(
            r.state is ReportState.DUPLICATE for name, rest in others.items() if name in finals for r in rest
        ),
        start_errors=tuple(
            abs((finals[h.halt.id][0].arrived_at - started_at).total_seconds() - h.halt.t0)
            for h in due
            if h.halt.id in finals and h.arrival_seen
        ),
        plates=len(shown),
        exact=len(exact),
        unread=tuple(
            f"{_span(h)} {h.halt.plate}: {told[0].plate.text or 'nothing' if told else 'no report'}"
            for h, told in shown
            if h not in exact and not (told and told[0].id in misread)
        ),
        wrong=tuple(
            f"{_named(r, owners[r.id], started_at)}: {r.plate.text} for {_plate_of(owners[r.id])}"
            for r in wrong
        ),
        rejected=dict(Counter(r.rejection.value for r in reports if r.rejection is not None)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewScore:
    """Camera events against the camera's faults.

    Attributes:
        due: faults long enough to be declared.
        found: of them, declared as what they are.
        misnamed: of them, declared as something else.
        missed: of them, not declared.
        false: conditions declared while the camera was fine.
        lasting: conditions not taken back within 10 s of the fault's end.
    """

    due: int
    found: int
    misnamed: tuple[str, ...]
    missed: tuple[str, ...]
    false: tuple[str, ...]
    lasting: tuple[str, ...]


def score_view(
    events: Sequence[CameraEvent], faults: Sequence[CameraTruth], *, started_at: datetime, ends_s: float
) -> ViewScore:
    """Compare camera events with the faults of a scene of `ends_s` seconds."""
    blinding = [f for f in faults if f.kind in BLINDING]
    declared = [((e.at - started_at).total_seconds(), e.condition) for e in events]
    found, misnamed, missed, lasting = 0, [], [], []
    due = [f for f in blinding if f.t1 - f.t0 >= _patience_s(f.kind)]
    for fault in due:
        inside = [c.value for at_s, c in declared if fault.t0 <= at_s <= fault.t1 and c is not _OK]
        named = f"{fault.kind} {fault.t0:.1f}-{fault.t1:.1f} s"
        as_it_is = not _names(fault.kind).isdisjoint(inside)
        found += as_it_is
        if inside and not as_it_is:
            misnamed.append(f"{named} as {', '.join(inside)}")
        elif not inside:
            missed.append(named)
        after = [c for at_s, c in declared if at_s <= fault.t1 + _LATE_S]
        if after and after[-1] is not _OK and fault.t1 + _LATE_S < ends_s:
            lasting.append(named)
    false = [
        f"{c.value} at {at_s:.1f} s"
        for at_s, c in declared
        if c is not _OK and not any(f.t0 <= at_s <= f.t1 + _LATE_S for f in blinding)
    ]
    return ViewScore(
        due=len(due),
        found=found,
        misnamed=tuple(misnamed),
        missed=tuple(missed),
        false=tuple(false),
        lasting=tuple(lasting),
    )


_OK = CameraCondition.OK


# A picture that goes black by day is a covered lens, and is declared as one.
_NAMES = {CameraCondition.DARK: frozenset({"dark", "blocked"})}


def _patience_s(kind: str) -> float:
    return _DECLARED_AFTER_S.get(CameraCondition(kind), _OTHERS_AFTER_S)


def _names(kind: str) -> frozenset[str]:
    return _NAMES.get(CameraCondition(kind), frozenset({kind}))


def _is_due(viewed: ViewedHalt, dwell_s: float, *, needs_plate: bool) -> bool:
    return (
        viewed.halt.zone is not None
        and viewed.is_fair(dwell_s)
        and viewed.open_for(dwell_s) >= DUE_AFTER_S
        and (viewed.halt.plate_readable or not needs_plate)
    )


def _may_be_reported(viewed: ViewedHalt, dwell_s: float) -> bool:
    return viewed.halt.zone is not None and viewed.stood_s >= dwell_s - _CLOCK_S


def _owner(report: Report, halts: Sequence[ViewedHalt], started_at: datetime) -> ViewedHalt | None:
    """The halt a report is about: at its place and in its zone if any is, then the longest in its time."""
    from_s = (report.arrived_at - started_at).total_seconds()
    to_s = (report.last_seen_at - started_at).total_seconds()
    near: list[tuple[bool, float, ViewedHalt]] = []
    for viewed in halts:
        shared_s = min(to_s, viewed.halt.t1) - max(from_s, viewed.halt.t0)
        if shared_s > 0.0 and _same_place(viewed.box, report.box):
            near.append((viewed.halt.zone == report.zone, shared_s, viewed))
    return max(near, key=lambda item: item[:2])[2] if near else None


def _same_place(one: Box, other: Box) -> bool:
    return one.iou(other) >= _LEAST_IOU


def _plate_of(viewed: ViewedHalt | None) -> str | None:
    return None if viewed is None else viewed.halt.plate


def _span(viewed: ViewedHalt) -> str:
    return f"{viewed.halt.id} {viewed.halt.t0:.1f}-{viewed.halt.t1:.1f} s"


def _named(report: Report, owner: ViewedHalt | None, started_at: datetime) -> str:
    from_s = (report.arrived_at - started_at).total_seconds()
    about = "nothing true" if owner is None else _span(owner)
    return f"{report.zone} from {from_s:.1f} s ({about})"


def _fate(others: list[Report]) -> str:
    if not others:
        return "never a case"
    return ", ".join(r.rejection.value if r.rejection else r.state.value for r in others)
