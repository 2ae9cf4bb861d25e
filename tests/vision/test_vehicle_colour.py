from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.geometry import Box
from pipeline.picture import Image
from pipeline.vehicle_look import VehicleColour
from vision.vehicle_colour import colour_of, light_of

CAR = Box(x1=100, y1=60, x2=220, y2=140)


def street(paint: tuple[int, int, int], brightness: float = 1.0) -> Image:
    """A grey street under a bright sky with a painted box, its windows dark; BGR."""
    image = np.full((240, 320, 3), 120, dtype=np.uint8)
    image[:60] = (200, 190, 180)
    image[60:140, 100:220] = paint
    image[68:88, 115:205] = (40, 35, 35)
    grain = np.random.default_rng(1).normal(0, 3, image.shape)
    return np.clip((image + grain) * brightness, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("brightness", [1.0, 0.7])
@pytest.mark.parametrize(
    ("paint", "expected"),
    [
        ((240, 240, 240), VehicleColour.WHITE),
        ((20, 20, 20), VehicleColour.BLACK),
        ((140, 140, 140), VehicleColour.GREY),
        ((30, 30, 170), VehicleColour.RED),
        ((150, 70, 25), VehicleColour.BLUE),
        ((50, 130, 40), VehicleColour.GREEN),
        ((30, 200, 230), VehicleColour.YELLOW),
    ],
)
def test_colours_are_named_as_people_name_them(
    paint: tuple[int, int, int], expected: VehicleColour, brightness: float
) -> None:
    image = street(paint, brightness)
    assert colour_of(image, CAR, light_of(image)) is expected


def test_infrared_and_night_show_no_colours() -> None:
    grey = cv2.cvtColor(street((30, 30, 170)), cv2.COLOR_BGR2GRAY)
    infrared = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), dtype=np.uint8)
    night = street((30, 30, 170), 0.15)
    for image in (infrared, night):
        assert colour_of(image, CAR, light_of(image)) is None


def test_a_box_of_no_size_has_no_colour() -> None:
    image = street((30, 30, 170))
    assert colour_of(image, Box(x1=10, y1=10, x2=12, y2=12), light_of(image)) is None
