"""From a configuration's words to detectors and readers."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import numpy as np
import pytest

from gotcha.config import parse_config
from gotcha.models import scanner
from pipeline.detection import ObjectClass
from pipeline.errors import InvalidValueError, ModelError
from pipeline.geometry import Box
from tests.vision.drawn_car import draw_car, road, through_a_lens
from tests.vision.networks import color_network, draw
from tests.vision.plates import latin_plate
from vision.backend import Backend, open_inference
from vision.class_names import meanings, stored_names
from vision.easyocr_reader import EasyOcrReader
from vision.korean_reader import OnnxPlateReader
from vision.open_detector import open_detector
from vision.open_reader import ReaderChoice, open_reader
from vision.rapidocr_reader import RapidOcrReader
from vision.ultralytics_detector import UltralyticsDetector
from vision.yolo_detector import DetectorOptions, OnnxDetector, YoloDetector

MODELS = Path(__file__).parents[2] / "models"
OCR = MODELS / "plate_ocr.onnx"


def test_auto_measures_takes_the_faster_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="vision.backend"):
        detector = open_detector(MODELS / "vehicle_detector.onnx")
    assert isinstance(detector, YoloDetector)
    (said,) = [r.getMessage() for r in caplog.records]
    assert f"vehicle_detector.onnx runs in {detector.runtime}" in said
    assert "onnxruntime" in said


@pytest.mark.parametrize(
    ("backend", "runtime"), [(Backend.ONNX, "onnxruntime"), (Backend.OPENVINO, "openvino")]
)
def test_a_named_backend_is_taken(backend: Backend, runtime: str) -> None:
    detector = open_detector(MODELS / "vehicle_detector.onnx", backend=backend)
    assert isinstance(detector, YoloDetector)
    assert detector.runtime == runtime


def test_plate_networks_do_not_run_in_ultralytics() -> None:
    with pytest.raises(ModelError, match="expected auto, onnx or openvino"):
        open_inference(OCR, Backend.ULTRALYTICS, np.zeros((1, 64, 192, 3), dtype=np.uint8))


def test_the_bundled_detector_finds_drawn_cars() -> None:
    image = road()
    cars = (Box(x1=300, y1=250, x2=600, y2=510), Box(x1=800, y1=300, x2=1100, y2=560))
    for car in cars:
        draw_car(image, car, latin_plate("AB12 CDE", height_px=26))
    found = OnnxDetector(MODELS / "vehicle_detector.onnx").detect(through_a_lens(image))
    for car in cars:
        (on,) = [d for d in found if d.box.iou(car) > 0.7]
        assert on.score >= 0.35
        assert on.label in (ObjectClass.CAR, ObjectClass.TRUCK)


def test_the_close_pass_adds_what_fills_the_picture_and_only_that(tmp_path: Path) -> None:
    # Boxes of 0.62 of the network's long side count as large, those of one cell do not.
    image = np.zeros((384, 640, 3), dtype=np.uint8)
    draw(image, ObjectClass.BUS, 320, 192, 352, 224)
    for cells, expected in ((1.0, 1), (12.5, 1)):
        weights = color_network(tmp_path / f"{cells}.onnx", end_to_end=True, box_cells=cells)
        both = OnnxDetector(weights, DetectorOptions(close_pass=True)).detect(image)
        assert len(both) == expected
        assert both == OnnxDetector(weights).detect(image)


def test_the_close_pass_keeps_large_vehicles_of_the_bundled_detector() -> None:
    image = road(800, 600)
    car = Box(x1=60, y1=30, x2=740, y2=580)
    draw_car(image, car, latin_plate("AB12 CDE", height_px=40))
    image = through_a_lens(image)

    def best(close_pass: bool) -> float:
        options = DetectorOptions(close_pass=close_pass)
        found = OnnxDetector(MODELS / "vehicle_detector.onnx", options).detect(image)
        return max((d.score for d in found if d.box.iou(car) > 0.6), default=0.0)

    assert best(True) > best(False)
    assert best(True) >= 0.15


@pytest.mark.parametrize(
    "options",
    [{"min_score": 0.0}, {"min_score": 1.0}, {"long_side": 600}, {"long_side": 64}],
)
def test_options_outside_their_bounds_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(InvalidValueError, match="expected a"):
        DetectorOptions(**options)  # type: ignore[arg-type]


def test_foreign_class_names_are_mapped_or_dropped() -> None:
    names = {0: "Van", 3: "pedestrian", 5: "traffic light", 7: " Motorbike "}
    assert meanings(names, OCR) == {0: ObjectClass.CAR, 3: ObjectClass.PERSON, 7: ObjectClass.MOTORCYCLE}
    assert meanings(None, OCR) == dict(enumerate(ObjectClass))


def test_stored_names_that_are_no_table_are_refused() -> None:
    assert stored_names({}, OCR) is None
    assert stored_names({"names": "['car', 'bus']"}, OCR) == {0: "car", 1: "bus"}
    assert stored_names({"names": "{0: 'car'}"}, OCR) == {0: "car"}
    with pytest.raises(ModelError, match="class names"):
        stored_names({"names": "__import__('os')"}, OCR)


def test_the_region_chooses_the_reader() -> None:
    korean = open_reader(ReaderChoice.AUTO, region="kr", weights=OCR, backend=Backend.ONNX)
    latin = open_reader(ReaderChoice.AUTO, region="DE", weights=OCR, backend=Backend.ONNX)
    assert isinstance(korean, OnnxPlateReader)
    assert isinstance(latin, RapidOcrReader)
    chosen = open_reader(ReaderChoice.RAPIDOCR, region="KR", weights=OCR, backend=Backend.ONNX)
    assert isinstance(chosen, RapidOcrReader)


def test_ultralytics_without_its_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ultralytics", None)
    with pytest.raises(ModelError, match="install the extra `ultralytics`"):
        UltralyticsDetector(MODELS / "vehicle_detector.pt")
    with pytest.raises(ModelError, match="install the extra `ultralytics`"):
        open_detector(MODELS / "vehicle_detector.pt")


def test_easyocr_without_its_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "easyocr", None)
    with pytest.raises(ModelError, match="install the extra `easyocr`"):
        EasyOcrReader()


@pytest.mark.extras
def test_ultralytics_says_what_is_wrong_with_weights(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.pt"
    damaged.write_bytes(b"no checkpoint")
    with pytest.raises(ModelError, match=r"damaged\.pt"):
        UltralyticsDetector(damaged)
    with pytest.raises(ModelError, match=r"no file .*nowhere\.pt"):
        UltralyticsDetector(tmp_path / "nowhere.pt")


@pytest.mark.extras
def test_easyocr_takes_and_fetches_its_weights_in_the_folder_of_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import easyocr.easyocr

    asked: list[Path] = []

    def fetch(_url: str, filename: str, folder: str, _verbose: bool = True) -> None:
        asked.append(Path(folder) / filename)
        raise OSError("no network")

    monkeypatch.setattr(easyocr.easyocr, "download_and_unzip", fetch)
    text = "region: GB\nplates: {reader: easyocr, model_directory: weights}\n"
    config = parse_config(text, folder=tmp_path, environment={})
    with pytest.raises(ModelError, match="no network"):
        scanner(config, "GB")
    assert [path.parent for path in asked] == [tmp_path / "weights"]


@pytest.mark.extras
def test_easyocr_never_downloads_unasked_and_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import easyocr.easyocr

    monkeypatch.setattr(easyocr.easyocr, "MODULE_PATH", str(tmp_path))
    with pytest.raises(ModelError, match="downloads disabled"):
        EasyOcrReader(("en",))
    with pytest.raises(ModelError, match=r"cannot load .* for klingon"):
        EasyOcrReader(("klingon",))
