"""Heads and other vehicles' plates are gone from a copy; the accused one's plate and the original stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.detection import Detection, ObjectClass
from pipeline.geometry import Box
from pipeline.picture import Image, crop
from simulator.plate_numbers import PlateStyle
from tests.vision.drawn_car import draw_car, road, through_a_lens
from tests.vision.plates import korean_plate
from vision.backend import Backend
from vision.korean_reader import OnnxPlateReader
from vision.masking import HiddenRegions, PrivacyMask, head_region, hide
from vision.plate_boxes import PlateBoxes, open_plate_boxes
from vision.plate_crop import cut_plate, sharpness

MODELS = Path(__file__).parents[2] / "models"
ACCUSED = Box(x1=300, y1=250, x2=600, y2=510)
OTHER = Box(x1=800, y1=300, x2=1100, y2=560)
PERSON = Box(x1=660, y1=200, x2=730, y2=430)


class Seen:
    """A detector that sees what it was told, wherever it looks."""

    def __init__(self, *found: Detection) -> None:
        self.found = found
        self.sizes: list[tuple[int, int]] = []

    def detect(self, image: Image) -> tuple[Detection, ...]:
        self.sizes.append(image.shape[:2])
        return self.found if image.shape[:2] == (720, 1280) else ()


def seen(box: Box, label: ObjectClass = ObjectClass.CAR, score: float = 0.8) -> Detection:
    return Detection(box=box, score=score, label=label)


@pytest.fixture(scope="module")
def plates() -> PlateBoxes:
    return open_plate_boxes(MODELS / "plate_detector.onnx", backend=Backend.ONNX)


@pytest.fixture(scope="module")
def street() -> tuple[Image, Box, Box]:
    """A picture of two cars, and where their plates are."""
    image = road()
    mine = draw_car(image, ACCUSED, korean_plate("123너4567", PlateStyle.WHITE_8, height_px=26))
    theirs = draw_car(
        image, OTHER, korean_plate("45다6789", PlateStyle.WHITE_7, height_px=26), paint=(200, 200, 200)
    )
    image = through_a_lens(image)
    image.flags.writeable = False
    return image, mine, theirs


def text(image: Image, plate: Box) -> str:
    reader = OnnxPlateReader(MODELS / "plate_ocr.onnx", backend=Backend.ONNX)
    return "".join(guess.text for guess in reader.read(cut_plate(image, plate)))


def part(image: Image, box: Box) -> Image:
    found = crop(image, box)
    assert found is not None
    return found


def test_only_the_accused_vehicles_plate_can_be_read(
    plates: PlateBoxes, street: tuple[Image, Box, Box]
) -> None:
    image, mine, theirs = street
    before = image.copy()
    mask = PrivacyMask(Seen(seen(ACCUSED), seen(OTHER), seen(PERSON, ObjectClass.PERSON)), plates)
    regions = mask.find(image, ACCUSED)
    copy = hide(image, regions)
    assert np.array_equal(image, before)
    assert np.array_equal(part(copy, mine), part(image, mine))
    assert (text(image, mine), text(image, theirs)) == ("123너4567", "45다6789")
    assert text(copy, mine) == "123너4567"
    assert not set("6789") & set(text(copy, theirs))
    assert sharpness(part(copy, theirs)) < 0.05 * sharpness(part(image, theirs))
    assert regions.heads == (head_region(PERSON),)


def test_without_an_accused_vehicle_no_plate_can_be_read(
    plates: PlateBoxes, street: tuple[Image, Box, Box]
) -> None:
    image, mine, theirs = street
    copy = hide(image, PrivacyMask(Seen(seen(ACCUSED), seen(OTHER)), plates).find(image, None))
    for plate in (mine, theirs):
        assert sharpness(part(copy, plate)) < 0.05 * sharpness(part(image, plate))


def test_a_plate_of_a_vehicle_nobody_detected_is_hidden_too(
    plates: PlateBoxes, street: tuple[Image, Box, Box]
) -> None:
    image, mine, theirs = street
    copy = hide(image, PrivacyMask(Seen(seen(ACCUSED)), plates).find(image, ACCUSED))
    assert np.array_equal(part(copy, mine), part(image, mine))
    assert sharpness(part(copy, theirs)) < 0.05 * sharpness(part(image, theirs))


def test_an_empty_street_hides_nothing(plates: PlateBoxes) -> None:
    assert not PrivacyMask(Seen(), plates).find(road(), ACCUSED).hides


def test_people_nobody_is_sure_of_are_hidden_all_the_same(plates: PlateBoxes) -> None:
    unsure = seen(PERSON, ObjectClass.PERSON, score=0.16)
    assert PrivacyMask(Seen(unsure), plates).find(road(), None).heads == (head_region(PERSON),)


def test_a_large_picture_is_looked_at_in_parts_as_well(plates: PlateBoxes) -> None:
    detector = Seen()
    PrivacyMask(detector, plates).find(road(3840, 2160), None)
    assert detector.sizes[0] == (2160, 3840)
    assert len(detector.sizes) == 1 + 5 * 3
    assert max(max(size) for size in detector.sizes[1:]) < 1100


@pytest.mark.parametrize(
    ("width", "height", "share"),
    [(40, 120, 0.3), (60, 90, 0.5), (90, 90, 1.0), (120, 60, 1.0)],
    ids=["standing", "half", "sitting", "lying"],
)
def test_where_a_head_is(width: float, height: float, share: float) -> None:
    head = head_region(Box(x1=10, y1=20, x2=10 + width, y2=20 + height))
    assert (head.x1, head.y1, head.width) == (10, 20, width)
    assert head.height == pytest.approx(share * height)


# A busy machine takes its time over a picture.
@settings(deadline=None)
@given(x=st.floats(-50, 150), y=st.floats(-50, 150), width=st.floats(0.5, 200), height=st.floats(0.5, 200))
def test_any_region_hides_only_its_surroundings(x: float, y: float, width: float, height: float) -> None:
    image = np.random.default_rng(1).integers(0, 256, (100, 120, 3), dtype=np.uint8)
    box = Box(x1=x, y1=y, x2=x + width, y2=y + height)
    copy = hide(image, HiddenRegions(heads=(box,)))
    changed = np.argwhere((copy != image).any(axis=2))
    around = box.padded(0.13)
    assert all(
        around.y1 - 1 <= r <= around.y2 + 1 and around.x1 - 1 <= c <= around.x2 + 1 for r, c in changed
    )
