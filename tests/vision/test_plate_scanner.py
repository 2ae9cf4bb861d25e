"""The bundled plate detector and reader on drawn cars: whose plate, and which are not worth reading."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.geometry import Box
from pipeline.picture import Image
from simulator.plate_numbers import PlateStyle
from tests.vision.drawn_car import draw_car, road, through_a_lens
from tests.vision.plates import korean_plate
from vision.backend import Backend
from vision.korean_reader import OnnxPlateReader
from vision.plate_finder import PlateGates
from vision.plate_scanner import VehiclePlateScanner, open_scanner

MODELS = Path(__file__).parents[2] / "models"
LEFT = Box(x1=300, y1=250, x2=600, y2=510)
RIGHT = Box(x1=800, y1=300, x2=1100, y2=560)


def _scanner(gates: PlateGates | None = None) -> VehiclePlateScanner:
    reader = OnnxPlateReader(MODELS / "plate_ocr.onnx", backend=Backend.ONNX)
    return open_scanner(MODELS / "plate_detector.onnx", reader, backend=Backend.ONNX, gates=gates)


@pytest.fixture(scope="module")
def scanner() -> VehiclePlateScanner:
    return _scanner()


@pytest.fixture(scope="module")
def street() -> Image:
    image = road()
    draw_car(image, LEFT, korean_plate("123너4567", PlateStyle.WHITE_8, height_px=26))
    draw_car(
        image,
        RIGHT,
        korean_plate("서울12바3456", PlateStyle.YELLOW_TWO, height_px=44),
        paint=(200, 200, 200),
    )
    image = through_a_lens(image)
    image.flags.writeable = False
    return image


def test_each_vehicle_gets_its_own_plate(scanner: VehiclePlateScanner, street: Image) -> None:
    left = scanner.scan(street, LEFT, (RIGHT,))
    right = scanner.scan(street, RIGHT, (LEFT,))
    assert left is not None
    assert right is not None
    assert left.reading.text == "123너4567"
    assert right.reading.text == "서울12바3456"
    assert left.reading.least > 0.8
    assert left.box.share_inside(LEFT) == 1.0
    assert left.reading.height_px == left.box.height
    assert left.crop.shape[1] == pytest.approx(1.2 * left.box.width, abs=3)


def test_the_crop_is_a_copy_that_survives_the_frame(scanner: VehiclePlateScanner, street: Image) -> None:
    image = street.copy()
    sighting = scanner.scan(image, LEFT, ())
    assert sighting is not None
    before = sighting.crop.copy()
    image[:] = 0
    assert np.array_equal(sighting.crop, before)


def test_a_vehicle_without_a_plate_gets_none_of_its_neighbours(
    scanner: VehiclePlateScanner, street: Image
) -> None:
    # A van parked beside, whose box reaches over the left car's plate.
    van = Box(x1=380, y1=60, x2=760, y2=470)
    assert scanner.scan(street, van, (LEFT, RIGHT)) is None


def test_a_plate_in_the_upper_part_is_not_the_vehicles(scanner: VehiclePlateScanner, street: Image) -> None:
    # Box of a vehicle in front, which begins where the left car's plate is.
    front = Box(x1=320, y1=400, x2=640, y2=700)
    assert scanner.scan(street, front, ()) is None


def test_a_vehicle_that_fills_the_picture_is_searched_in_the_whole_of_it(
    scanner: VehiclePlateScanner,
) -> None:
    image = road(800, 600)
    car = Box(x1=60, y1=30, x2=740, y2=580)
    draw_car(image, car, korean_plate("38어1669", PlateStyle.WHITE_7, height_px=44))
    sighting = scanner.scan(through_a_lens(image), car, ())
    assert sighting is not None
    assert sighting.reading.text == "38어1669"


def test_a_plate_cut_by_the_pictures_edge_is_not_read(scanner: VehiclePlateScanner) -> None:
    image = road()
    box = draw_car(image, LEFT, korean_plate("123너4567", PlateStyle.WHITE_8, height_px=26))
    whole = through_a_lens(image)
    assert scanner.scan(whole, LEFT, ()) is not None
    cut_at = round(box.x1 + 0.7 * box.width)
    cut = np.ascontiguousarray(whole[:, :cut_at])
    visible = Box(x1=LEFT.x1, y1=LEFT.y1, x2=float(cut_at), y2=LEFT.y2)
    assert scanner.scan(cut, visible, ()) is None


def test_a_plate_melted_by_blur_is_not_read(street: Image) -> None:
    melted = np.asarray(cv2.GaussianBlur(street, (0, 0), 5), dtype=np.uint8)
    # Even if the detector saw it.
    assert _scanner(PlateGates(min_score=0.05)).scan(melted, LEFT, ()) is None


@pytest.mark.parametrize(
    "gates",
    [
        PlateGates(min_score=0.99),
        PlateGates(min_height_px=60.0),
        PlateGates(max_aspect=2.0),
        PlateGates(min_aspect=6.5),
        PlateGates(min_sharpness=50_000.0),
    ],
    ids=["score", "height", "too wide", "too narrow", "sharpness"],
)
def test_each_gate_refuses(street: Image, gates: PlateGates) -> None:
    assert _scanner(gates).scan(street, LEFT, ()) is None


def test_an_empty_road_and_a_box_outside_have_no_plate(scanner: VehiclePlateScanner) -> None:
    assert scanner.scan(road(), LEFT, ()) is None
    assert scanner.scan(road(), Box(x1=2000, y1=10, x2=2100, y2=90), ()) is None
