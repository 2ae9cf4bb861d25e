from __future__ import annotations

import cv2
import numpy as np

from pipeline.geometry import Box
from pipeline.judge import PhotoPair
from pipeline.photo_pair import compare_pair, take_sight
from pipeline.picture import ArrayPicture, Image

VEHICLE = Box(x1=480, y1=260, x2=800, y2=560)


def smooth_street(*, vehicle: int = 1) -> Image:
    """A wide road with a kerb, a few markings and one vehicle: little that could be recognised, 1280x720."""
    picture = np.full((720, 1280, 3), 105, np.float32) + np.linspace(-30, 30, 720)[:, None, None]
    cv2.line(picture, (0, 620), (1280, 180), (170.0,) * 3, 14)
    cv2.line(picture, (900, 720), (1280, 520), (60.0,) * 3, 20)
    for x in range(60, 1280, 260):
        cv2.line(picture, (x, 90), (x + 90, 60), (200.0,) * 3, 12)
    random = np.random.default_rng(vehicle)
    x1, y1, x2, y2 = (round(v) for v in (VEHICLE.x1, VEHICLE.y1, VEHICLE.x2, VEHICLE.y2))
    picture[y1:y2, x1:x2] = random.uniform(40, 200)
    for _ in range(12):
        x, y = int(random.integers(x1, x2 - 60)), int(random.integers(y1, y2 - 60))
        cv2.rectangle(picture, (x, y), (x + 60, y + 50), (float(random.uniform(0, 255)),) * 3, -1)
    return np.asarray(cv2.GaussianBlur(np.clip(picture, 0, 255).astype(np.uint8), (0, 0), 1.0), np.uint8)


def in_rain(image: Image, moment: int) -> Image:
    """`image` with bright streaks, other ones at each moment, and a sensor's noise."""
    random = np.random.default_rng(moment)
    streaks = np.zeros(image.shape[:2], np.uint8)
    for _ in range(2400):
        x, y = int(random.integers(0, 1280)), int(random.integers(0, 720))
        cv2.line(streaks, (x, y), (x + 2, y + int(random.integers(8, 26))), 45, 1, cv2.LINE_AA)
    wet = image.astype(np.float32) + streaks[..., None] + random.normal(0, 3, image.shape)
    return np.clip(wet, 0, 255).astype(np.uint8)


def pair_of(first: Image, second: Image, vehicle: Box = VEHICLE) -> PhotoPair:
    sights = (take_sight(ArrayPicture(image), vehicle, ()) for image in (first, second))
    return compare_pair(*sights).pair


def in_the_dark(image: Image) -> Image:
    """`image` at night: nothing but the vehicle is lit."""
    dark = np.full_like(image, 3)
    rows, columns = slice(int(VEHICLE.y1), int(VEHICLE.y2)), slice(int(VEHICLE.x1), int(VEHICLE.x2))
    dark[rows, columns] = image[rows, columns]
    return dark


def test_rain_over_a_smooth_road_is_no_other_view() -> None:
    """In a downpour most of the structure of a picture is rain, and no two photos ever made a pair: every
    report of a rainy day was rejected.
    """
    street = smooth_street()
    assert pair_of(in_rain(street, 1), in_rain(street, 2)) is PhotoPair.COMPLETE


def test_a_camera_moved_in_the_rain_shows_another_view() -> None:
    street = smooth_street()
    matrix = np.array([[1, 0, 38], [0, 1, 22]], np.float32)
    moved = np.asarray(cv2.warpAffine(street, matrix, (1280, 720), borderMode=cv2.BORDER_REFLECT), np.uint8)
    assert pair_of(in_rain(street, 1), in_rain(moved, 2)) is PhotoPair.OTHER_VIEW


def test_another_vehicle_in_the_rain_is_another_vehicle() -> None:
    first, second = smooth_street(), smooth_street(vehicle=5)
    assert pair_of(in_rain(first, 1), in_rain(second, 2)) is PhotoPair.OTHER_VEHICLE


def test_a_vehicle_that_fills_the_picture_can_be_reported() -> None:
    """A camera before a single place saw nothing but the vehicle: without a background to compare, no photo 2
    was ever good enough, and every report was rejected.
    """
    everywhere = Box(x1=4, y1=4, x2=1276, y2=716)
    street = smooth_street()
    assert pair_of(in_rain(street, 1), in_rain(street, 2), everywhere) is PhotoPair.COMPLETE


def test_a_lit_vehicle_in_a_black_night_can_be_reported_and_another_one_is_none_of_its_pair() -> None:
    first, second = in_the_dark(smooth_street()), in_the_dark(smooth_street(vehicle=5))
    assert pair_of(first, first) is PhotoPair.COMPLETE
    assert pair_of(first, second) is not PhotoPair.COMPLETE


def test_two_black_pictures_prove_nothing() -> None:
    black = np.zeros((720, 1280, 3), np.uint8)
    assert pair_of(black, black) is not PhotoPair.COMPLETE
