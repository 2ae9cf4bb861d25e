"""The place memory over gaps, suspensions and restarts of the program."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidValueError
from pipeline.geometry import Point, Polygon
from tests.trackers.street import BEGIN, Actor, Log, Street, parked, watch
from trackers.options import PlaceOptions
from trackers.place_tracker import PlaceTracker
from trackers.snapshot import decode, sealed

CAR = Actor(path=parked(arrive_s=-50.0), seed=1)
OTHER = Actor(path=parked(arrive_s=-50.0), seed=2)
EMPTY = Street([])


def _first_run(*, to_s: float = 10.0) -> tuple[PlaceTracker, Log]:
    tracker = PlaceTracker()
    log = watch(tracker, Street([CAR]), to_s, fps=1.0)
    assert len(log.ids) == 1
    return tracker, log


def _reconnected(tracker: PlaceTracker, street: Street, log: Log, *, at_s: float, to_s: float) -> Log:
    """The stream comes back at `at_s`, with a frame that says so."""
    frame = street.frame(len(log.updates), at_s, discontinuity=True)
    tracker.needs_detection(frame)
    log.updates.append((frame, tracker.update(frame, street.detections(at_s))))
    return watch(tracker, street, to_s, fps=1.0, from_s=at_s + 1.0, log=log)


def test_a_reconnect_keeps_the_vehicle() -> None:
    tracker, log = _first_run()
    log = _reconnected(tracker, Street([CAR]), log, at_s=130.0, to_s=140.0)
    assert len(log.ids) == 1
    assert log.departed == []
    assert log.last.standing[0].arrived_s == 0.0


def test_a_vehicle_that_left_during_the_gap_has_left_when_last_seen() -> None:
    tracker, log = _first_run()
    log = _reconnected(tracker, EMPTY, log, at_s=130.0, to_s=140.0)
    (departure,) = log.departed
    assert departure.left_s == pytest.approx(10.0)
    assert log.last.standing == ()


def test_another_vehicle_after_the_gap_is_another_halt_whose_arrival_is_unknown() -> None:
    tracker, log = _first_run()
    log = _reconnected(tracker, Street([OTHER]), log, at_s=130.0, to_s=145.0)
    assert len(log.ids) == 2
    assert len(log.departed) == 1
    (vehicle,) = log.last.standing
    assert vehicle.arrived_s == pytest.approx(130.0, abs=1.0)
    assert vehicle.since_start


def test_a_long_pause_between_two_frames_is_a_gap_too() -> None:
    # A source that skips without saying so: 60 s without a frame are no 60 s of absence.
    tracker, log = _first_run()
    log = watch(tracker, Street([CAR]), 80.0, fps=1.0, from_s=70.0, log=log)
    assert len(log.ids) == 1
    assert log.departed == []


def test_watching_again_after_a_blocked_lens_keeps_the_vehicle() -> None:
    tracker, log = _first_run()
    street = Street([CAR])
    tracker.resume(street.frame(500, 20.0))
    log = watch(tracker, street, 30.0, fps=1.0, from_s=20.0, log=log)
    assert len(log.ids) == 1
    assert log.departed == []


@pytest.mark.parametrize("away_s", [2.0, 600.0])
def test_a_restart_keeps_id_and_arrival(away_s: float) -> None:
    tracker, before = _first_run()
    state = tracker.snapshot()
    # Media time of the new run begins at 0 again; only the wall clock bridges the two.
    began = BEGIN + timedelta(seconds=10.0 + away_s)
    street, fresh = Street([CAR]), PlaceTracker()
    fresh.restore(state, street.frame(0, 0.0, began=began))
    updates = []
    for second in range(6):
        frame = street.frame(second, float(second), began=began)
        wanted = fresh.needs_detection(frame)
        updates.append(fresh.update(frame, street.detections(float(second)) if wanted else None))
    (vehicle,) = updates[-1].standing
    (kept,) = before.last.standing
    assert vehicle.id == kept.id
    assert vehicle.arrived_at == kept.arrived_at
    assert vehicle.arrived_s == pytest.approx(-10.0 - away_s)
    assert vehicle.last_seen_s == 5.0


@pytest.mark.parametrize("now", [EMPTY, Street([OTHER])], ids=["empty", "another"])
def test_a_restart_forgets_what_is_no_longer_there(now: Street) -> None:
    tracker, before = _first_run()
    fresh = PlaceTracker()
    began = BEGIN + timedelta(seconds=60.0)
    fresh.restore(tracker.snapshot(), now.frame(0, 0.0, began=began))
    for second in range(10):
        frame = now.frame(second, float(second), began=began)
        wanted = fresh.needs_detection(frame)
        update = fresh.update(frame, now.detections(float(second)) if wanted else None)
        assert before.ids[0] not in [v.id for v in update.standing]
        assert update.departed == ()


def test_a_second_restart_before_anything_was_recognised_loses_nothing() -> None:
    tracker, before = _first_run()
    street = Street([CAR])
    second = PlaceTracker()
    second.restore(tracker.snapshot(), street.frame(0, 0.0, began=BEGIN + timedelta(seconds=20.0)))
    third = PlaceTracker()
    began = BEGIN + timedelta(seconds=30.0)
    third.restore(second.snapshot(), street.frame(0, 0.0, began=began))
    frame = street.frame(0, 0.0, began=began)
    third.needs_detection(frame)
    (vehicle,) = third.update(frame, street.detections(0.0)).standing
    assert vehicle.id == before.ids[0]
    assert vehicle.arrived_at == before.last.standing[0].arrived_at


def test_ids_go_on_after_a_restart() -> None:
    tracker, before = _first_run()
    fresh = PlaceTracker()
    began = BEGIN + timedelta(seconds=11.0)
    fresh.restore(tracker.snapshot(), EMPTY.frame(0, 0.0, began=began))
    street = Street([Actor(path=parked(30.0, 20.0, arrive_s=1.0), seed=4)])
    ids = set(before.ids)
    for second in range(8):
        frame = street.frame(second, float(second), began=began)
        fresh.needs_detection(frame)
        ids |= {v.id for v in fresh.update(frame, street.detections(float(second))).standing}
    assert len(ids) == 2


def test_a_snapshot_before_the_first_frame_restores_to_nothing() -> None:
    fresh = PlaceTracker()
    fresh.restore(PlaceTracker().snapshot(), EMPTY.frame(0, 0.0))
    frame = EMPTY.frame(0, 0.0)
    fresh.needs_detection(frame)
    assert fresh.update(frame, ()).standing == ()


def test_a_state_of_an_unknown_version_is_refused() -> None:
    tracker, _ = _first_run()
    state = tracker.snapshot()
    assert decode(state).places[0].id
    with pytest.raises(InvalidValueError, match="version 1"):
        decode(_with_version(state, 999))


@given(cut=st.floats(0.0, 0.999), flip=st.integers(0, 10_000))
def test_a_damaged_state_is_refused_whatever_the_damage(cut: float, flip: int) -> None:
    state = PlaceTracker().snapshot()
    short = state[: int(len(state) * cut)]
    with pytest.raises(InvalidValueError):
        decode(short)
    at = flip % len(state)
    damaged = state[:at] + bytes([state[at] ^ 0xFF]) + state[at + 1 :]
    with pytest.raises(InvalidValueError):
        decode(damaged)


def _with_version(state: bytes, version: int) -> bytes:

    with np.load(io.BytesIO(state[32:]), allow_pickle=False) as archive:
        head, patches = json.loads(archive["head"].tobytes()), archive["patches"]
    head["version"] = version
    file = io.BytesIO()
    text = np.frombuffer(json.dumps(head).encode(), dtype=np.uint8)
    np.savez_compressed(file, head=text, patches=patches)
    return sealed(file.getvalue())


def test_a_full_memory_says_so_once_and_takes_the_next_when_a_place_is_free(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The vehicle beyond the limit was dropped without a word."""
    first = Actor(path=parked(40.0, 60.0, arrive_s=-100.0, leave_s=20.0), seed=1)
    second = Actor(path=parked(200.0, 120.0, arrive_s=-100.0), seed=2)
    log = watch(PlaceTracker(PlaceOptions(max_places=1)), Street([first, second]), 40.0, fps=2.0, gate=False)
    assert len(log.ids) == 2
    assert all(len(update.standing) <= 1 for _, update in log.updates)
    assert [record.message for record in caplog.records].count(
        "1 vehicles stand in the view, the most that are kept: others wait for a place"
    ) == 1


@pytest.mark.parametrize("inside", [True, False], ids=["in a zone", "in no zone"])
def test_where_memory_is_full_a_zone_comes_before_the_rest(*, inside: bool) -> None:
    """A car park in the view filled the memory, and who stood in the zone was never reported."""
    first = Actor(path=parked(40.0, 60.0, arrive_s=-100.0), seed=1)
    second = Actor(path=parked(200.0, 120.0, arrive_s=15.0), seed=2)
    corners = (0.5, 0.3), (1.0, 0.3), (1.0, 1.0), (0.5, 1.0)
    zone = Polygon(points=tuple(Point(x=x if inside else 1.0 - x, y=y) for x, y in corners))
    tracker = PlaceTracker(PlaceOptions(max_places=1), areas=(zone,))
    log = watch(tracker, Street([first, second]), 40.0, fps=2.0, gate=False)
    (standing,) = log.updates[-1][1].standing
    assert (standing.arrived_s > 10.0) == inside
