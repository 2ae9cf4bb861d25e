from __future__ import annotations

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
    tracker = SlowPace(PlaceTracker(), EVERY_S / 2)
    standing = watched(tracker, range(20), arrives=5, leaves=14)
    assert not any(standing[:5])
    (vehicle,) = standing[12]
    assert vehicle.arrived_s == pytest.approx(5 * EVERY_S, abs=EVERY_S)
    assert (vehicle.arrived_at - BEGIN).total_seconds() == pytest.approx(vehicle.arrived_s, abs=0.01)
    assert vehicle.last_seen_s == pytest.approx(12 * EVERY_S, abs=0.01)
    assert standing[17] == ()


def test_it_goes_on_after_a_restart() -> None:
    before = SlowPace(PlaceTracker(), EVERY_S / 2)
    (vehicle,) = watched(before, range(10), arrives=0, leaves=99)[-1]
    after = SlowPace(PlaceTracker(), EVERY_S / 2)
    after.restore(before.snapshot(), frame(10, with_car=True))
    (again,) = watched(after, range(10, 13), arrives=0, leaves=99)[-1]
    assert again.id == vehicle.id
    assert abs((again.arrived_at - vehicle.arrived_at).total_seconds()) < 0.1


def test_a_clock_cannot_run_faster() -> None:
    with pytest.raises(InvalidValueError, match="slower"):
        SlowPace(PlaceTracker(), 0.5)
