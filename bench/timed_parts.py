"""The engine's parts with a stopwatch around each."""

from __future__ import annotations

from dataclasses import replace

from bench.stopwatch import Stopwatch
from pipeline.detection import Detection, Detector
from pipeline.frame import Frame
from pipeline.geometry import Box, Size
from pipeline.picture import Gray, Image, Picture
from pipeline.plate import PlateScanner, PlateSighting
from pipeline.standing import StandingUpdate, StandingVehicles


class TimedDetector:
    """A detector whose time is booked as `detect`."""

    def __init__(self, inner: Detector, watch: Stopwatch) -> None:
        self._inner, self._watch = inner, watch

    def detect(self, image: Image) -> tuple[Detection, ...]:
        with self._watch.stage("detect"):
            return self._inner.detect(image)


class TimedScanner:
    """A plate scanner whose time is booked as `plates`."""

    def __init__(self, inner: PlateScanner, watch: Stopwatch) -> None:
        self._inner, self._watch = inner, watch

    def scan(self, image: Image, vehicle: Box, others: tuple[Box, ...]) -> PlateSighting | None:
        with self._watch.stage("plates"):
            return self._inner.scan(image, vehicle, others)


class TimedTracker(StandingVehicles):
    """A place memory whose time is booked as `gate` and `track`."""

    def __init__(self, inner: StandingVehicles, watch: Stopwatch) -> None:
        self._inner, self._watch = inner, watch

    def needs_detection(self, frame: Frame) -> bool:
        with self._watch.stage("gate"):
            return self._inner.needs_detection(frame)

    def close_ups(self, frame: Frame, detections: tuple[Detection, ...]) -> tuple[Box, ...]:
        with self._watch.stage("gate"):
            return self._inner.close_ups(frame, detections)

    def update(self, frame: Frame, detections: tuple[Detection, ...] | None) -> StandingUpdate:
        with self._watch.stage("track"):
            return self._inner.update(frame, detections)

    def resume(self, frame: Frame) -> None:
        self._inner.resume(frame)

    def snapshot(self) -> bytes:
        return self._inner.snapshot()

    def restore(self, state: bytes, frame: Frame) -> None:
        self._inner.restore(state, frame)


class TimedPicture:
    """A picture; decoding is booked as `decode`, small colours as `detect`, full ones as `evidence`."""

    def __init__(self, inner: Picture, watch: Stopwatch) -> None:
        self._inner, self._watch = inner, watch
        self._opened = False

    @property
    def size(self) -> Size:
        with self._watch.stage("decode"):
            return self._inner.size

    def gray(self, size: Size) -> Gray:
        self._open()
        with self._watch.stage("gate"):
            return self._inner.gray(size)

    def bgr(self, size: Size | None = None) -> Image:
        self._open()
        with self._watch.stage("evidence" if size is None else "detect"):
            return self._inner.bgr(size)

    def original(self) -> bytes | None:
        return self._inner.original()

    def _open(self) -> None:
        # Only a decoded picture knows its size.
        self._watch.calls["pictures"] += not self._opened
        self._opened = True
        with self._watch.stage("decode"):
            _ = self._inner.size


def timed(frame: Frame, watch: Stopwatch) -> Frame:
    """`frame` with a timed picture."""
    picture = TimedPicture(frame.picture, watch)
    return replace(frame, picture=picture, detail=picture)
