"""Something that may come to stand: from its first detection until it is confirmed or gone."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from pipeline.detection import Detection
from pipeline.geometry import Box
from pipeline.picture import Gray
from trackers.appearance import Appearance, Resemblance
from trackers.options import PlaceOptions
from trackers.samples import Evidence, Sample, StillnessWindow, median_box

_KEPT_BOXES = 31  # enough for a steady median, and bounded
_EVIDENCE_S = 24.0  # three times the patience: light that comes and goes does not erase what was seen
_HOLD_S = 10.0  # behind something in front


class Candidate:
    """One place at which a vehicle was seen, and whether boxes and picture have been still since.

    Args:
        detection: the first sight, full-frame pixels.
        gray: the grey picture of that moment.
        scale: grey pixels per full-frame pixel.
        at_s: media time, seconds.
        options: the thresholds.
    """

    def __init__(
        self, detection: Detection, gray: Gray, scale: float, at_s: float, options: PlaceOptions
    ) -> None:
        self._options = options
        self._scale = scale
        self.alive = True
        self._start(detection, gray, at_s)

    def _start(self, detection: Detection, gray: Gray, at_s: float) -> None:
        """Stand still from now on: whatever was here before has moved."""
        self.box = self._anchor = detection.box
        self.still_since_s = self.seen_s = at_s
        self.appearance = Appearance.learn(gray, self.box.scaled(self._scale, self._scale))
        self.window = StillnessWindow(self._options.stillness_s)
        self.evidence = Evidence(_EVIDENCE_S)
        self.boxes: deque[Box] = deque(maxlen=_KEPT_BOXES)
        self.boxes.append(self.box)
        self._count(Sample(at_s=at_s, score=detection.score, box=detection.box, label=detection.label))

    def _count(self, sample: Sample) -> None:
        self.window.add(sample)
        self.evidence.add(sample, self._options.begin_score)

    def resemblance(self, gray: Gray, dx: float, dy: float, covers: Sequence[Box] = ()) -> Resemblance | None:
        """How much its place looks like its first sight; None when it is too small to say."""
        if self.appearance is None:
            return None
        where = self._anchor.scaled(self._scale, self._scale).shifted(dx, dy)
        front = [cover.scaled(self._scale, self._scale).shifted(dx, dy) for cover in covers]
        return self.appearance.compare(gray, where, self._options.block_keep, front)

    def update(
        self,
        gray: Gray,
        at_s: float,
        detection: Detection | None,
        *,
        looked: bool,
        covers: Sequence[Box],
        light: bool,
        shift: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """Take in a frame; `looked` says whether the detector ran, `detection` what it saw here."""
        options = self._options
        seen = self.resemblance(gray, *shift, covers)
        covered = seen is not None and seen.open < options.open_share
        still = seen is not None and not covered and (seen.blocks >= options.doubt_share or seen.flat)
        if detection is not None:
            if not still and not covered and not light:
                self._start(detection, gray, at_s)
                return
            self.seen_s = at_s
            self.boxes.append(detection.box)
            self.box = median_box(list(self.boxes))
            self._count(Sample(at_s=at_s, score=detection.score, box=detection.box, label=detection.label))
        elif still:
            self.seen_s = at_s
            if looked:
                self._count(Sample(at_s=at_s))
        elif not covered or at_s - self.seen_s > _HOLD_S:
            self.alive = False
        if self.alive and at_s - self.still_since_s > 2 * _EVIDENCE_S:
            self.alive = self.evidence.mean_score >= options.candidate_score / 2

    def stands(self, at_s: float) -> bool:
        """Whether it is now known to stand: quickly where it is seen well, patiently where it is not."""
        options = self._options
        lasted = at_s - self.still_since_s
        if lasted < options.stillness_s or self.evidence.looks < 3:
            return False
        if (
            self.window.covered_s() >= options.stillness_s * 0.8
            and self.window.share_at(options.begin_score) >= 0.5
            and self.window.is_still(options.still_iou, options.half_iou)
        ):
            return True
        return (
            lasted >= options.patience_s
            and self.evidence.looks >= 5
            and self.evidence.mean_score >= options.patience_score
            and self.evidence.peak_share >= options.patience_peak_share
        )

    def earned(self, at_s: float, arrived_s: float) -> bool:
        """Whether it is seen well enough for the time its picture shows it was there.

        What stood in the view for long before the detector took it for a vehicle has to make up for the time
        in which it did not: containers, skips and posters never arrive, and are mistaken now and then.
        """
        options = self._options
        unseen_s = min(_EVIDENCE_S, self.still_since_s - arrived_s)
        if unseen_s <= options.stillness_s:
            return True
        lasted_s = min(_EVIDENCE_S, at_s - self.still_since_s)
        return self.evidence.mean_score * lasted_s >= options.patience_score * (lasted_s + unseen_s)

    def undecided(self, at_s: float) -> bool:
        """Whether the next looks may confirm it, so that they are worth a detector run."""
        young = at_s - self.still_since_s <= self._options.stillness_s * 1.5
        return young and self.evidence.best >= self._options.keep_score
