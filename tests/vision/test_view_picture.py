"""Two views compared, as a picture: what differs is told from what is the same and from what was left out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from pipeline.background import ViewMap, same_view
from pipeline.geometry import Box
from pipeline.picture import Image
from tests.pipeline.scenes import scene, seen, with_block
from vision.view_picture import DIFFERENT, SAME, draw_view

VEHICLE = Box(x1=100, y1=200, x2=180, y2=260)


@pytest.fixture(scope="module")
def compared() -> tuple[Image, ViewMap]:
    street = scene(1)
    second = seen(with_block(street, 400, 100, 120, 120, 200), 11)
    return np.repeat(second[..., None], 3, axis=2), same_view(seen(street, 10), second, (VEHICLE,)).where


def tint(drawn: Image, rows: slice, columns: slice) -> npt.NDArray[np.float64]:
    """How much bluer and how much redder than grey a part is."""
    part = drawn[rows, columns].astype(float)
    return np.asarray([(part[..., 0] - part[..., 1]).mean(), (part[..., 2] - part[..., 1]).mean()])


def test_what_is_the_same_is_blue_and_what_differs_is_red(compared: tuple[Image, ViewMap]) -> None:
    drawn = draw_view(*compared)
    assert drawn.shape == compared[0].shape
    bluer, redder = tint(drawn, slice(120, 200), slice(420, 500))
    assert redder > bluer
    assert redder > 20
    bluer, redder = tint(drawn, slice(60, 180), slice(60, 300))
    assert bluer > redder
    assert SAME[0] > SAME[2]
    assert DIFFERENT[2] > DIFFERENT[0]


def test_a_vehicle_is_hatched_and_grey(compared: tuple[Image, ViewMap]) -> None:
    image, view = compared
    drawn = draw_view(image, view)
    rows, columns = slice(205, 255), slice(105, 175)
    assert np.abs(tint(drawn, rows, columns)).max() < 1.0
    assert drawn[rows, columns].mean() < image[rows, columns].mean()


def test_any_size_of_the_photo_will_do_and_it_stays_as_it_was(compared: tuple[Image, ViewMap]) -> None:
    image, view = compared
    large = np.repeat(np.repeat(image, 2, axis=0), 2, axis=1)
    before = large.copy()
    large.flags.writeable = False
    drawn = draw_view(large, view)
    assert drawn.shape == large.shape
    assert np.array_equal(large, before)
    small = draw_view(image, view)
    assert np.abs(drawn[::2, ::2].astype(int) - small).mean() < 12


def test_nothing_judged_is_a_grey_picture() -> None:
    nothing = np.zeros((100, 160), dtype=bool)
    view = ViewMap(similarity=np.ones((100, 160), np.float32), judged=nothing, vehicles=nothing, differing=())
    image = np.full((100, 160, 3), 90, np.uint8)
    assert np.array_equal(draw_view(image, view), image)
