from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.geometry import Box
from vision.yolo_head import NMS_IOU, Candidates, decode, suppressed


def _rows(*rows: tuple[float, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.array([rows], dtype=np.float32)


def test_an_end_to_end_head_loses_its_car_and_truck_twins() -> None:
    # The one-to-one head is said to need no suppression, yet gives a car and a truck for one van.
    rows = _rows((10, 10, 110, 60, 0.6, 3), (11, 9, 112, 61, 0.7, 0), (300, 10, 400, 60, 0.5, 0))
    found = decode(rows, 0.1)
    assert found.scores.tolist() == [np.float32(0.7), 0.5]
    assert found.classes.tolist() == [0, 0]


def test_a_raw_head_gives_the_same_as_an_end_to_end_one() -> None:
    end_to_end = decode(_rows((10, 10, 110, 60, 0.6, 3), (300, 10, 400, 60, 0.5, 0)), 0.1)
    raw = np.zeros((1, 10, 3), dtype=np.float32)
    raw[0, :4, 0], raw[0, 4 + 3, 0] = (60, 35, 100, 50), 0.6
    raw[0, :4, 1], raw[0, 4 + 0, 1] = (350, 35, 100, 50), 0.5
    raw[0, :4, 2], raw[0, 4 + 1, 2] = (200, 200, 9, 9), 0.05
    found = decode(raw, 0.1)
    assert np.array_equal(found.boxes, end_to_end.boxes)
    assert np.array_equal(found.classes, end_to_end.classes)
    assert np.array_equal(found.scores, end_to_end.scores)


def test_what_a_damaged_network_says_of_nothing_is_dropped() -> None:
    nan, inf = float("nan"), float("inf")
    assert len(decode(_rows((nan, 0, 9, 9, 0.9, 0), (0, 0, inf, 9, 0.9, 0), (0, 0, 9, 9, nan, 0)), 0.1)) == 0
    assert len(decode(_rows((9, 9, 0, 0, 0.9, 0)), 0.1)) == 0
    raw = np.full((1, 10, 4), nan, dtype=np.float32)
    assert len(decode(raw, 0.1)) == 0
    assert len(decode(np.zeros((1, 10, 4), dtype=np.float32), 0.1)) == 0


def test_scores_stay_within_0_and_1() -> None:
    assert decode(_rows((0, 0, 9, 9, 1.0001, 0)), 0.1).scores.tolist() == [1.0]


boxes = st.tuples(
    st.integers(0, 60), st.integers(0, 60), st.integers(1, 40), st.integers(1, 40), st.integers(1, 100)
)


@settings(max_examples=60)
@given(st.lists(boxes, max_size=25))
def test_after_suppression_nothing_overlaps_and_all_that_went_did(
    drawn: list[tuple[int, int, int, int, int]],
) -> None:
    found = Candidates(
        boxes=np.array([[x, y, x + w, y + h] for x, y, w, h, _ in drawn], dtype=np.float32).reshape(-1, 4),
        scores=np.array([s / 100 for *_, s in drawn], dtype=np.float32),
        classes=np.zeros(len(drawn), dtype=np.int64),
    )
    kept = suppressed(found)
    left = [Box(x1=b[0], y1=b[1], x2=b[2], y2=b[3]) for b in kept.boxes.tolist()]
    assert all(a.iou(b) <= NMS_IOU + 1e-5 for i, a in enumerate(left) for b in left[i + 1 :])
    assert kept.scores.tolist() == sorted(kept.scores.tolist(), reverse=True)
    for (x, y, w, h, _), score in zip(drawn, found.scores.tolist(), strict=True):
        box = Box(x1=x, y1=y, x2=x + w, y2=y + h)
        assert any(
            box.iou(b) >= NMS_IOU - 1e-5 and s >= score
            for b, s in zip(left, kept.scores.tolist(), strict=True)
        ) or any(b == box for b in left)
