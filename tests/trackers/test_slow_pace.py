from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from pipeline.detection import Detection, ObjectClass
from pipeline.errors import InvalidValueError
from pipeline.frame import Frame
from pipeline.geometry import Box
from pipeline.picture import ArrayPicture
from pipeline.standing import StandingVehicle
from trackers.place_tracker import PlaceTracker
from trackers.slow_clock import SlowClock
from trackers.slow_pace import SlowPace

BEGIN = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
EVERY_S = 60.0
CAR = Box(x1=200, y1=150, x2=360, y2=250)


def frame(number: int, *, with_car: bool) -> Frame:
    rng = np.random.default_rng(5)
    image = rng.integers(90, 130, (360, 640, 3), dtype=np.uint8)
    if with_car:
        image[150:250, 200:360] = (
            np.random.default_rng(6).integers(0, 255, (10, 16, 3)).repeat(10, 0).repeat(10, 1)
        )
    picture = ArrayPicture(image)
    at_s = EVERY_S * number
    return Frame(
        camera="lane",
        index=number,
        at_s=at_s,
        taken_at=BEGIN + timedelta(seconds=at_s),
        picture=picture,
        detail=picture,
    )


def watched(
    tracker: SlowPace, numbers: range, arrives: int, leaves: int
) -> list[tuple[StandingVehicle, ...]]:
    after = []
    for number in numbers:
        there = arrives <= number < leaves
        seen = (Detection(box=CAR, score=0.9, label=ObjectClass.CAR),) if there else ()
        now = frame(number, with_car=there)
        assert tracker.needs_detection(now)
        after.append(tracker.update(now, seen).standing)
    return after


def test_a_vehicle_seen_once_a_minute_stands_from_its_first_minute_to_its_last() -> None:
    tracker = SlowPace(PlaceTracker(), lambda: EVERY_S / 2)
    standing = watched(tracker, range(20), arrives=5, leaves=14)
    assert not any(standing[:5])
    (vehicle,) = standing[12]
    assert vehicle.arrived_s == pytest.approx(5 * EVERY_S, abs=EVERY_S)
    assert (vehicle.arrived_at - BEGIN).total_seconds() == pytest.approx(vehicle.arrived_s, abs=0.01)
    assert vehicle.last_seen_s == pytest.approx(12 * EVERY_S, abs=0.01)
    assert standing[17] == ()


def test_it_goes_on_after_a_restart() -> None:
    before = SlowPace(PlaceTracker(), lambda: EVERY_S / 2)
    (vehicle,) = watched(before, range(10), arrives=0, leaves=99)[-1]
    after = SlowPace(PlaceTracker(), lambda: EVERY_S / 2)
    after.restore(before.snapshot(), frame(10, with_car=True))
    (again,) = watched(after, range(10, 13), arrives=0, leaves=99)[-1]
    assert again.id == vehicle.id
    assert abs((again.arrived_at - vehicle.arrived_at).total_seconds()) < 0.1


def test_a_clock_cannot_run_faster() -> None:
    with pytest.raises(InvalidValueError, match="slower"):
        SlowPace(PlaceTracker(), lambda: 0.5)


def test_a_camera_that_is_told_to_send_more_often_is_judged_by_that_from_then_on() -> None:
    """Without it a vehicle that stays for six frames of ten seconds would have to stay for six minutes."""
    pace = [EVERY_S]
    tracker = SlowPace(PlaceTracker(), lambda: pace[0] / 2)
    seen: list[tuple[StandingVehicle, ...]] = []
    times = [EVERY_S * n for n in range(10)] + [540 + 10.0 * n for n in range(1, 25)]
    for index, at_s in enumerate(times):
        if at_s >= 540:
            pace[0] = 10.0
        there = 570 <= at_s < 700
        now = replace(
            frame(0, with_car=there), index=index, at_s=at_s, taken_at=BEGIN + timedelta(seconds=at_s)
        )
        detections = (Detection(box=CAR, score=0.9, label=ObjectClass.CAR),) if there else ()
        seen.append(tracker.update(now, detections).standing)
        if index == len(times) // 2:
            again = SlowPace(PlaceTracker(), lambda: pace[0] / 2)
            again.restore(tracker.snapshot(), now)
            tracker = again
    (vehicle,) = seen[times.index(690)]
    assert vehicle.arrived_s == pytest.approx(570, abs=10)
    assert (vehicle.arrived_at - BEGIN).total_seconds() == pytest.approx(vehicle.arrived_s, abs=0.01)
    assert vehicle.last_seen_s == pytest.approx(690, abs=0.01)
    assert seen[-1] == ()


@pytest.mark.parametrize("turns", [(60.0, 10.0, 300.0), (1.0, 86_400.0, 1.0)])
def test_a_slow_clock_tells_every_time_forwards_and_back(turns: tuple[float, ...]) -> None:
    clock = SlowClock(30.0)
    moments = [BEGIN + timedelta(minutes=7 * n) for n in range(len(turns))]
    for moment, slower in zip(moments, turns, strict=True):
        clock.turn(moment, slower)
    clock = SlowClock.restored(clock.snapshot())
    every = [BEGIN + timedelta(minutes=n) for n in range(-60, 60)]
    slow = [clock.slow(moment) for moment in every]
    assert slow == sorted(slow)
    for moment, shown in zip(every, slow, strict=True):
        assert abs((clock.true(shown) - moment).total_seconds()) < 0.1
    with pytest.raises(InvalidValueError):
        SlowClock.restored(b"{}")
