"""A street drawn with numpy: textured ground, textured vehicles that move as told, and the exact truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np

from pipeline.detection import Detection, ObjectClass
from pipeline.frame import Frame
from pipeline.geometry import Box, Size
from pipeline.picture import ArrayPicture, Gray
from pipeline.standing import Departure, StandingUpdate, StandingVehicles

SIZE = Size(width=320, height=180)
BEGIN = datetime(2025, 5, 6, 7, 8, 9, tzinfo=UTC)
_SEEN_SHARE = 0.5  # the detector sees vehicles of which at least half is visible

Path = Callable[[float], tuple[float, float] | None]


def texture(seed: int, width: int, height: int, *, low: int = 20, high: int = 235) -> Gray:
    """A smooth random pattern, uint8 (height, width): no two seeds look alike."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(low, high, (max(2, height // 5), max(2, width // 5))).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Something in the street: where its upper left corner is at a time, or None when it is away."""

    path: Path
    seed: int = 1
    width: int = 48
    height: int = 30
    label: ObjectClass = ObjectClass.CAR
    score: Callable[[float], float] = lambda _: 0.7

    def box(self, at_s: float) -> Box | None:
        corner = self.path(at_s)
        if corner is None:
            return None
        x, y = corner
        whole = Box(x1=x, y1=y, x2=x + self.width, y2=y + self.height)
        return whole.clipped(SIZE)


def parked(
    x: float = 120.0, y: float = 80.0, *, arrive_s: float = 5.0, leave_s: float = 1e9, speed: float = 60.0
) -> Path:
    """Drives in from the left, stands from `arrive_s` to `leave_s`, drives off to the right."""

    def path(at_s: float) -> tuple[float, float] | None:
        if at_s < arrive_s:
            now = x - speed * (arrive_s - at_s)
        elif at_s <= leave_s:
            now = x
        else:
            now = x + speed * (at_s - leave_s)
        return (now, y) if -60.0 < now < SIZE.width else None

    return path


@dataclass(slots=True)
class Street:
    """What the camera sees.

    `gain` and `offset` change the light, `sway` shifts the view (pixels), `misses` says when the detector
    sees nothing at all, `jitter_px` is the noise of its boxes.
    """

    actors: Sequence[Actor]
    gain: Callable[[float], float] = lambda _: 1.0
    sway: Callable[[float], tuple[float, float]] = lambda _: (0.0, 0.0)
    misses: Callable[[float], bool] = lambda _: False
    jitter_px: float = 0.5
    noise: float = 1.0
    _rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))
    _ground: Gray = field(default_factory=lambda: texture(99, SIZE.width, SIZE.height, low=70, high=130))

    def frame(
        self, index: int, at_s: float, *, discontinuity: bool = False, began: datetime = BEGIN
    ) -> Frame:
        canvas = self._ground.astype(np.float32)
        for actor in self.actors:
            corner = actor.path(at_s)
            if corner is not None:
                _paint(
                    canvas, texture(actor.seed, actor.width, actor.height), round(corner[0]), round(corner[1])
                )
        lit = canvas * self.gain(at_s) + self._rng.normal(0.0, self.noise, canvas.shape)
        gray = np.clip(lit, 0, 255).astype(np.uint8)
        dx, dy = self.sway(at_s)
        if dx or dy:
            matrix = np.array([[1, 0, dx], [0, 1, dy]], dtype=np.float32)
            gray = np.asarray(
                cv2.warpAffine(gray, matrix, (SIZE.width, SIZE.height), borderMode=cv2.BORDER_REFLECT),
                dtype=np.uint8,
            )
        picture = ArrayPicture(np.ascontiguousarray(np.repeat(gray[:, :, None], 3, axis=2)))
        return Frame(
            camera="street",
            index=index,
            at_s=at_s,
            taken_at=began + timedelta(seconds=at_s),
            picture=picture,
            detail=picture,
            discontinuity=discontinuity,
        )

    def detections(self, at_s: float) -> tuple[Detection, ...]:
        """What a detector would say: visible actors with their score, and jitter."""
        if self.misses(at_s):
            return ()
        dx, dy = self.sway(at_s)
        found: list[Detection] = []
        for number, actor in enumerate(self.actors):
            box = actor.box(at_s)
            score = actor.score(at_s)
            if box is None or score <= 0.0 or box.width < 8:
                continue
            front = [b for other in self.actors[number + 1 :] if (b := other.box(at_s)) is not None]
            if any(box.share_inside(other) > 1.0 - _SEEN_SHARE for other in front):
                continue
            ex = self._rng.normal(0.0, self.jitter_px, 4)
            noisy = Box(
                x1=box.x1 + dx + ex[0], y1=box.y1 + dy + ex[1], x2=box.x2 + dx + ex[2], y2=box.y2 + dy + ex[3]
            ).clipped(SIZE)
            if noisy is not None:
                found.append(Detection(box=noisy, score=score, label=actor.label))
        return tuple(sorted(found, key=lambda d: d.score, reverse=True))


@dataclass(slots=True)
class Log:
    """What a tracker said over a run."""

    updates: list[tuple[Frame, StandingUpdate]] = field(default_factory=list)
    looks: int = 0

    @property
    def last(self) -> StandingUpdate:
        return self.updates[-1][1]

    @property
    def ids(self) -> list[str]:
        """Ids of all vehicles that ever stood, in order."""
        seen: dict[str, None] = {}
        for _, update in self.updates:
            for vehicle in update.standing:
                seen.setdefault(vehicle.id)
        return list(seen)

    @property
    def departed(self) -> list[Departure]:
        return [departure for _, update in self.updates for departure in update.departed]


def watch(
    tracker: StandingVehicles,
    street: Street,
    to_s: float,
    *,
    fps: float = 2.0,
    from_s: float = 0.0,
    gate: bool = True,
    log: Log | None = None,
) -> Log:
    """Show `street` to `tracker` from `from_s` to `to_s`; detections only where it asks for them."""
    log = log or Log()
    for step in range(int((to_s - from_s) * fps) + 1):
        at_s = from_s + step / fps
        frame = street.frame(len(log.updates), at_s)
        wanted = tracker.needs_detection(frame) or not gate
        log.looks += wanted
        log.updates.append((frame, tracker.update(frame, street.detections(at_s) if wanted else None)))
    return log


def _paint(canvas: np.ndarray[tuple[int, ...], np.dtype[np.float32]], patch: Gray, x: int, y: int) -> None:
    height, width = patch.shape
    x1, y1 = max(0, x), max(0, y)
    x2, y2 = min(SIZE.width, x + width), min(SIZE.height, y + height)
    if x1 < x2 and y1 < y2:
        canvas[y1:y2, x1:x2] = patch[y1 - y : y2 - y, x1 - x : x2 - x]
