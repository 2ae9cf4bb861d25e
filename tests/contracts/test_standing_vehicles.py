"""What every memory of standing vehicles promises, whatever it remembers them by."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.detection import VEHICLES, Detection
from pipeline.errors import InvalidValueError
from pipeline.frame import Frame
from pipeline.geometry import Box
from pipeline.standing import Departure, DepartureReason, StandingUpdate, StandingVehicle, StandingVehicles
from tests.trackers.street import Actor, Street, parked, watch
from trackers.place_tracker import PlaceTracker


class BoxMemory(StandingVehicles):
    """The simplest honest memory: a box seen for 3 s in one place stands; unseen for 5 s it left."""

    def __init__(self) -> None:
        self._seen: dict[str, StandingVehicle] = {}
        self._serial = 0

    def needs_detection(self, frame: Frame) -> bool:
        return True

    def close_ups(self, frame: Frame, detections: tuple[Detection, ...]) -> tuple[Box, ...]:
        return ()

    def update(self, frame: Frame, detections: tuple[Detection, ...] | None) -> StandingUpdate:
        for detection in detections or ():
            if detection.label in VEHICLES and detection.score >= 0.4:
                self._take(frame, detection)
        gone = [v for v in self._seen.values() if frame.at_s - v.last_seen_s > 5.0]
        for vehicle in gone:
            del self._seen[vehicle.id]
        departed = tuple(
            Departure(
                vehicle=v,
                left_s=v.last_seen_s,
                left_at=frame.taken_at - timedelta(seconds=frame.at_s - v.last_seen_s),
                reason=DepartureReason.LEFT,
            )
            for v in gone
            if v.last_seen_s - v.arrived_s >= 3.0
        )
        standing = tuple(v for v in self._seen.values() if v.last_seen_s - v.arrived_s >= 3.0)
        return StandingUpdate(standing=standing, departed=departed)

    def resume(self, frame: Frame) -> None:
        self._seen = {k: replace(v, last_seen_s=frame.at_s) for k, v in self._seen.items()}

    def snapshot(self) -> bytes:
        return json.dumps({"serial": self._serial}).encode()

    def restore(self, state: bytes, frame: Frame) -> None:
        try:
            self._serial = int(json.loads(state)["serial"])
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidValueError("expected a box memory's state, got damaged bytes") from error

    def _take(self, frame: Frame, detection: Detection) -> None:
        for vehicle in self._seen.values():
            if vehicle.box.iou(detection.box) >= 0.7:
                self._seen[vehicle.id] = replace(vehicle, last_seen_s=frame.at_s)
                return
        self._serial += 1
        self._seen[str(self._serial)] = StandingVehicle(
            id=str(self._serial),
            box=detection.box,
            label=detection.label,
            score=detection.score,
            arrived_s=frame.at_s,
            arrived_at=frame.taken_at,
            since_start=False,
            confirmed_s=frame.at_s + 3.0,
            last_seen_s=frame.at_s,
            visible=True,
        )


@pytest.fixture(params=[PlaceTracker, BoxMemory], ids=["places", "boxes"])
def make(request: pytest.FixtureRequest) -> Callable[[], StandingVehicles]:
    maker: Callable[[], StandingVehicles] = request.param
    return maker


def test_a_halt_is_told_once_and_ends_once(make: Callable[[], StandingVehicles]) -> None:
    log = watch(make(), Street([Actor(path=parked(arrive_s=4.0, leave_s=20.0))]), 32.0)
    assert len(log.ids) == 1
    (departure,) = log.departed
    assert departure.vehicle.id == log.ids[0]
    assert departure.left_s == pytest.approx(20.0, abs=1.5)
    assert departure.vehicle.arrived_s == pytest.approx(4.0, abs=1.5)


def test_nothing_stands_in_an_empty_street(make: Callable[[], StandingVehicles]) -> None:
    log = watch(make(), Street([]), 20.0)
    assert log.ids == []
    assert log.departed == []


def test_a_departed_vehicle_stands_no_longer(make: Callable[[], StandingVehicles]) -> None:
    log = watch(make(), Street([Actor(path=parked(arrive_s=4.0, leave_s=15.0))]), 30.0)
    gone: set[str] = set()
    for _, update in log.updates:
        gone |= {departure.vehicle.id for departure in update.departed}
        assert not gone & {vehicle.id for vehicle in update.standing}
    assert gone


def test_the_order_is_that_of_confirmation(make: Callable[[], StandingVehicles]) -> None:
    actors = [
        Actor(path=parked(200.0, 20.0, arrive_s=2.0), seed=1),
        Actor(path=parked(40.0, 100.0, arrive_s=12.0), seed=2),
    ]
    log = watch(make(), Street(actors), 25.0)
    first, second = log.last.standing
    assert first.confirmed_s <= second.confirmed_s
    assert first.arrived_s < second.arrived_s


def test_times_agree_with_the_frames(make: Callable[[], StandingVehicles]) -> None:
    log = watch(make(), Street([Actor(path=parked(arrive_s=4.0))]), 20.0)
    for frame, update in log.updates:
        for vehicle in update.standing:
            assert vehicle.last_seen_s <= frame.at_s
            ago_s = (frame.taken_at - vehicle.arrived_at).total_seconds()
            assert frame.at_s - vehicle.arrived_s == pytest.approx(ago_s, abs=1e-3)


def test_frames_without_a_detector_run_are_taken(make: Callable[[], StandingVehicles]) -> None:
    memory, street = make(), Street([Actor(path=parked(arrive_s=-9.0))])
    log = watch(memory, street, 10.0)
    frame = street.frame(len(log.updates), 10.5)
    memory.needs_detection(frame)
    assert [v.id for v in memory.update(frame, None).standing] == log.ids


def test_a_state_can_be_taken_at_any_time_and_restored(make: Callable[[], StandingVehicles]) -> None:
    frame = Street([]).frame(0, 0.0)
    make().restore(make().snapshot(), frame)


@pytest.mark.parametrize("state", [b"", b"junk", b"PK\x03\x04" + bytes(40), b"{}"])
def test_a_damaged_state_is_refused(make: Callable[[], StandingVehicles], state: bytes) -> None:
    with pytest.raises(InvalidValueError):
        make().restore(state, Street([]).frame(0, 0.0))
