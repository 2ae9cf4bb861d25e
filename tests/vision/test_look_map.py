from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.detection import VEHICLES, Detection
from simulator.scenes import build_scene
from vision.look_map import INNER, averages, pooled
from vision.yolo_detector import LOOK_SCORE, DetectorOptions, OnnxDetector, OpenVinoDetector, YoloDetector

WEIGHTS = Path(__file__).parents[2] / "models" / "vehicle_detector_o2m.onnx"


def boxes(*values: tuple[float, float, float, float]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.asarray(values, dtype=np.float32)


def test_a_box_is_the_average_of_its_inner_part_and_cells_count_by_what_lies_inside() -> None:
    look = np.random.default_rng(1).normal(size=(5, 6, 10)).astype(np.float32)
    box = (21.0, 18.0, 93.0, 70.0)
    (found,) = averages(look, boxes(box), width=160, height=96)
    # The same at 32 times the resolution, where each cell is many.
    fine = look.repeat(32, axis=1).repeat(32, axis=2)
    cut = (1 - INNER) / 2
    x1, x2 = (2 * (box[0] + share * (box[2] - box[0])) for share in (cut, 1 - cut))
    y1, y2 = (2 * (box[1] + share * (box[3] - box[1])) for share in (cut, 1 - cut))
    expected = fine[:, round(y1) : round(y2), round(x1) : round(x2)].mean(axis=(1, 2))
    assert found == pytest.approx(expected, abs=0.05)


def test_vectors_have_unit_length_and_a_box_outside_has_none() -> None:
    look = np.random.default_rng(2).normal(size=(7, 6, 10)).astype(np.float32)
    found = pooled(look, boxes((10, 10, 60, 60), (-40, -40, -10, -10), (3, 3, 4, 4)), width=160, height=96)
    assert np.linalg.norm(found, axis=1) == pytest.approx([1.0, 0.0, 1.0], abs=1e-5)


@pytest.mark.parametrize("open_with", [OnnxDetector, OpenVinoDetector])
def test_a_vehicle_looks_more_like_itself_later_than_like_others(
    open_with: Callable[[Path], YoloDetector],
) -> None:
    detector = open_with(WEIGHTS)
    scene = build_scene("day", 3)
    found: list[list[Detection]] = []
    for at_s in (20.0, 24.0):
        seen = [d for d in detector.detect(scene.frame(at_s)) if d.label in VEHICLES and d.score >= 0.5]
        assert all(d.look is not None for d in seen)
        found.append(seen)
    standing = [(a, b) for a in found[0] for b in found[1] if a.box.iou(b.box) > 0.8]
    assert len(standing) >= 2
    for first, later in standing:
        others = [d for d in found[1] if d is not later]
        assert _likeness(first, later) > 0.8
        assert _likeness(first, later) > max(_likeness(first, other) for other in others)


def test_what_is_hardly_seen_has_no_look() -> None:
    # Noise: what is seen in it, if anything, is seen hardly.
    noise = np.random.default_rng(4).integers(0, 255, (360, 640, 3), dtype=np.uint8)
    detector = OnnxDetector(WEIGHTS, DetectorOptions(min_score=0.001))
    faint = [d for d in detector.detect(noise) if d.score < LOOK_SCORE]
    assert faint
    assert all(d.look is None for d in faint)


def _likeness(a: Detection, b: Detection) -> float:
    assert a.look is not None
    assert b.look is not None
    return float(np.dot(a.look.vector, b.look.vector))
