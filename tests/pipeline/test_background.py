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


def test_the_map_says_where_something_else_is_seen() -> None:
    changed = with_block(STREET, 400, 100, 120, 120, 200)
    result = same_view(PHOTO, seen(changed, 11), (Box(x1=100, y1=200, x2=180, y2=260),))
    where = result.where
    assert where.similarity.shape == where.judged.shape == where.vehicles.shape == PHOTO.shape
    # Vehicles are left out with a margin, and have no say.
    assert where.vehicles[190:270, 90:190].all()
    assert not (where.vehicles & where.judged).any()
    assert where.similarity[where.judged].mean() > 0.5
    inside = where.judged[110:210, 410:510]
    assert where.similarity[110:210, 410:510][inside].mean() < 0.35
    assert where.differing
    for block in where.differing:
        assert block.intersection_area(Box(x1=360, y1=60, x2=560, y2=260)) > 0, block
    assert round((1 - result.agreeing) * result.judged) == len(where.differing)


def test_the_map_lies_on_the_second_photo_though_the_mast_sways() -> None:
    still, swayed = same_view(PHOTO, seen(STREET, 11)), same_view(PHOTO, seen(STREET, 11, shift=(6, 0)))
    moved = np.roll(still.where.judged, 6, axis=1)[16:-16, 16:-16]
    assert (moved == swayed.where.judged[16:-16, 16:-16]).mean() > 0.9


def test_a_black_picture_is_not_the_same_view() -> None:
    assert not same_view(PHOTO, np.zeros_like(PHOTO)).same


def test_different_shapes_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="one shape"):
        same_view(PHOTO, PHOTO[:100])


def test_the_ssim_of_a_picture_with_itself_is_one() -> None:
    even, contrast = even_light(PHOTO)
    assert ssim_map(even, even).min() == pytest.approx(1.0)
    assert float(contrast.max()) > 20
