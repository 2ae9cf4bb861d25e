"""Something that may come to stand: from its first detection until it is confirmed or gone."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

from pipeline.detection import Detection
from pipeline.geometry import Box, Size
from pipeline.picture import Gray
from trackers.appearance import Appearance, Resemblance
from trackers.history import Arrival
from trackers.options import PlaceOptions
from trackers.samples import Evidence, Sample, StillnessWindow, median_box
from trackers.view import View

_KEPT_BOXES = 31  # enough for a steady median, and bounded
_EVIDENCE_S = 24.0  # three times the patience: light that comes and goes does not erase what was seen
_HOLD_S = 10.0  # behind something in front
_ENLARGED_WORTH = 0.7  # of a closer look's score beside that of a look at the whole


class Candidate:
    """One place at which a vehicle was seen, and whether boxes and picture have been still since.

    Args:
        detection: the first sight, full-frame pixels.
        view: the frame of that sight.
        options: the thresholds.
    """

    def __init__(self, detection: Detection, view: View, options: PlaceOptions) -> None:
        self._options = options
        self.alive = True
        # What only a closer look showed is not held against it when a look at the whole does not.
        self.near = view.is_near(detection.box)
        self.inspected = self.near
        self.overdue = False
        self._start(detection, view)

    def _start(self, detection: Detection, view: View) -> None:
        """Stand still from now on: whatever was here before has moved."""
        self.box = self._anchor = detection.box
        self.arrival: Arrival | None = None  # looked up once: the past does not change
        self.asks_again_s = 0.0  # while it creeps
        self.still_since_s = self.seen_s = view.at_s
        self.appearance = Appearance.learn(view.gray, view.on_gray(self.box))
        self.window = StillnessWindow(self._options.stillness_s)
        self.evidence = Evidence(_EVIDENCE_S)
        self._clear = Evidence(_EVIDENCE_S)
        self.boxes: deque[Box] = deque([self.box], maxlen=_KEPT_BOXES)
        self._count(self._sample(detection, view))

    def _count(self, sample: Sample) -> None:
        self.window.add(sample)
        self.evidence.add(sample, self._options.begin_score)
        self._clear.add(sample, self._options.unarrived_peak)

    def update(self, view: View, detection: Detection | None, covers: Sequence[Box]) -> None:
        """Take in a frame: what the detector saw here, and what may be in front of it."""
        options = self._options
        looked = view.looked and (not self.near or view.is_near(self.box))
        seen = self._compare(view, covers)
        covered = seen is not None and seen.open < options.open_share
        # Without a detection only the picture speaks for it, and ground that shows around a vehicle may lie.
        least = options.block_share if detection is None and looked else options.doubt_share
        still = seen is not None and not covered and (seen.blocks >= least or seen.flat)
        if detection is not None:
            if (not still or self._rolled(view, seen)) and not covered and not view.unsure:
                self._start(detection, view)
                return
            self.seen_s = view.at_s
            self.boxes.append(detection.box)
            self.box = median_box(list(self.boxes))
            self._count(self._sample(detection, view))
        elif still:
            self.seen_s = view.at_s
            if looked:
                self._count(Sample(at_s=view.at_s))
        elif not covered or view.at_s - self.seen_s > _HOLD_S:
            self.alive = False
        if view.at_s - self.still_since_s > 2 * _EVIDENCE_S:
            self.alive = self.alive and self.evidence.mean_score >= options.candidate_score / 2

    def _compare(self, view: View, covers: Sequence[Box]) -> Resemblance | None:
        """How much its place looks like its first sight; None when it is too small to say."""
        if self.appearance is None:
            return None
        front = [view.on_gray(cover) for cover in covers]
        where = view.on_gray(self._anchor)
        return self.appearance.compare(view.gray, where, self._options.block_keep, front)

    def _rolled(self, view: View, seen: Resemblance | None) -> bool:
        """Whether it creeps: cut by the picture's edge its box only grows, but what is in it moves."""
        options = self._options
        if self.appearance is None or seen is None or seen.flat or seen.blocks >= options.block_share:
            return False
        where = view.on_gray(self._anchor)
        return self.appearance.rolled(view.gray, where, options.block_keep, options.aside_keep)

    def _sample(self, detection: Detection, view: View) -> Sample:
        # Enlarged, markings on the road look like vehicles: what looks at the whole have left open for long
        # has to be seen better there.
        enlarged = self.overdue and not self.near and view.is_near(self.box)
        score = detection.score * (_ENLARGED_WORTH if enlarged else 1.0)
        return Sample(at_s=view.at_s, score=score, box=detection.box, label=detection.label)

    def stands(self, at_s: float) -> bool:
        """Whether it is now known to stand: quickly where it is seen well, patiently where it is not."""
        options = self._options
        lasted = at_s - self.still_since_s
        if lasted < options.stillness_s or self.evidence.looks < 3:
            return False
        return self._seen_well or (
            self.evidence.looks >= 5
            and self.evidence.mean_score >= (options.near_score if self.near else options.patience_score)
            and self.evidence.mean_score * min(lasted, _EVIDENCE_S) >= options.patience
            and self.evidence.peak_share >= options.patience_peak_share
        )

    @property
    def _seen_well(self) -> bool:
        options = self._options
        return (
            self.window.covered_s() >= options.stillness_s * 0.8
            and self.window.share_at(options.begin_score) >= 0.5
            and self.window.is_still(options.still_iou, options.half_iou)
        )

    def earned(self, at_s: float, arrival: Arrival) -> bool:
        """Whether it is seen well enough for the time its picture shows it was there.

        What stood in the view for long before the detector took it for a vehicle has to make up for the time
        in which it did not: containers, skips and posters never arrive, and are mistaken now and then. What
        was in the view from the start must be seen clearly now and then: a bush is a car at 0.3 for ever.
        """
        options = self._options
        clear = self._clear.peak_share >= options.patience_peak_share
        if arrival.since_start and not clear and not self._seen_well:
            return False
        unseen_s = min(_EVIDENCE_S, self.still_since_s - arrival.there_s)
        if unseen_s <= options.stillness_s:
            return True
        seen_s = min(_EVIDENCE_S, at_s - self.still_since_s)
        mean = self.evidence.mean_score * seen_s / (seen_s + unseen_s)
        return mean >= options.patience_score and self.evidence.mean_score * seen_s >= options.patience

    def left_waiting(self, at_s: float) -> None:
        """A look did not confirm it; `overdue` when it was old enough for that."""
        self.overdue = at_s - self.still_since_s >= self._options.stillness_s + self._options.look_step_s

    def wants_a_closer_look(self, at_s: float, size: Size) -> bool:
        """Whether it stands, as far as is known, and is too small for looks at the whole picture."""
        options = self._options
        least_s = options.look_step_s
        if self.inspected or at_s - self.still_since_s < least_s or self.evidence.best < options.keep_score:
            return False
        longer = max(size.width, size.height)
        if min(self.box.width, self.box.height) < options.least_side * longer:
            return False
        return math.sqrt(self.box.area) <= options.small_side * longer

    def undecided(self, view_gray: Gray, scale: float, dx: float, dy: float, at_s: float) -> bool:
        """Whether a look may confirm it: it is young, and what was seen is still there (it did not pass)."""
        young = at_s - self.still_since_s <= self._options.stillness_s * 1.5
        if not young or self.evidence.best < self._options.keep_score:
            return False
        if self.appearance is None:
            return True
        where = self._anchor.scaled(scale, scale).shifted(dx, dy)
        seen = self.appearance.compare(view_gray, where, self._options.block_keep)
        return seen.flat or seen.blocks >= self._options.doubt_share
