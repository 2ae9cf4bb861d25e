"""Standing vehicles from frames that are minutes apart, by a memory of places made for seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from pipeline.detection import Detection
from pipeline.frame import Frame
from pipeline.geometry import Box
from pipeline.standing import Departure, StandingUpdate, StandingVehicle, StandingVehicles
from trackers.slow_clock import SlowClock

# Before the clock's line and the inner memory's bytes.
_MARK = b"slow clock 1\n"


class SlowPace:
    """Gives another memory frames on a clock that runs slower, and its answers back in true time.

    What stands is judged by how often it was seen as much as by how long: three seconds of stillness are six
    looks of a camera at two frames a second, and none of one that sends a frame a minute. On a clock slower
    by the ratio of the two, every threshold keeps the number of looks it was measured with; its time is as
    much coarser as the frames are rarer. When a camera is told to send more or less often, the clock changes
    its pace from that frame on. Implements `pipeline.standing.StandingVehicles`.

    Args:
        inner: the memory.
        slower: by how much the clock runs slower from now on, at least 1; asked at each frame.
    """

    def __init__(self, inner: StandingVehicles, slower: Callable[[], float]) -> None:
        self._inner = inner
        self._slower = slower
        self._clock = SlowClock(slower())

    def needs_detection(self, frame: Frame) -> bool:
        # A look at each of so few frames costs nothing, and none is given away.
        self._inner.needs_detection(self._slowed(frame))
        return True

    def close_ups(self, frame: Frame, detections: tuple[Detection, ...]) -> tuple[Box, ...]:
        return self._inner.close_ups(self._slowed(frame), detections)

    def update(self, frame: Frame, detections: tuple[Detection, ...] | None) -> StandingUpdate:
        update = self._inner.update(self._slowed(frame), detections)
        return StandingUpdate(
            standing=tuple(self._vehicle(vehicle, frame) for vehicle in update.standing),
            departed=tuple(
                Departure(
                    vehicle=self._vehicle(departure.vehicle, frame),
                    left_s=self._true_s(departure.left_s, frame),
                    left_at=self._clock.true(departure.left_at),
                    reason=departure.reason,
                )
                for departure in update.departed
            ),
        )

    def resume(self, frame: Frame) -> None:
        self._inner.resume(self._slowed(frame))

    def snapshot(self) -> bytes:
        return _MARK + self._clock.snapshot() + b"\n" + self._inner.snapshot()

    def restore(self, state: bytes, frame: Frame) -> None:
        if state.startswith(_MARK):
            line, _, state = state.removeprefix(_MARK).partition(b"\n")
            self._clock = SlowClock.restored(line)
        self._inner.restore(state, self._slowed(frame))

    def _slowed(self, frame: Frame) -> Frame:
        self._clock.turn(frame.taken_at, self._slower())
        slow = self._clock.slow(frame.taken_at)
        return replace(frame, at_s=(slow - self._slow_origin(frame)).total_seconds(), taken_at=slow)

    def _true_s(self, slow_s: float, frame: Frame) -> float:
        moment = self._clock.true(self._slow_origin(frame) + timedelta(seconds=slow_s))
        return (moment - frame.taken_at).total_seconds() + frame.at_s

    def _slow_origin(self, frame: Frame) -> datetime:
        return self._clock.slow(frame.taken_at - timedelta(seconds=frame.at_s))

    def _vehicle(self, vehicle: StandingVehicle, frame: Frame) -> StandingVehicle:
        return replace(
            vehicle,
            arrived_s=self._true_s(vehicle.arrived_s, frame),
            arrived_at=self._clock.true(vehicle.arrived_at),
            confirmed_s=self._true_s(vehicle.confirmed_s, frame),
            last_seen_s=self._true_s(vehicle.last_seen_s, frame),
        )
