from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.errors import InvalidValueError
from pipeline.geometry import Box
from tests.vision.plates import latin_plate, with_margin
from vision.plate_crop import MAX_WINDOWS, cut_plate, sharpness, windows
from vision.text_lines import text_lines


def test_the_cut_has_the_margin_on_each_side_and_ends_with_the_picture() -> None:
    image = np.zeros((200, 400, 3), dtype=np.uint8)
    assert cut_plate(image, Box(x1=100, y1=100, x2=200, y2=150)).shape == (60, 120, 3)
    assert cut_plate(image, Box(x1=0, y1=100, x2=100, y2=150)).shape == (60, 110, 3)
    with pytest.raises(InvalidValueError, match="inside the picture"):
        cut_plate(image, Box(x1=500, y1=100, x2=600, y2=150))


def test_each_window_shows_the_whole_plate_and_no_more_than_the_margin() -> None:
    plate = np.full((50, 200, 3), 255, dtype=np.uint8)
    crop = with_margin(plate)
    views = windows(crop, MAX_WINDOWS)
    assert len(views) == MAX_WINDOWS
    for view in views:
        white = (view[:, :, 0] == 255).sum()
        assert white == plate[:, :, 0].size
    assert views[1].shape == plate.shape
    assert views[2].shape == crop.shape
    assert len({(v.shape, v[0, 0, 0].item(), v[0].sum()) for v in views}) > 3


@pytest.mark.parametrize("count", [0, MAX_WINDOWS + 1])
def test_other_numbers_of_windows_are_refused(count: int) -> None:
    with pytest.raises(InvalidValueError, match="windows"):
        windows(np.zeros((50, 200, 3), dtype=np.uint8), count)


def test_sharpness_falls_with_blur_and_compares_across_sizes() -> None:
    crop = with_margin(latin_plate("AB12 CDE", height_px=80))
    values = [
        sharpness(np.asarray(cv2.GaussianBlur(crop, (0, 0), s), dtype=np.uint8)) for s in (0.8, 1.6, 3.2, 6.4)
    ]
    assert values == sorted(values, reverse=True)
    assert values[0] > 10 * values[-1]
    assert sharpness(np.full((9, 9, 3), 128, dtype=np.uint8)) == 0.0


def test_one_line_stays_one_and_two_are_parted_between_them() -> None:
    one = latin_plate("AB12 CDE", height_px=60)
    assert len(text_lines(one)) == 1
    # A motorcycle's plate: two rows of equal height.
    top, bottom = latin_plate("AB12", height_px=50), latin_plate("CDE", height_px=50)
    width = max(top.shape[1], bottom.shape[1])
    rows = [
        cv2.copyMakeBorder(
            row[3:-3, 3:-3], 3, 3, 3, width - row.shape[1] + 3, cv2.BORDER_CONSTANT, value=(235, 235, 235)
        )
        for row in (top, bottom)
    ]
    lines = text_lines(np.concatenate(rows).astype(np.uint8))
    assert len(lines) == 2
    assert abs(lines[0].shape[0] - 50) <= 8
