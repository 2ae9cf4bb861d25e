"""Standing vehicles from frames that are minutes apart, by a memory of places made for seconds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from pipeline.detection import Detection
from pipeline.errors import InvalidValueError
from pipeline.frame import Frame
from pipeline.geometry import Box
from pipeline.standing import Departure, StandingUpdate, StandingVehicle, StandingVehicles

_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


class SlowPace:
    """Gives another memory frames on a clock that runs slower, and its answers back in true time.

    What stands is judged by how often it was seen as much as by how long: three seconds of stillness are six
    looks of a camera at two frames a second, and none of one that sends a frame a minute. On a clock slower
    by the ratio of the two, every threshold keeps the number of looks it was measured with; its time is as
    much coarser as the frames are rarer. Implements `pipeline.standing.StandingVehicles`.

    Args:
        inner: the memory.
        slower: by how much the clock runs slower, at least 1.
    """

    def __init__(self, inner: StandingVehicles, slower: float) -> None:
        if not slower >= 1.0:
            raise InvalidValueError(f"expected a clock slower by at least 1, got {slower}")
        self._inner = inner
        self._slower = slower

    def needs_detection(self, frame: Frame) -> bool:
        # A look at each of so few frames costs nothing, and none is given away.
        self._inner.needs_detection(self._slowed(frame))
        return True

    def close_ups(self, frame: Frame, detections: tuple[Detection, ...]) -> tuple[Box, ...]:
        return self._inner.close_ups(self._slowed(frame), detections)

    def update(self, frame: Frame, detections: tuple[Detection, ...] | None) -> StandingUpdate:
        update = self._inner.update(self._slowed(frame), detections)
        return StandingUpdate(
            standing=tuple(self._vehicle(vehicle) for vehicle in update.standing),
            departed=tuple(
                Departure(
                    vehicle=self._vehicle(departure.vehicle),
                    left_s=departure.left_s * self._slower,
                    left_at=self._true(departure.left_at),
                    reason=departure.reason,
                )
                for departure in update.departed
            ),
        )

    def resume(self, frame: Frame) -> None:
        self._inner.resume(self._slowed(frame))

    def snapshot(self) -> bytes:
        return self._inner.snapshot()

    def restore(self, state: bytes, frame: Frame) -> None:
        self._inner.restore(state, self._slowed(frame))

    def _slowed(self, frame: Frame) -> Frame:
        since = (frame.taken_at - _EPOCH) / self._slower
        return replace(frame, at_s=frame.at_s / self._slower, taken_at=_EPOCH + since)

    def _true(self, moment: datetime) -> datetime:
        return _EPOCH + (moment - _EPOCH) * self._slower

    def _vehicle(self, vehicle: StandingVehicle) -> StandingVehicle:
        return replace(
            vehicle,
            arrived_s=vehicle.arrived_s * self._slower,
            arrived_at=self._true(vehicle.arrived_at),
            confirmed_s=vehicle.confirmed_s * self._slower,
            last_seen_s=vehicle.last_seen_s * self._slower,
        )
