"""What every detector must do, shown on all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from gotcha.models import VEHICLE_WEIGHTS
from pipeline.detection import Detection, Detector, ObjectClass
from pipeline.geometry import Box
from pipeline.picture import Image
from tests.vision.drawn_car import draw_car, road, through_a_lens
from tests.vision.networks import color_network, draw
from tests.vision.plates import latin_plate
from vision.yolo_detector import DetectorOptions, OnnxDetector, OpenVinoDetector

MODELS = Path(__file__).parents[2] / "models"
OPTIONS = DetectorOptions(min_score=0.10)


@dataclass(frozen=True)
class Case:
    """A detector, a picture, and the objects in it."""

    detector: Detector
    image: Image
    objects: tuple[tuple[ObjectClass, Box], ...]


def _drawn(make: Callable[[Path, DetectorOptions], Detector], weights: Path) -> Case:
    # 1280 x 720 scales by a half into 640 x 384 with 12 grey rows above: cells begin at row (32 n - 12) x 2.
    image = np.zeros((720, 1280, 3), dtype=np.uint8)
    boxes = {
        ObjectClass.CAR: Box(x1=128, y1=104, x2=192, y2=168),
        ObjectClass.TRUCK: Box(x1=640, y1=424, x2=704, y2=488),
        ObjectClass.PERSON: Box(x1=1216, y1=616, x2=1280, y2=680),
    }
    for label, box in boxes.items():
        draw(image, label, int(box.x1), int(box.y1), int(box.x2), int(box.y2))
    return Case(make(weights, OPTIONS), image, tuple(boxes.items()))


def _bundled(make: Callable[[Path, DetectorOptions], Detector]) -> Case:
    image, car = road(), Box(x1=800, y1=300, x2=1100, y2=560)
    draw_car(image, car, latin_plate("AB12 CDE", height_px=26))
    return Case(make(VEHICLE_WEIGHTS, OPTIONS), through_a_lens(image), ((ObjectClass.CAR, car),))


def _ultralytics() -> Case:
    # Only tests marked as extras come here: where the extra is missing they fail.
    import ultralytics

    from vision.ultralytics_detector import UltralyticsDetector

    image = cv2.imread(str(Path(ultralytics.__file__).parent / "assets" / "bus.jpg"))
    assert image is not None
    people = tuple(
        (ObjectClass.PERSON, box)
        for box in (Box(x1=47, y1=402, x2=230, y2=905), Box(x1=669, y1=380, x2=810, y2=882))
    )
    detector = UltralyticsDetector(MODELS / "vehicle_detector.pt", OPTIONS, device="cpu")
    return Case(detector, np.asarray(image, dtype=np.uint8), people)


@pytest.fixture(
    params=[
        "onnx end-to-end",
        "onnx raw",
        "openvino end-to-end",
        "openvino raw",
        "onnx bundled",
        "openvino bundled",
        pytest.param("ultralytics", marks=pytest.mark.extras),
    ],
    scope="module",
)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    name: str = request.param
    if name == "ultralytics":
        return _ultralytics()
    make = OnnxDetector if name.startswith("onnx") else OpenVinoDetector
    if name.endswith("bundled"):
        return _bundled(make)
    weights = tmp_path_factory.mktemp("weights") / "colors.onnx"
    color_network(weights, end_to_end=name.endswith("end-to-end"))
    return _drawn(make, weights)


def _on(box: Box, found: tuple[Detection, ...]) -> list[Detection]:
    return [d for d in found if d.box.iou(box) >= 0.7]


def test_every_object_is_found_once_with_its_class(case: Case) -> None:
    found = case.detector.detect(case.image)
    for label, box in case.objects:
        (on,) = _on(box, found)
        assert on.label is label
        assert on.score > 0.25


def test_the_best_comes_first_and_every_box_lies_inside_the_picture(case: Case) -> None:
    found = case.detector.detect(case.image)
    height, width = case.image.shape[:2]
    assert found
    assert [d.score for d in found] == sorted((d.score for d in found), reverse=True)
    for d in found:
        assert 0 <= d.box.x1 < d.box.x2 <= width
        assert 0 <= d.box.y1 < d.box.y2 <= height
        assert OPTIONS.min_score <= d.score <= 1


def test_no_two_boxes_lie_on_one_object(case: Case) -> None:
    found = case.detector.detect(case.image)
    for i, one in enumerate(found):
        for other in found[i + 1 :]:
            # bfloat16 rounds coordinates after the suppression has compared them.
            assert one.box.iou(other.box) <= 0.62


def test_a_picture_at_twice_the_size_has_the_same_objects_at_twice_the_place(case: Case) -> None:
    height, width = case.image.shape[:2]
    doubled = cv2.resize(case.image, (2 * width, 2 * height), interpolation=cv2.INTER_NEAREST)
    found = case.detector.detect(np.asarray(doubled, dtype=np.uint8))
    for label, box in case.objects:
        assert [d.label for d in _on(box.scaled(2, 2), found)] == [label]


def test_an_empty_picture_has_no_objects(case: Case) -> None:
    assert case.detector.detect(np.zeros((480, 640, 3), dtype=np.uint8)) == ()


@pytest.mark.parametrize("size", [(1, 1), (7, 500), (900, 40), (64, 64), (1080, 1920)])
def test_a_picture_of_any_size_is_taken(case: Case, size: tuple[int, int]) -> None:
    assert isinstance(case.detector.detect(np.full((*size, 3), 30, dtype=np.uint8)), tuple)


def test_a_read_only_picture_is_taken_and_left_alone(case: Case) -> None:
    image = case.image.copy()
    image.flags.writeable = False
    assert case.detector.detect(image) == case.detector.detect(case.image)
    assert np.array_equal(image, case.image)


def test_a_part_of_a_larger_picture_is_taken(case: Case) -> None:
    height, width = case.image.shape[:2]
    canvas = np.zeros((height + 50, width + 70, 3), dtype=np.uint8)
    canvas[20 : 20 + height, 30 : 30 + width] = case.image
    view = canvas[20 : 20 + height, 30 : 30 + width]
    assert case.detector.detect(view) == case.detector.detect(case.image)


def test_several_cameras_may_share_it(case: Case) -> None:
    expected = case.detector.detect(case.image)
    mirrored = np.ascontiguousarray(case.image[:, ::-1])
    expected_mirrored = case.detector.detect(mirrored)
    wrong: list[str] = []

    def work(image: Image, right: tuple[Detection, ...]) -> None:
        wrong.extend("differs" for _ in range(20) if case.detector.detect(image) != right)

    threads = [
        threading.Thread(target=work, args=pair)
        for pair in ((case.image, expected), (mirrored, expected_mirrored)) * 2
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert expected != expected_mirrored
    assert wrong == []
