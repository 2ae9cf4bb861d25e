from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.background import even_light, same_view, ssim_map
from pipeline.errors import InvalidValueError
from pipeline.geometry import Box
from tests.pipeline.scenes import scene, seen, with_block

STREET = scene(1)
PHOTO = seen(STREET, 10)


def test_two_photos_of_one_view_are_the_same() -> None:
    result = same_view(PHOTO, seen(STREET, 11))
    assert result.same
    assert result.agreeing > 0.95
    assert result.ssim > 0.8


@pytest.mark.parametrize(("gain", "bias"), [(0.5, 0.0), (1.3, 0.0), (0.7, 50.0), (0.4, 10.0)])
def test_light_makes_no_difference(gain: float, bias: float) -> None:
    assert same_view(PHOTO, seen(STREET, 11, gain=gain, bias=bias)).same


def test_a_shadow_over_half_the_street_makes_no_difference() -> None:
    shaded = STREET.copy()
    shaded[:, :320] *= 0.45
    assert same_view(PHOTO, seen(shaded, 11)).same


@pytest.mark.parametrize("shift", [(2, 0), (0, -3), (5, 4)])
def test_a_swaying_mast_makes_no_difference(shift: tuple[int, int]) -> None:
    assert same_view(PHOTO, seen(STREET, 11, shift=shift)).same


@pytest.mark.parametrize("shift", [(16, 0), (0, 14), (-40, 25), (200, 0)])
def test_a_moved_camera_is_another_view(shift: tuple[int, int]) -> None:
    result = same_view(PHOTO, seen(STREET, 11, shift=shift))
    assert not result.same
    assert result.agreeing < 0.2


def test_another_street_is_another_view() -> None:
    assert not same_view(PHOTO, seen(scene(2), 11)).same


def test_a_turned_or_zoomed_camera_is_another_view() -> None:
    for angle, zoom in ((5.0, 1.0), (0.0, 1.1)):
        turned = cv2.warpAffine(
            PHOTO, cv2.getRotationMatrix2D((320, 180), angle, zoom), (640, 360), borderMode=cv2.BORDER_REFLECT
        )
        assert not same_view(PHOTO, np.asarray(turned, dtype=np.uint8)).same


def test_traffic_does_not_make_it_another_view() -> None:
    busy = with_block(with_block(STREET, 50, 180, 150, 90, 200.0), 350, 200, 180, 100, 40.0)
    result = same_view(PHOTO, seen(busy, 11))
    assert result.same
    assert result.agreeing < 0.95


def test_vehicles_are_left_out() -> None:
    other_vehicle = with_block(STREET, 60, 40, 520, 290, 200.0)
    mask = Box(x1=50, y1=30, x2=590, y2=340)
    assert not same_view(PHOTO, seen(other_vehicle, 11)).same
    result = same_view(PHOTO, seen(other_vehicle, 11), (mask,))
    assert result.same
    assert result.agreeing > 0.9


def test_nothing_but_vehicles_cannot_be_judged_and_says_so() -> None:
    result = same_view(PHOTO, PHOTO, (Box(x1=-10, y1=-10, x2=700, y2=400),))
    assert result.judged == 0
    assert not result.same


def test_a_black_picture_is_not_the_same_view() -> None:
    assert not same_view(PHOTO, np.zeros_like(PHOTO)).same


def test_different_shapes_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="one shape"):
        same_view(PHOTO, PHOTO[:100])


def test_the_ssim_of_a_picture_with_itself_is_one() -> None:
    even, contrast = even_light(PHOTO)
    assert ssim_map(even, even).min() == pytest.approx(1.0)
    assert float(contrast.max()) > 20
