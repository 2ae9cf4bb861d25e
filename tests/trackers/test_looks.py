"""The small judgements under the place memory: stillness, likeness, dating, motion, matching."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.detection import Detection, ObjectClass
from pipeline.errors import InvalidValueError
from pipeline.geometry import Box
from tests.trackers.street import SIZE, texture
from trackers.appearance import Appearance
from trackers.history import GrayHistory, Moment
from trackers.matching import match, without_twins
from trackers.motion_compensation import MotionCompensation
from trackers.motion_gate import MotionGate
from trackers.options import PlaceOptions
from trackers.samples import Evidence, Sample, StillnessWindow, median_box

BOX = Box(x1=100, y1=60, x2=164, y2=124)
boxes = st.builds(
    lambda x, y, w, h: Box(x1=x, y1=y, x2=x + w, y2=y + h),
    st.floats(0, 300), st.floats(0, 300), st.floats(5, 80), st.floats(5, 80),
)  # fmt: skip


def _view(seed: int = 1, *, at: Box = BOX) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    gray = texture(50, SIZE.width, SIZE.height, low=80, high=120).copy()
    x, y = round(at.x1), round(at.y1)
    gray[y : y + 64, x : x + 64] = texture(seed, 64, 64)
    return gray


def _sample(at_s: float, box: Box | None = BOX, score: float = 0.6) -> Sample:
    return Sample(at_s=at_s, score=score if box else 0.0, box=box, label=ObjectClass.CAR if box else None)


@given(st.lists(boxes, min_size=1, max_size=9))
def test_the_median_box_lies_within_all(several: list[Box]) -> None:
    middle = median_box(several)
    assert min(b.x1 for b in several) <= middle.x1 <= max(b.x1 for b in several)
    assert min(b.y2 for b in several) <= middle.y2 <= max(b.y2 for b in several)


@pytest.mark.parametrize("fps", [0.5, 1.0, 5.0, 30.0])
@pytest.mark.parametrize(("speed", "still"), [(0.0, True), (1.0, True), (12.0, False), (60.0, False)])
def test_stillness_is_judged_in_seconds_not_in_frames(fps: float, speed: float, *, still: bool) -> None:
    window = StillnessWindow(3.0)
    for step in range(int(6 * fps) + 1):
        window.add(_sample(step / fps, BOX.shifted(speed * step / fps, 0.0)))
    assert window.is_still(0.75, 0.8) is still


def test_the_window_forgets_what_lies_before_it_but_keeps_three_looks() -> None:
    window = StillnessWindow(3.0)
    for second in range(20):
        window.add(_sample(float(second)))
    assert window.covered_s() == pytest.approx(3.0)
    window.add(_sample(60.0))
    assert len(window.boxes()) == 3


def test_one_wild_box_does_not_make_a_vehicle_move() -> None:
    window = StillnessWindow(3.0)
    for step in range(9):
        window.add(_sample(step / 3, BOX.shifted(40, 0) if step == 4 else BOX))
    assert window.is_still(0.75, 0.8)


@given(st.lists(st.tuples(st.floats(0.01, 20), st.floats(0, 1)), min_size=1, max_size=60))
def test_evidence_stays_within_the_scores(looks: list[tuple[float, float]]) -> None:
    evidence, at_s = Evidence(24.0), 0.0
    for gap_s, score in looks:
        at_s += gap_s
        evidence.add(_sample(at_s, score=score), 0.4)
    scores = [score for _, score in looks]
    assert min(scores) - 1e-9 <= evidence.mean_score <= max(scores) + 1e-9
    assert 0.0 <= evidence.peak_share <= 1.0


def test_a_vehicle_resembles_itself_and_no_other() -> None:
    mine = Appearance.learn(_view(), BOX)
    assert mine is not None
    same = mine.compare(_view(), BOX)
    assert same.blocks == 1.0
    assert same.centred
    assert mine.compare(_view(2), BOX).blocks < 0.45


@pytest.mark.parametrize(("gain", "offset"), [(0.4, 10.0), (0.7, -10.0), (1.4, 5.0)])
def test_light_makes_no_other_vehicle(gain: float, offset: float) -> None:
    mine = Appearance.learn(_view(), BOX)
    assert mine is not None
    lit = np.clip(_view() * gain + offset, 0, 255).astype(np.uint8)
    assert mine.compare(lit, BOX).blocks >= 0.7


def test_half_a_vehicle_behind_something_is_still_it() -> None:
    mine = Appearance.learn(_view(), BOX)
    assert mine is not None
    gray = _view()
    gray[60:124, 100:140] = texture(9, 40, 64)
    cover = Box(x1=90, y1=50, x2=140, y2=130)
    covered = mine.compare(gray, BOX, covers=[cover])
    assert covered.blocks >= 0.9
    assert covered.open < 0.5
    assert mine.compare(gray, BOX).blocks < 0.7


def test_a_box_over_an_unchanged_vehicle_hides_nothing() -> None:
    # A false box around two parked cars once kept both hidden for minutes although each was in full view.
    mine = Appearance.learn(_view(), BOX)
    assert mine is not None
    noisy = np.clip(_view() + np.random.default_rng(1).normal(0, 6, (180, 320)), 0, 255).astype(np.uint8)
    assert mine.compare(noisy, BOX, covers=[BOX.padded(0.5)]).open == 1.0


@pytest.mark.parametrize(("dx", "rolled"), [(0, False), (2, False), (9, True), (14, True)])
def test_what_rolled_a_little_is_found_aside(dx: int, *, rolled: bool) -> None:
    mine = Appearance.learn(_view(), BOX)
    assert mine is not None
    assert mine.rolled(_view(at=BOX.shifted(dx, 0)), BOX, 0.6, 0.8) is rolled


def test_a_featureless_place_says_that_it_says_nothing() -> None:
    flat = np.full((180, 320), 40, np.uint8)
    mine = Appearance.learn(flat, BOX)
    assert mine is not None
    assert mine.compare(flat, BOX).flat


@pytest.mark.parametrize("box", [BOX.shifted(1000, 0), Box(x1=5, y1=5, x2=6, y2=40)])
def test_what_is_outside_or_too_thin_has_no_appearance(box: Box) -> None:
    assert Appearance.learn(_view(), box) is None


def _history(arrived_s: float, *, to_s: float = 20.0, step_s: float = 0.5) -> GrayHistory:
    history = GrayHistory(12.0, 60.0)
    ground = texture(50, SIZE.width, SIZE.height, low=80, high=120)
    for step in range(int(to_s / step_s) + 1):
        at_s = step * step_s
        history.add(Moment(at_s=at_s, gray=_view() if at_s >= arrived_s else ground))
    return history


@pytest.mark.parametrize("arrived_s", [3.0, 9.0, 15.0])
def test_an_arrival_is_dated_back(arrived_s: float) -> None:
    arrival = _history(arrived_s).arrival(BOX, 20.0, 0.93, 4.0)
    assert arrival is not None
    assert arrival.stood_s == pytest.approx(arrived_s, abs=4.1 if arrived_s < 8.0 else 0.5)
    assert not arrival.since_start


def test_what_was_there_all_along_is_said_to_have_been() -> None:
    arrival = _history(-1.0).arrival(BOX, 20.0, 0.93, 4.0)
    assert arrival is not None
    assert arrival.since_start
    assert arrival.there_s == 0.0


def test_the_history_is_bounded() -> None:
    history = GrayHistory(12.0, 60.0)
    for step in range(3000):
        history.add(Moment(at_s=step / 5, gray=np.zeros((4, 4), np.uint8)))
    assert len(history) <= 12.0 / 0.24 + 60.0 / 4.0 + 3


def test_slow_movement_adds_up_at_the_gate() -> None:
    # Against the previous frame each step is too small to see; against the last look it is not.
    gate = MotionGate(20)
    ground = texture(50, 160, 90)
    gate.looked(ground)
    brighter = [np.clip(ground.astype(int) + 3 * step, 0, 255).astype(np.uint8) for step in range(1, 12)]
    shares = [gate.measure(gray) for gray in brighter]
    assert all(motion.since_frame < 0.01 for motion in shares)
    assert shares[-1].settled > 0.5


def test_what_passes_does_not_open_the_gate_and_what_stops_does() -> None:
    gate, ground = MotionGate(20), texture(50, 160, 90, low=80, high=120)
    gate.measure(ground)
    gate.looked(ground)
    opened = []
    for x in (10, 50, 90, 90):
        gray = ground.copy()
        gray[30:60, x : x + 30] = 255
        opened.append(gate.measure(gray).settled >= 0.01)
    assert opened == [False, False, False, True]


def test_everything_is_new_before_the_first_look() -> None:
    motion = MotionGate(20).measure(np.zeros((90, 160), np.uint8))
    assert motion.settled == 1.0
    assert motion.since_frame == 0.0


@given(dx=st.integers(-4, 4), dy=st.integers(-3, 3))
def test_a_shift_of_the_view_is_measured(dx: int, dy: int) -> None:
    wide = texture(3, 200, 130)
    compensation = MotionCompensation()
    compensation.measure(np.ascontiguousarray(wide[20:110, 20:180]), 0.0)
    shift = compensation.measure(np.ascontiguousarray(wide[20 - dy : 110 - dy, 20 - dx : 180 - dx]), 1.0)
    assert shift.x * 160 == pytest.approx(dx, abs=1.1)
    assert shift.y * 90 == pytest.approx(dy, abs=1.1)


def _detection(box: Box, score: float = 0.5) -> Detection:
    return Detection(box=box, score=score, label=ObjectClass.CAR)


@given(st.lists(boxes, max_size=6), st.lists(boxes, max_size=6), st.floats(0.05, 0.9))
def test_matching_is_one_to_one_and_close_enough(places: list[Box], seen: list[Box], least: float) -> None:
    found = match(places, [_detection(box) for box in seen], least)
    assert len(set(found.values())) == len(found)
    assert all(places[i].iou(seen[j]) >= least for i, j in found.items())


def test_twins_leave_the_better_one() -> None:
    kept = without_twins([_detection(BOX, 0.4), _detection(BOX.shifted(2, 0), 0.6)], 0.6)
    assert [d.score for d in kept] == [0.6]


@pytest.mark.parametrize(
    "wrong", [{"keep_score": 0.5}, {"stillness_s": 0.0}, {"max_places": 0}, {"picture_px": 10}]
)
def test_absurd_options_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidValueError, match="expected"):
        PlaceOptions(**wrong)  # type: ignore[arg-type]
