"""The motion gate: a frame in which nothing moved need not be looked at by the detector."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.picture import Gray


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """How a frame differs from the one the detector looked at last and from the one before it.

    Attributes:
        since_look: share of changed pixels since the last detector run, 0-1.
        since_frame: share of changed pixels since the previous frame, 0-1; 0 when there is none.
    """

    since_look: float
    since_frame: float


class MotionGate:
    """Compares small grey pictures.

    The difference is taken to the last picture the detector saw, not to the previous frame: slow movement
    adds up until it opens the gate, and none is lost.

    Args:
        step: grey levels by which a pixel must change.
    """

    def __init__(self, step: int) -> None:
        self._step = step
        self._looked: Gray | None = None
        self._previous: Gray | None = None

    def measure(self, gray: Gray) -> Motion:
        """How much of `gray` changed."""
        motion = Motion(
            since_look=self._changed(gray, self._looked, unknown=1.0),
            since_frame=self._changed(gray, self._previous, unknown=0.0),
        )
        self._previous = gray
        return motion

    def looked(self, gray: Gray) -> None:
        """The detector sees `gray`."""
        self._looked = gray

    def restart(self) -> None:
        """Forget what was: pictures from before a gap say nothing about motion or light."""
        self._looked = self._previous = None

    def _changed(self, gray: Gray, other: Gray | None, *, unknown: float) -> float:
        if other is None or other.shape != gray.shape:
            return unknown
        _, mask = cv2.threshold(cv2.absdiff(gray, other), self._step - 1, 1, cv2.THRESH_BINARY)
        return float(cv2.countNonZero(np.asarray(mask))) / gray.size
