"""What every plate reader must do, shown on all of them with plates that must be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.picture import Image
from pipeline.plate import CharacterGuess, PlateReader
from simulator.plate_numbers import PlateStyle
from tests.vision.glyph_network import NAME, letter_plate, write_network
from tests.vision.plates import korean_plate, latin_plate, with_margin
from vision.backend import Backend
from vision.korean_reader import OnnxPlateReader
from vision.rapidocr_reader import RapidOcrReader

MODELS = Path(__file__).parents[2] / "models"


@dataclass(frozen=True)
class Case:
    """A reader and plates of its kind with their texts."""

    reader: PlateReader
    plates: dict[str, Image]


def _korean(backend: Backend) -> Case:
    plates = {
        "52나3108": PlateStyle.WHITE_7,
        "123너4567": PlateStyle.WHITE_8,
        "78허9012": PlateStyle.SHORT,
        "서울12바3456": PlateStyle.YELLOW_LINE,
        "경기87아6543": PlateStyle.YELLOW_TWO,
        "38어1669": PlateStyle.GREEN_TWO,
    }
    return Case(
        OnnxPlateReader(MODELS / "plate_ocr.onnx", backend=backend),
        {text: with_margin(korean_plate(text, style)) for text, style in plates.items()},
    )


def _easyocr(folder: Path) -> Case:
    from vision.easyocr_reader import EasyOcrReader

    write_network(folder)
    reader = EasyOcrReader(("en",), model_directory=folder, network=NAME, network_directory=folder)
    return Case(reader, {text: letter_plate(text) for text in ("12AB34", "BEE7801", "0F96")})


@pytest.fixture(
    params=[
        "korean onnx",
        "korean openvino",
        "rapidocr onnx",
        "rapidocr openvino",
        pytest.param("easyocr", marks=pytest.mark.extras),
    ],
    scope="module",
)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    name: str = request.param
    if name == "easyocr":
        return _easyocr(tmp_path_factory.mktemp("network"))
    kind, backend = name.split()
    if kind == "korean":
        return _korean(Backend(backend))
    texts = {"AB12CDE": "AB12 CDE", "KLM9087": "KLM 9087", "WOBZK295": "WOB-ZK 295"}
    return Case(
        RapidOcrReader(backend=Backend(backend)),
        {text: with_margin(latin_plate(printed)) for text, printed in texts.items()},
    )


def _text(characters: tuple[CharacterGuess, ...]) -> str:
    return "".join(c.text for c in characters)


def _least(characters: tuple[CharacterGuess, ...]) -> float:
    return min((c.probability for c in characters), default=0.0)


def test_a_clear_plate_is_read_exactly_and_surely(case: Case) -> None:
    for text, crop in case.plates.items():
        characters = case.reader.read(crop)
        assert _text(characters) == text
        assert _least(characters) >= 0.6


def test_each_character_has_alternatives_in_order_whose_probabilities_fit(case: Case) -> None:
    for crop in case.plates.values():
        for guess in case.reader.read(crop):
            probabilities = [p for _, p in guess.alternatives]
            assert probabilities == sorted(probabilities, reverse=True)
            assert sum(probabilities) <= 1.0 + 1e-5
            assert all(len(text) == 1 for text, _ in guess.alternatives)
            assert len({text for text, _ in guess.alternatives}) == len(guess.alternatives)


def test_a_plate_melted_by_blur_is_never_read_surely(case: Case) -> None:
    for crop in case.plates.values():
        melted = cv2.GaussianBlur(crop, (0, 0), 0.16 * crop.shape[0])
        assert _least(case.reader.read(np.asarray(melted, dtype=np.uint8))) < 0.6


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_a_blank_crop_has_no_text(case: Case, shade: int) -> None:
    assert case.reader.read(np.full((60, 220, 3), shade, dtype=np.uint8)) == ()


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3), (15, 40)])
def test_a_crop_of_any_size_is_taken(case: Case, size: tuple[int, int]) -> None:
    noise = np.random.default_rng(7).integers(0, 256, (*size, 3), dtype=np.uint8)
    assert _least(case.reader.read(noise)) < 0.6


def test_a_read_only_view_is_taken_and_left_alone(case: Case) -> None:
    text, crop = next(iter(case.plates.items()))
    canvas = np.zeros((crop.shape[0] + 9, crop.shape[1] + 9, 3), dtype=np.uint8)
    canvas[4 : 4 + crop.shape[0], 5 : 5 + crop.shape[1]] = crop
    canvas.flags.writeable = False
    view = canvas[4 : 4 + crop.shape[0], 5 : 5 + crop.shape[1]]
    assert _text(case.reader.read(view)) == text
    assert np.array_equal(view, crop)


def test_the_same_crop_gives_the_same_reading(case: Case) -> None:
    crop = next(iter(case.plates.values()))
    assert case.reader.read(crop) == case.reader.read(crop)
