"""Closer looks: where they are made, what they cost, and that they show neighbours apart."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pipeline.detection import Detection
from pipeline.geometry import Box, Size
from tests.trackers.street import SIZE, Actor, Street, parked
from trackers.close_ups import Allowance, CloseUps, parts_around
from trackers.place_tracker import PlaceTracker

CAR = Box(x1=100.0, y1=80.0, x2=116.0, y2=92.0)
CARS = st.builds(
    lambda x, y, w: Box(x1=x, y1=y, x2=x + w, y2=y + 0.7 * w),
    st.floats(0, 280),
    st.floats(0, 140),
    st.floats(8, 40),
)


@given(boxes=st.lists(CARS, min_size=1, max_size=12))
def test_every_box_lies_whole_in_a_part_of_the_picture(boxes: list[Box]) -> None:
    parts = parts_around(boxes, SIZE, 7.0)
    assert all(any(box.share_inside(part) > 0.999 for part in parts) for box in boxes)
    for part in parts:
        assert part.x1 >= 0
        assert part.y1 >= 0
        assert part.x2 <= SIZE.width + 1e-6
        assert part.y2 <= SIZE.height + 1e-6
        assert part.width <= SIZE.width / 2 + 1e-6


def test_a_day_of_closer_looks_costs_what_is_allowed() -> None:
    allowance = Allowance(runs=20.0, per_minute=2.0)
    series, runs = CloseUps(allowance), 0
    for second in range(3600):
        if not series.go_on:
            series.begin([CAR], SIZE, float(second))
        runs += len(series.look(float(second), undecided=True))
    assert 60 <= runs <= 20 + 2 * 60


def test_a_series_ends_when_nothing_is_undecided() -> None:
    series = CloseUps(Allowance())
    assert series.begin([CAR], Size(width=320, height=180), 0.0)
    looks = [second for second in range(60) if series.look(float(second), undecided=False)]
    assert looks == [0, 1, 2, 3, 4]
    assert not series.go_on


def _show(tracker: PlaceTracker, street: Street, to_s: float, fps: float) -> list[tuple[Box, float]]:
    """Run with a detector that sees two cars as one unless it looks closer; where they stand at last."""
    for step in range(int(to_s * fps) + 1):
        at_s = step / fps
        frame = street.frame(step, at_s)
        if not tracker.needs_detection(frame):
            update = tracker.update(frame, None)
            continue
        apart = street.detections(at_s)
        whole = (_around(apart),) if len(apart) > 1 else apart
        closer = tracker.close_ups(frame, whole)
        update = tracker.update(frame, apart if closer else whole)
    return [(vehicle.box, vehicle.arrived_s) for vehicle in update.standing]


def _around(found: tuple[Detection, ...]) -> Detection:
    boxes = [detection.box for detection in found]
    return replace(
        found[0],
        box=Box(
            x1=min(b.x1 for b in boxes),
            y1=min(b.y1 for b in boxes),
            x2=max(b.x2 for b in boxes),
            y2=max(b.y2 for b in boxes),
        ),
    )


def test_two_small_cars_that_the_whole_shows_as_one_are_two() -> None:
    """In a row of 20-pixel cars each shared a box with its neighbour, and half of them was never counted."""
    cars = [
        Actor(path=parked(100.0, arrive_s=-9.0), seed=1, width=18, height=13),
        Actor(path=parked(119.0, arrive_s=-9.0), seed=2, width=18, height=13),
    ]
    for fps in (1.0, 4.0, 25.0):
        standing = _show(PlaceTracker(), Street(cars, jitter_px=0.2), 20.0, fps)
        lefts = sorted(round(box.x1) for box, _ in standing)
        assert [abs(left - x) <= 2 for left, x in zip(lefts, (100, 119), strict=True)] == [True, True], fps


def test_large_and_well_seen_vehicles_need_no_closer_look() -> None:
    tracker, street = PlaceTracker(), Street([Actor(path=parked(arrive_s=-9.0), width=80, height=50)])
    for step in range(40):
        frame = street.frame(step, step / 2)
        if tracker.needs_detection(frame):
            assert tracker.close_ups(frame, street.detections(step / 2)) == ()
            tracker.update(frame, street.detections(step / 2))
        else:
            tracker.update(frame, None)


def test_road_markings_that_only_closer_looks_take_for_a_car_do_not_stand() -> None:
    """Looks at the whole saw a quarter of a car in a zebra crossing, closer ones half: a false report."""
    tracker = PlaceTracker()
    street = Street([Actor(path=parked(100.0, arrive_s=-9.0), width=18, height=13)])
    closer_looks = 0
    for step in range(120):
        at_s = step / 2
        frame = street.frame(step, at_s)
        (marking,) = street.detections(at_s)
        # Cars that passed hid it at the start.
        whole = (replace(marking, score=0.23),) if at_s >= 12.0 else ()
        if not tracker.needs_detection(frame):
            update = tracker.update(frame, None)
        else:
            closer = tracker.close_ups(frame, whole)
            closer_looks += bool(closer)
            update = tracker.update(frame, (replace(marking, score=0.55),) if closer else whole)
        assert update.standing == (), at_s
    assert closer_looks
