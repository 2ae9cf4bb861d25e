"""Every way in which weights can be wrong ends in one clear sentence."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import ModelError
from tests.vision.networks import color_network, constant_network
from vision.backend import Backend
from vision.inference import Inference, OnnxRuntimeInference
from vision.korean_reader import OnnxPlateReader
from vision.open_detector import open_detector
from vision.openvino_inference import OpenVinoInference
from vision.plate_scanner import open_scanner

MODELS = Path(__file__).parents[2] / "models"
RUNTIMES = pytest.mark.parametrize("load", [OnnxRuntimeInference, OpenVinoInference])
BACKENDS = pytest.mark.parametrize("backend", [Backend.AUTO, Backend.ONNX, Backend.OPENVINO])


@BACKENDS
def test_missing_weights_are_named(tmp_path: Path, backend: Backend) -> None:
    with pytest.raises(ModelError, match=r"missing: there is no file .*nowhere\.onnx"):
        open_detector(tmp_path / "nowhere.onnx", backend=backend)


@BACKENDS
@pytest.mark.parametrize("content", [b"", b"no network at all" * 99])
def test_weights_that_are_no_network_are_named(tmp_path: Path, backend: Backend, content: bytes) -> None:
    weights = tmp_path / "odd.onnx"
    weights.write_bytes(content)
    with pytest.raises(ModelError, match=r"odd\.onnx"):
        open_detector(weights, backend=backend)


@BACKENDS
def test_weights_cut_short_are_named(tmp_path: Path, backend: Backend) -> None:
    weights = tmp_path / "short.onnx"
    weights.write_bytes((MODELS / "vehicle_detector.onnx").read_bytes()[:4_000_000])
    with pytest.raises(ModelError, match=r"short\.onnx"):
        open_detector(weights, backend=backend)


@BACKENDS
@pytest.mark.parametrize("shape", [(1, 300, 7), (1, 10), (1, 11, 5040), (1, 5040, 10)])
def test_another_output_is_refused_with_both_shapes(
    tmp_path: Path, backend: Backend, shape: tuple[int, ...]
) -> None:
    weights = constant_network(tmp_path / "other.onnx", np.zeros(shape, dtype=np.float32))
    with pytest.raises(
        ModelError, match=r"Expected a YOLO head .*\(n, 10, anchors\).*other\.onnx, got \(1, "
    ):
        open_detector(weights, backend=backend)


def test_a_network_without_vehicles_is_refused(tmp_path: Path) -> None:
    names = dict(enumerate(("cat", "dog", "cup", "tie", "fork", "bed")))
    weights = color_network(tmp_path / "home.onnx", end_to_end=True, names=names)
    with pytest.raises(ModelError, match="knows no vehicles: its classes are cat, dog"):
        open_detector(weights, backend=Backend.ONNX)


def test_a_plate_recogniser_is_no_detector() -> None:
    with pytest.raises(ModelError, match=r"input of \(1, 3, H, W\).*plate_ocr"):
        open_detector(MODELS / "plate_ocr.onnx", backend=Backend.ONNX)


@RUNTIMES
def test_a_batch_that_does_not_fit_is_refused(load: Callable[[Path], Inference]) -> None:
    inference = load(MODELS / "plate_ocr.onnx")
    assert inference.input_shape == (None, 64, 192, 3)
    with pytest.raises(
        ModelError, match=r"expects an input of \(any, 64, 192, 3\), got uint8 \(1, 2, 2, 3\)"
    ):
        inference.run(np.zeros((1, 2, 2, 3), dtype=np.uint8))


@RUNTIMES
def test_the_texts_beside_the_network_are_read(load: Callable[[Path], Inference]) -> None:
    assert "motorcycle" in load(MODELS / "vehicle_detector.onnx").metadata["names"]


def test_a_reader_without_its_alphabet_is_refused(tmp_path: Path) -> None:
    weights = tmp_path / "plate_ocr.onnx"
    shutil.copy(MODELS / "plate_ocr.onnx", weights)
    with pytest.raises(ModelError, match=r"no file .*plate_ocr\.yaml"):
        OnnxPlateReader(weights, backend=Backend.ONNX)


@pytest.mark.parametrize("text", ["alphabet: ABC_", "- 1\n- 2", "alphabet: [", ""])
def test_an_alphabet_that_lacks_something_is_refused(tmp_path: Path, text: str) -> None:
    alphabet = tmp_path / "odd.yaml"
    alphabet.write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=r"odd\.yaml"):
        OnnxPlateReader(MODELS / "plate_ocr.onnx", alphabet=alphabet, backend=Backend.ONNX)


def test_an_alphabet_of_another_network_is_refused(tmp_path: Path) -> None:
    whole = (MODELS / "plate_ocr.yaml").read_text(encoding="utf-8")
    alphabet = tmp_path / "shorter.yaml"
    alphabet.write_text(whole.replace("0123456789", "01234"), encoding="utf-8")
    with pytest.raises(ModelError, match=r"Expected an output of \(5, 10, 101\).*got \(5, 10, 106\)"):
        OnnxPlateReader(MODELS / "plate_ocr.onnx", alphabet=alphabet, backend=Backend.ONNX)


def test_missing_plate_detector_weights_are_named(tmp_path: Path) -> None:
    reader = OnnxPlateReader(MODELS / "plate_ocr.onnx", backend=Backend.ONNX)
    with pytest.raises(ModelError, match=r"no file .*none\.onnx"):
        open_scanner(tmp_path / "none.onnx", reader)
