"""The stillness window: whether the boxes of the last seconds are one box that does not move."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass

import numpy as np

from pipeline.detection import ObjectClass
from pipeline.geometry import Box

_MAX_SAMPLES = 128  # 3 s at 30 frames a second, and some
SUPPORT_S = 8.0  # how long a place's own box is given to be seen again before a better one may take over


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One look of the detector at a place: box and class are None when it saw nothing there."""

    at_s: float
    score: float = 0.0
    box: Box | None = None
    label: ObjectClass | None = None


def median_box(boxes: list[Box]) -> Box:
    """The box of the four median edges: one wild detection does not move it."""
    edges = np.median([(b.x1, b.y1, b.x2, b.y2) for b in boxes], axis=0)
    return Box(x1=float(edges[0]), y1=float(edges[1]), x2=float(edges[2]), y2=float(edges[3]))


class StillnessWindow:
    """The looks of the last `span_s` seconds (at least the last three, however far apart), bounded.

    Args:
        span_s: length of the window, seconds.
    """

    def __init__(self, span_s: float) -> None:
        self._span_s = span_s
        self._samples: deque[Sample] = deque(maxlen=_MAX_SAMPLES)

    def add(self, sample: Sample) -> None:
        """Take in a look; those that left the window are forgotten."""
        self._samples.append(sample)
        while len(self._samples) > 3 and self._samples[1].at_s <= sample.at_s - self._span_s:
            self._samples.popleft()

    def boxes(self) -> list[Box]:
        """The boxes seen in the window, oldest first."""
        return [sample.box for sample in self._samples if sample.box is not None]

    def covered_s(self) -> float:
        """Seconds from the first to the last look that saw something."""
        seen = [sample.at_s for sample in self._samples if sample.box is not None]
        return seen[-1] - seen[0] if seen else 0.0

    def share_at(self, score: float) -> float:
        """Share of the looks that scored at least `score`, 0-1."""
        if not self._samples:
            return 0.0
        return sum(sample.score >= score for sample in self._samples) / len(self._samples)

    def is_still(self, still_iou: float, half_iou: float) -> bool:
        """Whether the boxes agree with their median, and the older half with the newer."""
        boxes = self.boxes()
        if len(boxes) < 3:
            return False
        middle = median_box(boxes)
        if float(np.median([box.iou(middle) for box in boxes])) < still_iou:
            return False
        half = len(boxes) // 2
        return median_box(boxes[:half]).iou(median_box(boxes[-half:])) >= half_iou


class Evidence:
    """What all looks at a place add up to, without keeping them: for vehicles the detector sees badly.

    Old looks fade with the time constant `memory_s`, so that light and weather may change.
    """

    def __init__(self, memory_s: float) -> None:
        self._memory_s = memory_s
        self._weight = self._score = self._peaks = 0.0
        self._last_s: float | None = None
        self.votes: Counter[ObjectClass] = Counter()
        self.best = 0.0
        self.looks = 0

    def add(self, sample: Sample, peak_score: float) -> None:
        """Count a look; looks are weighted by the time they stand for (at most 1 s)."""
        gap_s = 1.0 if self._last_s is None else min(1.0, sample.at_s - self._last_s)
        fade = float(np.exp(-gap_s / self._memory_s))
        self._weight = self._weight * fade + gap_s
        self._score = self._score * fade + gap_s * sample.score
        self._peaks = self._peaks * fade + gap_s * (sample.score >= peak_score)
        self._last_s = sample.at_s
        self.best = max(self.best, sample.score)
        self.looks += 1
        if sample.label is not None:
            self.votes[sample.label] += 1

    @property
    def mean_score(self) -> float:
        """Mean score over the remembered looks, misses counting 0."""
        return self._score / self._weight if self._weight else 0.0

    @property
    def peak_share(self) -> float:
        """Share of the remembered time whose looks reached the peak score."""
        return self._peaks / self._weight if self._weight else 0.0

    @property
    def label(self) -> ObjectClass:
        """The class by majority of votes."""
        return self.votes.most_common(1)[0][0] if self.votes else ObjectClass.CAR
