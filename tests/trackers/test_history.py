"""When an arrival is dated: at rest, not merely alike."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.geometry import Box
from pipeline.picture import Gray
from tests.trackers.street import texture
from trackers.history import GrayHistory, Moment

WIDTH, HEIGHT = 480, 270
CAR = Box(x1=200.0, y1=120.0, x2=300.0, y2=170.0)
STEP_S = 0.25
STILL, BRIDGE_S = 0.93, 4.0


STREET = texture(1, WIDTH, HEIGHT, low=40, high=120)
BODY = texture(2, 100, 50, low=80, high=220)


def _moved(picture: Gray, right: float, down: float) -> Gray:
    matrix = np.array([[1, 0, right], [0, 1, down]], dtype=np.float64)
    size = (picture.shape[1], picture.shape[0])
    return np.asarray(cv2.warpAffine(picture, matrix, size, borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8)


def _seen(at_s: float, aside_px: float, sway: tuple[float, float] = (0.0, 0.0)) -> Moment:
    """The street at `at_s` with a car `aside_px` right of `CAR`, from a camera that sways."""
    layer, mask = np.zeros((HEIGHT, WIDTH), np.uint8), np.zeros((HEIGHT, WIDTH), np.uint8)
    layer[120:170, 200:300], mask[120:170, 200:300] = BODY, 255
    share = _moved(mask, aside_px, 0.0).astype(np.float32) / 255.0
    picture = STREET * (1.0 - share) + _moved(layer, aside_px, 0.0)
    return Moment(at_s=at_s, gray=_moved(np.asarray(picture, dtype=np.uint8), *sway))


def _history(moments: list[Moment]) -> GrayHistory:
    history = GrayHistory(12.0, 60.0)
    for moment in moments:
        history.add(moment)
    return history


@pytest.mark.parametrize("speed_px", [0.4, 0.8, 2.0, 12.0], ids="{:g} px a moment".format)
def test_a_car_that_creeps_into_its_place_stands_from_when_it_lies_still(speed_px: float) -> None:
    rest_s = 4.0
    times = [STEP_S * step for step in range(29)]
    moments = [_seen(t, max(0.0, rest_s - t) / STEP_S * speed_px) for t in times]
    arrival = _history(moments).arrival(CAR, times[-1], STILL, BRIDGE_S)
    assert arrival is not None
    assert arrival.stood_s == pytest.approx(rest_s, abs=STEP_S / 2)


def test_a_swaying_camera_does_not_make_a_standing_car_roll() -> None:
    times = [STEP_S * step for step in range(29)]
    moments = [
        _seen(t, 200.0 if t < 3.0 else 0.0, (0.5 * np.sin(2.1 * t), 0.4 * np.cos(3.3 * t))) for t in times
    ]
    arrival = _history(moments).arrival(CAR, times[-1], STILL, BRIDGE_S)
    assert arrival is not None
    assert arrival.stood_s == pytest.approx(3.0, abs=STEP_S / 2)


def test_what_passes_in_front_does_not_make_it_arrive_anew() -> None:
    times = [STEP_S * step for step in range(41)]
    moments = [_seen(t, 200.0 if t < 2.0 else 0.0) for t in times]
    for moment in moments:
        if 5.0 <= moment.at_s < 7.0:
            moment.gray[100:190, 150:350] = texture(int(moment.at_s * 4), 200, 90)
    arrival = _history(moments).arrival(CAR, times[-1], STILL, BRIDGE_S)
    assert arrival is not None
    assert arrival.stood_s == pytest.approx(2.0, abs=STEP_S / 2)


def test_what_is_dated_late_is_not_dated_by_the_empty_place_before_it() -> None:
    """Pictures thin out: the last one until a time at which it surely stood was from before it came."""
    history = GrayHistory(12.0, 60.0)
    for step in range(4 * 81):
        history.add(_seen(step * STEP_S, 0.0 if step * STEP_S >= 60.75 else 200.0))
    arrival = history.arrival(CAR, 63.1, STILL, BRIDGE_S, seen_s=61.0)
    assert arrival is not None
    assert not arrival.since_start
    assert 60.75 <= arrival.stood_s <= 65.0
