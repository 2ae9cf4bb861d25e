"""Whether the light is changing: then pictures of before are not held against a vehicle."""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np

from pipeline.picture import Gray

# Sun that comes through takes seconds, however many frames a second there are: the comparison looks this far
# back. In a street of heavy traffic up to a tenth of the picture changes in this time, in a car park less.
_BACK_S = 3.0
_STEP_S = 0.45


class LightChange:
    """Compares small grey pictures over seconds. Traffic changes parts of a view, light most of it.

    Args:
        step: grey levels by which a pixel must change.
        share: share of changed pixels from which it is the light, 0-1.
        settle_s: how long after a sudden change the light is not trusted.
    """

    def __init__(self, step: int, share: float, settle_s: float) -> None:
        self._step, self._share, self._settle_s = step, share, settle_s
        self._past: deque[tuple[float, Gray]] = deque()
        self._until_s = float("-inf")

    def changing(self, at_s: float) -> bool:
        """Whether pictures taken at `at_s` may differ from those before for their light alone."""
        return at_s <= self._until_s

    def add(self, gray: Gray, at_s: float, since_frame: float) -> None:
        """Take in a picture; `since_frame` is the share of its pixels that changed since the last one."""
        if since_frame >= self._share:
            self._until_s = max(self._until_s, at_s + self._settle_s)
        if self._past and at_s - self._past[-1][0] < _STEP_S:
            return
        while len(self._past) > 1 and at_s - self._past[1][0] >= _BACK_S:
            self._past.popleft()
        if self._past and self._past[0][1].shape == gray.shape:
            changed = cv2.absdiff(gray, self._past[0][1]) >= self._step
            if float(np.mean(changed)) >= self._share:
                self._until_s = max(self._until_s, at_s + 2 * _STEP_S)
        self._past.append((at_s, gray))

    def restart(self) -> None:
        """Forget what was: after a gap the light is another without having changed."""
        self._past.clear()
        self._until_s = float("-inf")
