"""What a long run costs from hour to hour, and whether it stays what it was."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from dataclasses import dataclass, field

from pipeline.detection import Detection
from pipeline.frame import Frame
from pipeline.geometry import Box
from pipeline.standing import StandingUpdate, StandingVehicles

HOUR_S = 3600.0
# Classes of frames with fewer members say little about their time.
_FEWEST = 20


@dataclass(slots=True)
class Hour:
    """The measurements of one hour of media time.

    Attributes:
        rss: resident memory, bytes, sampled through the hour.
        state_bytes: size of the state kept on disk at its end.
        tracker_s: tracker CPU seconds of each frame, by (standing vehicles, whether the detector ran).
        engine_s: CPU seconds of the whole engine.
        frames: frames looked at.
        looks: frames on which the detector ran.
    """

    rss: list[int] = field(default_factory=list)
    state_bytes: int = 0
    tracker_s: defaultdict[tuple[int, bool], list[float]] = field(default_factory=lambda: defaultdict(list))
    engine_s: float = 0.0
    frames: int = 0
    looks: int = 0

    @property
    def memory(self) -> float:
        """Median resident memory, bytes."""
        return statistics.median(self.rss)

    @property
    def tracker_ms(self) -> float:
        """Mean tracker time for a frame, CPU milliseconds."""
        return 1000 * statistics.fmean(t for times in self.tracker_s.values() for t in times)

    @property
    def standing(self) -> float:
        """Mean number of standing vehicles."""
        return statistics.fmean(n for (n, _), times in self.tracker_s.items() for _ in times)


def tracker_ratio(first: Hour, last: Hour) -> float | None:
    """How much longer a frame takes the tracker in the last hour than a like frame in the first.

    Frames are alike when as many vehicles stand and the detector ran on both or on neither; medians are
    compared, and the classes weighted by the fewer frames of the two hours.

    Returns:
        The ratio, or None when the hours have no class of at least 20 frames in common.
    """
    total, weight = 0.0, 0
    for kind in first.tracker_s.keys() & last.tracker_s.keys():
        one, other = first.tracker_s[kind], last.tracker_s[kind]
        count = min(len(one), len(other))
        if count >= _FEWEST:
            total += count * statistics.median(other) / statistics.median(one)
            weight += count
    return total / weight if weight else None


class TimedTracker(StandingVehicles):
    """A tracker whose CPU seconds are measured, frame by frame.

    Args:
        tracker: the one to measure.
    """

    def __init__(self, tracker: StandingVehicles) -> None:
        self._tracker = tracker
        self._spent_s = 0.0

    def take_s(self) -> float:
        """CPU seconds since the last call."""
        spent, self._spent_s = self._spent_s, 0.0
        return spent

    def needs_detection(self, frame: Frame) -> bool:
        begun = time.thread_time()
        needed = self._tracker.needs_detection(frame)
        self._spent_s += time.thread_time() - begun
        return needed

    def close_ups(self, frame: Frame, detections: tuple[Detection, ...]) -> tuple[Box, ...]:
        begun = time.thread_time()
        parts = self._tracker.close_ups(frame, detections)
        self._spent_s += time.thread_time() - begun
        return parts

    def update(self, frame: Frame, detections: tuple[Detection, ...] | None) -> StandingUpdate:
        begun = time.thread_time()
        update = self._tracker.update(frame, detections)
        self._spent_s += time.thread_time() - begun
        return update

    def resume(self, frame: Frame) -> None:
        self._tracker.resume(frame)

    def snapshot(self) -> bytes:
        return self._tracker.snapshot()

    def restore(self, state: bytes, frame: Frame) -> None:
        self._tracker.restore(state, frame)
