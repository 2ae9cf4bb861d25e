from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.errors import InvalidValueError
from pipeline.picture import Image
from pipeline.same_vehicle import SAME_VEHICLE, vehicle_likeness

GREY, RED, BLUE = (120, 120, 120), (40, 40, 190), (190, 60, 40)
WHITE, BLACK = (235, 235, 235), (25, 25, 25)


def vehicle(seed: int, paint: tuple[int, int, int], width: int = 200, height: int = 130) -> Image:
    """The front of a car with windscreen, lamps, grille and wheels placed by `seed`."""
    random = np.random.default_rng(seed)
    picture = np.full((height, width, 3), 95, np.uint8)
    left, right = int(random.integers(5, 25)), width - int(random.integers(5, 25))
    top, belt = int(random.integers(6, 24)), int(random.integers(45, 70))
    cv2.rectangle(picture, (left, belt), (right, height - 18), paint, -1)
    slope = int(random.integers(8, 40))
    roof = np.array(
        [[left + slope, top], [right - slope, top], [right - 6, belt], [left + 6, belt]], np.int32
    )
    cv2.fillPoly(picture, [roof], paint)
    cv2.fillPoly(picture, [(roof * 0.8 + roof.mean(axis=0) * 0.2).astype(np.int32)], (45, 40, 35))
    lamp = int(random.integers(16, 40))
    for x in (left + 5, right - 5 - lamp):
        cv2.rectangle(picture, (x, belt + 8), (x + lamp, belt + int(random.integers(16, 28))), (235,) * 3, -1)
    for row in range(int(random.integers(2, 6))):
        y = belt + 12 + 6 * row
        cv2.line(
            picture, (left + lamp + 14, y), (right - lamp - 14, y), (20,) * 3, int(random.integers(1, 4))
        )
    for x in (left + 4, right - 34):
        cv2.rectangle(picture, (x, height - 22), (x + 30, height - 2), (15,) * 3, -1)
    return picture


def photographed(
    picture: Image, seed: int, *, gain: float = 1.0, noise: float = 3.0, cut: tuple[int, int] = (0, 0)
) -> Image:
    random = np.random.default_rng(seed)
    values = picture[cut[1] :, cut[0] :] * gain + random.normal(0, noise, picture[cut[1] :, cut[0] :].shape)
    return np.clip(values, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("gain", "noise"), [(1.0, 3.0), (0.4, 3.0), (1.25, 8.0)])
def test_a_vehicle_is_like_itself_in_another_light(seed: int, gain: float, noise: float) -> None:
    car = vehicle(seed, RED)
    result = vehicle_likeness(photographed(car, 1), photographed(car, 2, gain=gain, noise=noise))
    assert result.score >= SAME_VEHICLE, result


@pytest.mark.parametrize("cut", [(8, 0), (0, 6), (7, 5)])
def test_a_box_that_differs_by_some_percent_makes_no_difference(cut: tuple[int, int]) -> None:
    car = vehicle(3, BLUE)
    assert vehicle_likeness(photographed(car, 1), photographed(car, 2, cut=cut)).score >= SAME_VEHICLE


def test_another_vehicle_is_not_alike() -> None:
    road = np.full((130, 200, 3), 95, np.uint8)
    road[60:66] = 220
    score = vehicle_likeness(photographed(vehicle(1, GREY), 1), photographed(road, 2)).score
    assert score < SAME_VEHICLE


@pytest.mark.parametrize(("paint", "other"), [(RED, BLUE), (RED, GREY), (WHITE, BLACK)])
def test_a_vehicle_of_the_same_make_in_another_paint_is_another_one(
    paint: tuple[int, int, int], other: tuple[int, int, int]
) -> None:
    first = photographed(vehicle(4, paint), 1)
    assert vehicle_likeness(first, photographed(vehicle(4, paint), 2)).score >= SAME_VEHICLE
    assert vehicle_likeness(first, photographed(vehicle(4, other), 2)).score < SAME_VEHICLE


def test_the_cast_of_the_light_is_no_paint() -> None:
    car = photographed(vehicle(4, RED), 1)
    evening = np.clip(car * np.array([0.75, 0.9, 1.1]), 0, 255).astype(np.uint8)
    assert vehicle_likeness(car, evening).score >= SAME_VEHICLE


def test_a_crop_of_a_few_pixels_is_refused() -> None:
    car = vehicle(1, GREY)
    with pytest.raises(InvalidValueError, match="8x8"):
        vehicle_likeness(car, car[:4])
