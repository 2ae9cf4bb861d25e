"""Fakes of our own Protocols, for tests of the judgement."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import cv2
import numpy as np

from pipeline.background import ViewMap
from pipeline.detection import Detection
from pipeline.errors import EvidenceError, QueueError
from pipeline.frame import Frame
from pipeline.geometry import Box, Polygon
from pipeline.picture import ArrayPicture, Image
from pipeline.plate import CharacterGuess, PlateReading, PlateSighting
from pipeline.report import CameraEvent, Evidence, EvidenceKind, Report
from pipeline.standing import Departure, StandingUpdate, StandingVehicle

START = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)


class MemoryEvidence:
    """An evidence store in memory; `full` makes it refuse."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.full = False

    def put(
        self, *, camera: str, kind: EvidenceKind, taken_at: datetime, data: bytes, media_type: str
    ) -> Evidence:
        if self.full:
            raise EvidenceError("The evidence disk is full; free some space.")
        digest = hashlib.sha256(data).hexdigest()
        key = f"{camera}/{kind.value}-{digest[:16]}"
        self.blobs[key] = data
        return Evidence(
            kind=kind,
            key=key,
            sha256=digest,
            media_type=media_type,
            taken_at=taken_at,
            size_bytes=len(data),
        )

    def get(self, key: str) -> bytes:
        if key not in self.blobs:
            raise EvidenceError(f"Nothing is stored under {key}.")
        return self.blobs[key]


class MemorySink:
    """A report sink in memory; `full` makes it refuse."""

    def __init__(self) -> None:
        self.items: list[Report | CameraEvent] = []
        self.full = False

    def offer(self, item: Report | CameraEvent) -> None:
        if self.full:
            raise QueueError("The outbox's disk is full; free some space.")
        self.items.append(item)

    @property
    def reports(self) -> list[Report]:
        return [item for item in self.items if isinstance(item, Report)]

    @property
    def events(self) -> list[CameraEvent]:
        return [item for item in self.items if isinstance(item, CameraEvent)]


class ScriptedStanding:
    """A memory of standing vehicles that says what it is told: `script(at_s)` gives who stands."""

    def __init__(self, script: Callable[[float], tuple[StandingVehicle, ...]]) -> None:
        self._script = script
        self._before: tuple[StandingVehicle, ...] = ()
        self.resumed = 0

    def needs_detection(self, frame: Frame) -> bool:
        return frame.index % 2 == 0

    def close_ups(self, frame: Frame, detections: tuple[Detection, ...]) -> tuple[Box, ...]:
        return ()

    def update(self, frame: Frame, detections: tuple[Detection, ...] | None) -> StandingUpdate:
        now = self._script(frame.at_s)
        ids = {vehicle.id for vehicle in now}
        gone = tuple(vehicle for vehicle in self._before if vehicle.id not in ids)
        self._before = now
        return StandingUpdate(standing=now, departed=tuple(departure(v, frame) for v in gone))

    def resume(self, frame: Frame) -> None:
        self.resumed += 1

    def snapshot(self) -> bytes:
        return b"scripted"

    def restore(self, state: bytes, frame: Frame) -> None:
        assert state == b"scripted"


def departure(vehicle: StandingVehicle, frame: Frame) -> Departure:
    from pipeline.standing import DepartureReason

    return Departure(vehicle=vehicle, left_s=frame.at_s, left_at=frame.taken_at, reason=DepartureReason.LEFT)


class NothingDetected:
    def detect(self, image: Image) -> tuple[Detection, ...]:
        return ()


class FixedScanner:
    """Reads `text` on every vehicle with the given certainty, after `blind` attempts without."""

    def __init__(self, text: str, *, certainty: float = 0.99, blind: int = 0) -> None:
        self.text = text
        self.certainty = certainty
        self.blind = blind
        self.calls = 0

    def scan(self, image: Image, vehicle: Box, others: tuple[Box, ...]) -> PlateSighting | None:
        self.calls += 1
        if self.calls <= self.blind:
            return None
        characters = tuple(CharacterGuess(alternatives=((c, self.certainty),)) for c in self.text)
        crop = np.full((40, 160, 3), self.calls % 250, np.uint8)
        reading = PlateReading(characters=characters, sharpness=100.0 + self.calls, height_px=40.0)
        return PlateSighting(box=vehicle, score=0.9, crop=crop, reading=reading)


def street(*, shade: int = 0, vehicle: Box | None = None, seed: int = 1, size: int = 480) -> Image:
    """A textured street picture, 16:9, BGR, with a two-coloured vehicle painted into `vehicle`."""
    return _street(shade, vehicle, seed, size).copy()


def grainy(image: Image, seed: int) -> Image:
    """`image` with a camera's noise: a frozen picture is byte-equal, a live one never is."""
    noise = np.random.default_rng(seed).integers(0, 5, image.shape, dtype=np.uint8)
    # Saturating, and back to a noise around zero.
    return np.asarray(cv2.subtract(cv2.add(image, noise), np.full_like(image, 2)), dtype=np.uint8)


@lru_cache(maxsize=32)
def _street(shade: int, vehicle: Box | None, seed: int, size: int) -> Image:
    width = size * 16 // 9
    noise = np.random.default_rng(7).integers(40, 200, (size // 8, width // 8), dtype=np.uint8)
    gray = cv2.GaussianBlur(cv2.resize(noise, (width, size), interpolation=cv2.INTER_CUBIC), (0, 0), 1.5)
    image = cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR)
    if vehicle is not None:
        x1, y1, x2, y2 = (int(v) for v in (vehicle.x1, vehicle.y1, vehicle.x2, vehicle.y2))
        rng = np.random.default_rng(seed)
        paint = rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)
        image[y1:y2, x1:x2] = cv2.resize(paint, (x2 - x1, y2 - y1), interpolation=cv2.INTER_NEAREST)
    return np.asarray(np.clip(image.astype(int) + shade, 0, 255), dtype=np.uint8)


def frame(at_s: float, image: Image, *, index: int = 0, started: datetime = START) -> Frame:
    """A frame of camera "gate" at media time `at_s`."""
    picture = ArrayPicture(image)
    return Frame(
        camera="gate",
        index=index,
        at_s=at_s,
        taken_at=started + timedelta(seconds=at_s),
        picture=picture,
        detail=picture,
    )


def encode(image: Image) -> bytes:
    """JPEG of `image`."""
    done, data = cv2.imencode(".jpg", image)
    assert done
    return data.tobytes()


def draw_view(image: Image, view: ViewMap) -> Image:
    """A copy that says how much of the view was judged."""
    copy = image.copy()
    copy[:8] = round(255 * float(view.judged.mean()))
    return copy


def mark(image: Image, *, vehicle: Box, zone: Polygon, lines: tuple[str, ...]) -> Image:
    """A marked copy that differs from the original."""
    copy = image.copy()
    copy[:8] = len("".join(lines)) % 255
    return copy
