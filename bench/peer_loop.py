"""The loop that projects of this kind use, as a peer to compare with.

Every frame decoded to BGR, the detector on each, a ByteTrack-like tracker, a vehicle whose centre stays
within 20 px is parked, and a new track id is a new parked vehicle. The tracker follows Y. Zhang et al.,
ByteTrack (2022): constant-velocity Kalman prediction, association of strong detections first and weak ones
second, by IoU; tracks live 30 frames without a detection.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.event_scoring import FoundHalt
from pipeline.detection import VEHICLES, Detection
from pipeline.geometry import Box, Point
from trackers.matching import match

_STRONG, _WEAK, _BEGIN = 0.5, 0.1, 0.6  # ByteTrack's own thresholds: track_thresh, low_thresh, det_thresh
_FIRST_IOU, _SECOND_IOU = 0.2, 0.5
_BUFFER_FRAMES = 30
_STILL_PX = 20.0

_Vector = npt.NDArray[np.float64]


class _Kalman:
    """Constant velocity over (centre x, centre y, width, height), noise in proportion to the height."""

    def __init__(self, box: Box) -> None:
        self.mean: _Vector = np.concatenate([_measured(box), np.zeros(4)])
        height = box.height
        deviation = np.array([height / 10] * 4 + [height / 16] * 4)
        self.covariance = np.diag(deviation**2)
        self._step = np.eye(8)
        self._step[:4, 4:] = np.eye(4)

    def predict(self) -> None:
        height = max(1.0, float(self.mean[3]))
        noise = np.diag(np.array([height / 20] * 4 + [height / 160] * 4) ** 2)
        self.mean = self._step @ self.mean
        self.covariance = self._step @ self.covariance @ self._step.T + noise

    def correct(self, box: Box) -> None:
        noise = np.diag(np.full(4, max(1.0, float(self.mean[3])) / 20) ** 2)
        innovation = self.covariance[:4, :4] + noise
        gain = np.linalg.solve(innovation, self.covariance[:4]).T
        self.mean = self.mean + gain @ (_measured(box) - self.mean[:4])
        self.covariance = self.covariance - gain @ innovation @ gain.T

    def box(self) -> Box:
        x, y, width, height = (float(v) for v in self.mean[:4])
        width, height = max(1.0, width), max(1.0, height)
        return Box(x1=x - width / 2, y1=y - height / 2, x2=x + width / 2, y2=y + height / 2)


@dataclass(slots=True)
class _Track:
    filter: _Kalman
    anchor: Point
    still_since_s: float
    seen_s: float
    box: Box
    missed: int = 0


class PeerLoop:
    """Tracks and times vehicles frame by frame, the usual way.

    Args:
        dwell_s: standing time from which a vehicle is reported, seconds.
    """

    def __init__(self, dwell_s: float) -> None:
        self._dwell_s = dwell_s
        self._tracks: list[_Track] = []
        self._halts: list[FoundHalt] = []

    def update(self, at_s: float, detections: tuple[Detection, ...]) -> None:
        """Take in the detections of the next frame."""
        vehicles = [d for d in detections if d.label in VEHICLES]
        for track in self._tracks:
            track.filter.predict()
        strong = [d for d in vehicles if d.score >= _STRONG]
        weak = [d for d in vehicles if _WEAK <= d.score < _STRONG]
        owned = match([t.filter.box() for t in self._tracks], strong, _FIRST_IOU)
        found = {i: strong[j] for i, j in owned.items()}
        left = [i for i, track in enumerate(self._tracks) if i not in found and track.missed == 0]
        second = match([self._tracks[i].filter.box() for i in left], weak, _SECOND_IOU)
        found |= {left[i]: weak[j] for i, j in second.items()}
        for i, track in enumerate(self._tracks):
            if i in found:
                self._follow(track, found[i], at_s)
            else:
                track.missed += 1
        for track in [t for t in self._tracks if t.missed > _BUFFER_FRAMES]:
            self._end(track, left=True)
            self._tracks.remove(track)
        for j, detection in enumerate(strong):
            if j not in owned.values() and detection.score >= _BEGIN:
                box = detection.box
                self._tracks.append(_Track(_Kalman(box), box.center, at_s, at_s, box))

    def finish(self) -> list[FoundHalt]:
        """Every parked vehicle that was reported; those still tracked stand until the end."""
        for track in self._tracks:
            self._end(track, left=False)
        self._tracks = []
        return self._halts

    def _follow(self, track: _Track, detection: Detection, at_s: float) -> None:
        track.filter.correct(detection.box)
        track.missed = 0
        centre = detection.box.center
        if math.hypot(centre.x - track.anchor.x, centre.y - track.anchor.y) > _STILL_PX:
            self._end(track, left=True)
            track.anchor, track.still_since_s = centre, at_s
        track.seen_s, track.box = at_s, detection.box

    def _end(self, track: _Track, *, left: bool) -> None:
        halt = FoundHalt(box=track.box, arrived_s=track.still_since_s, left_s=track.seen_s, left=left)
        if halt.stood_s >= self._dwell_s:
            self._halts.append(halt)


def _measured(box: Box) -> _Vector:
    return np.array([box.center.x, box.center.y, box.width, box.height])
