"""Vehicles that stand: the memory that outlives tracker ids, bad frames and restarts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pipeline.detection import Detection, ObjectClass
from pipeline.errors import InvalidValueError
from pipeline.frame import Frame
from pipeline.geometry import Box
from pipeline.vehicle_look import VehicleLook


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingVehicle:
    """A vehicle standing at a place, as known after a frame.

    Attributes:
        id: unique per camera, for ever (survives restarts); one uninterrupted halt is one id.
        box: where it stands, pixels of the full frame (median of its boxes).
        label: its class by majority of votes.
        score: best detector score so far, 0-1.
        arrived_s: media time from which it stands, back-dated to its last movement.
        arrived_at: the same as aware UTC.
        since_start: it already stood when watching began: its true arrival is unknown, and `arrived_s` is
            the first sight.
        confirmed_s: media time at which it was first known to stand (after the stillness window).
        last_seen_s: media time of the last frame in which the vehicle was recognised (box or picture).
        visible: it is recognised in the current frame and not covered by something in front.
        look: what it looked like when the detector was surest, or None.
    """

    id: str
    box: Box
    label: ObjectClass
    score: float
    arrived_s: float
    arrived_at: datetime
    since_start: bool
    confirmed_s: float
    last_seen_s: float
    visible: bool
    look: VehicleLook | None = None

    def __post_init__(self) -> None:
        if self.arrived_s > self.confirmed_s:
            raise InvalidValueError(
                f"expected arrival no later than confirmation, got {self.arrived_s} > {self.confirmed_s}"
            )


class DepartureReason(StrEnum):
    """Why a standing vehicle is no longer one."""

    LEFT = "left"
    REPLACED = "replaced"
    MOVED = "moved"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """The end of a halt: the vehicle, the media time it was last standing, and why."""

    vehicle: StandingVehicle
    left_s: float
    left_at: datetime
    reason: DepartureReason


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingUpdate:
    """What one frame changed.

    Attributes:
        standing: every confirmed standing vehicle after the frame, stable order (by confirmation).
        departed: halts that ended with this frame.
    """

    standing: tuple[StandingVehicle, ...]
    departed: tuple[Departure, ...]


class StandingVehicles(Protocol):
    """Keeps one standing vehicle one, however often the detector blinks."""

    def needs_detection(self, frame: Frame) -> bool:
        """Whether `frame` has to be looked at by the detector (the motion gate); cheap, luma only.

        Call it once for each frame and before `update`.
        """
        ...

    def close_ups(self, frame: Frame, detections: tuple[Detection, ...]) -> tuple[Box, ...]:
        """Parts of `frame`, full-frame pixels, at which the detector should look enlarged; mostly none.

        Call it with what the detector saw in the whole of a frame that needed detection, before `update`,
        which is then given what both looks saw.
        """
        ...

    def update(self, frame: Frame, detections: tuple[Detection, ...] | None) -> StandingUpdate:
        """Take in a frame. `detections` in full-frame pixels; None means the detector did not run.

        Time is `frame.at_s`; any rate from 0.5 to 30 frames a second; gaps are tolerated.
        """
        ...

    def resume(self, frame: Frame) -> None:
        """Tell it that watching was suspended until just before `frame` (camera moved, blocked, dark)."""
        ...

    def snapshot(self) -> bytes:
        """The whole state, to be kept on disk (bounded: a few hundred kB at most)."""
        ...

    def restore(self, state: bytes, frame: Frame) -> None:
        """Continue from `state` of an earlier run at `frame`, bridging by wall-clock time; vehicles whose
        place still shows the same picture keep their id and arrival, the others are forgotten.

        Raises:
            InvalidValueError: the state is of an unknown version or damaged.
        """
        ...
