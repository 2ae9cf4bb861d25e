"""The place memory over a clip at one rate, and the halts that it finds."""

from __future__ import annotations

from bench.event_scoring import FoundHalt
from pipeline.detection import Detection
from pipeline.frame import Frame
from pipeline.frame_detector import FrameDetector
from trackers.place_tracker import PlaceTracker


class EventWatch:
    """Motion gate, detector and place memory as a camera's watch drives them; nothing else of the engine.

    Args:
        detector: looks closer where the memory asks for it.
        rate: frames a second that are taken in; 0 is every frame.

    Attributes:
        name: the way, as the tables call it.
        frames: how many frames were taken in.
        looks: on how many of them the detector looked.
        close_looks: at how many parts of pictures it looked closer.
    """

    def __init__(self, detector: FrameDetector, rate: float) -> None:
        self.name = "places, every frame" if rate == 0.0 else f"places, {rate:g} a second"
        self.frames = self.looks = self.close_looks = 0
        self._detector = detector
        self._rate = rate
        self._due_s = 0.0
        self._end_s = 0.0
        self._tracker = PlaceTracker()
        self._halts: dict[str, FoundHalt] = {}
        self._standing: set[str] = set()

    def step(self, frame: Frame, whole: tuple[Detection, ...]) -> None:
        """Take in the next frame of the clip, unless it falls between two of this rate.

        Args:
            frame: the frame.
            whole: what the detector sees in the whole of it; used only when the memory asks for a look.

        Raises:
            PictureError: the picture is damaged.
        """
        self._end_s = frame.at_s
        if self._rate:
            if frame.at_s < self._due_s - 1e-6:
                return
            self._due_s += 1.0 / self._rate
        self.frames += 1
        detections = None
        if self._tracker.needs_detection(frame):
            parts = self._tracker.close_ups(frame, whole)
            detections = self._detector.closer(frame, parts, whole)
            self.looks += 1
            self.close_looks += len(parts)
        update = self._tracker.update(frame, detections)
        self._standing = {vehicle.id for vehicle in update.standing}
        for vehicle in update.standing:
            self._halts[vehicle.id] = FoundHalt(
                box=vehicle.box, arrived_s=vehicle.arrived_s, left_s=frame.at_s, left=False
            )
        for departure in update.departed:
            self._halts[departure.vehicle.id] = FoundHalt(
                box=departure.vehicle.box,
                arrived_s=departure.vehicle.arrived_s,
                left_s=departure.left_s,
                left=True,
            )

    @property
    def halts(self) -> list[FoundHalt]:
        """Every halt so far; those that go on end with the clip's last frame."""
        return [
            FoundHalt(box=halt.box, arrived_s=halt.arrived_s, left_s=self._end_s, left=False)
            if vehicle in self._standing
            else halt
            for vehicle, halt in self._halts.items()
        ]
