"""The motion gate: a frame in which nothing came to rest need not be looked at by the detector."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.picture import Gray

_Mask = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """How a frame differs from the one the detector looked at last and from the one before it.

    Attributes:
        settled: share of pixels that are not as they were at the last detector run, but as they were in the
            previous frame: something came, or went, and is now at rest; 1 before the first run.
        since_frame: share of changed pixels since the previous frame, 0-1; 0 when there is none.
    """

    settled: float
    since_frame: float


class MotionGate:
    """Compares small grey pictures.

    What stands must first come to rest; what only passes does not open the gate. The difference is taken to
    the last picture the detector saw: slow movement adds up until it opens the gate, and none is lost.

    Args:
        step: grey levels by which a pixel must change.
    """

    def __init__(self, step: int) -> None:
        self._step = step
        self._looked: Gray | None = None
        self._previous: Gray | None = None

    def measure(self, gray: Gray) -> Motion:
        """How much of `gray` changed."""
        moving = self._changed(gray, self._previous)
        fresh = self._changed(gray, self._looked)
        self._previous = gray
        if fresh is None:
            settled = 1.0
        else:
            at_rest = fresh if moving is None else cv2.bitwise_and(fresh, cv2.bitwise_not(moving))
            settled = cv2.countNonZero(at_rest) / gray.size
        return Motion(
            settled=settled, since_frame=0.0 if moving is None else cv2.countNonZero(moving) / gray.size
        )

    def looked(self, gray: Gray) -> None:
        """The detector sees `gray`."""
        self._looked = gray

    def restart(self) -> None:
        """Forget what was: pictures from before a gap say nothing about motion or light."""
        self._looked = self._previous = None

    def _changed(self, gray: Gray, other: Gray | None) -> _Mask | None:
        """255 where a pixel changed; None when there is nothing to compare with."""
        if other is None or other.shape != gray.shape:
            return None
        _, mask = cv2.threshold(cv2.absdiff(gray, other), self._step - 1, 255, cv2.THRESH_BINARY)
        return np.asarray(mask, dtype=np.uint8)
