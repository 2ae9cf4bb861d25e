"""How standing vehicles that were found compare with those that truly stood.

A true event is a halt that lasts at least the dwell; a found one is a standing vehicle whose standing lasts
as long. They belong together when they stand at the same place (IoU >= 0.3, or each box holds the other's
centre) at the same time. Pairs are made one to one, best place first; a further found event on a true one
that has its match is a duplicate. What matches a halt too short to count, or a place the truth leaves out,
counts for nothing. Everything else found is false.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bench.event_truth import ClipTruth, TrueHalt
from pipeline.geometry import Box, Point

_LEAST_IOU = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundHalt:
    """A standing vehicle as a program reported it; `left_s` is the end of the clip while it still stood."""

    box: Box
    arrived_s: float
    left_s: float
    left: bool

    @property
    def stood_s(self) -> float:
        """How long it stood, seconds."""
        return self.left_s - self.arrived_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Counts and time errors, of one clip or of many.

    Attributes:
        true: true events.
        found: true events that have a match.
        false: found events that nothing true explains.
        duplicates: found events beyond the first on a true one.
        start_errors: seconds, of arrivals within the clip.
        early_errors: seconds by which halts that stood at the clip's start were begun too late.
        end_errors: seconds, of departures within the clip that were noticed in it.
        starts: each arrival within the clip by name, and by how many seconds it is dated too late (or early,
            below 0).
        missed: names of the true events without a match.
        false_boxes: where the false events lie.
    """

    true: int = 0
    found: int = 0
    false: int = 0
    duplicates: int = 0
    start_errors: tuple[float, ...] = ()
    early_errors: tuple[float, ...] = ()
    end_errors: tuple[float, ...] = ()
    starts: tuple[tuple[str, float], ...] = ()
    missed: tuple[str, ...] = ()
    false_boxes: tuple[Box, ...] = field(default=())

    @property
    def precision(self) -> float:
        """Share of found events that are true; duplicates count as found. 1 when nothing was found."""
        total = self.found + self.false + self.duplicates
        return self.found / total if total else 1.0

    @property
    def recall(self) -> float:
        """Share of true events that were found; 1 when there is none."""
        return self.found / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 0-1."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def score(truth: ClipTruth, found: Sequence[FoundHalt], dwell_s: float) -> Score:
    """Compare the halts found in a clip with its truth at a dwell of `dwell_s` seconds."""
    true = [halt for halt in truth.halts if halt.stood_s >= dwell_s]
    short = [halt for halt in truth.halts if halt.stood_s < dwell_s]
    events = [halt for halt in found if halt.stood_s >= dwell_s]
    pairs = sorted(
        ((halt.box.iou(event.box), i, j) for i, halt in enumerate(true) for j, event in enumerate(events)),
        reverse=True,
    )
    pairs = [(iou, i, j) for iou, i, j in pairs if _together(true[i], events[j])]
    matched: dict[int, int] = {}
    used: set[int] = set()
    for _, i, j in pairs:
        if i not in matched and j not in used:
            matched[i] = j
            used.add(j)
    duplicates = {j for _, _, j in pairs} - used
    rest = [event for j, event in enumerate(events) if j not in used and j not in duplicates]
    false = [event for event in rest if not _excused(event, short, truth.unlisted)]
    hits = [(true[i], events[j]) for i, j in matched.items()]
    return Score(
        true=len(true),
        found=len(matched),
        false=len(false),
        duplicates=len(duplicates),
        start_errors=tuple(abs(e.arrived_s - h.t0) for h, e in hits if not h.at_start),
        early_errors=tuple(max(0.0, e.arrived_s - h.t0) for h, e in hits if h.at_start),
        end_errors=tuple(abs(e.left_s - h.t1) for h, e in hits if not h.at_end and e.left),
        starts=tuple((h.id, e.arrived_s - h.t0) for h, e in hits if not h.at_start),
        missed=tuple(halt.id for i, halt in enumerate(true) if i not in matched),
        false_boxes=tuple(event.box for event in false),
    )


def total(scores: Iterable[Score]) -> Score:
    """The sum of several clips' scores."""
    together = list(scores)
    return Score(
        true=sum(s.true for s in together),
        found=sum(s.found for s in together),
        false=sum(s.false for s in together),
        duplicates=sum(s.duplicates for s in together),
        start_errors=tuple(e for s in together for e in s.start_errors),
        early_errors=tuple(e for s in together for e in s.early_errors),
        end_errors=tuple(e for s in together for e in s.end_errors),
        starts=tuple(start for s in together for start in s.starts),
        missed=tuple(m for s in together for m in s.missed),
        false_boxes=tuple(b for s in together for b in s.false_boxes),
    )


def _together(halt: TrueHalt, event: FoundHalt) -> bool:
    return _same_place(halt.box, event.box) and _overlap_s(halt, event) > 0.0


def _excused(event: FoundHalt, short: list[TrueHalt], unlisted: tuple[Box, ...]) -> bool:
    if any(_same_place(box, event.box) for box in unlisted):
        return True
    return any(_together(halt, event) for halt in short)


def _overlap_s(halt: TrueHalt, event: FoundHalt) -> float:
    return min(halt.t1, event.left_s) - max(halt.t0, event.arrived_s)


def _same_place(a: Box, b: Box) -> bool:
    return a.iou(b) >= _LEAST_IOU or (_holds(a, b.center) and _holds(b, a.center))


def _holds(box: Box, point: Point) -> bool:
    return box.x1 <= point.x <= box.x2 and box.y1 <= point.y <= box.y2
