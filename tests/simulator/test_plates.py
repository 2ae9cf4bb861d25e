"""Plate numbers follow the grammar, and their pictures are what they say."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidValueError
from simulator.plate_art import PIXELS_PER_MM, font_file, plate_picture
from simulator.plate_numbers import GRAMMAR, PlateNumber, PlateStyle, draw_plate


@given(seed=st.integers(0, 1 << 30), commercial=st.booleans())
def test_drawn_plates_match_the_grammar(seed: int, commercial: bool) -> None:
    plate = draw_plate(random.Random(seed), commercial=commercial)
    assert GRAMMAR.match(plate.text)
    assert (plate.style in (PlateStyle.YELLOW_LINE, PlateStyle.YELLOW_TWO)) == commercial


@pytest.mark.parametrize(
    "text", ["123쿠4567", "서울123바4567", "123바4567", "012가3456", "한국12바3456", "083고1234"]
)
def test_invalid_numbers_are_refused(text: str) -> None:
    with pytest.raises(InvalidValueError):
        PlateNumber(text=text, style=PlateStyle.WHITE_7)


@pytest.mark.parametrize("style", list(PlateStyle))
def test_pictures_have_the_size_of_the_notice_and_show_ink(style: PlateStyle) -> None:
    text = "서울12바3456" if "yellow" in style else "12가3456"
    picture = plate_picture(PlateNumber(text=text, style=style))
    width, height = style.size_mm
    assert picture.shape == (round(height * PIXELS_PER_MM), round(width * PIXELS_PER_MM), 3)
    other = plate_picture(PlateNumber(text=text[:-1] + "7", style=style))
    changed = np.flatnonzero(np.any(picture != other, axis=(0, 2)))
    assert changed.size > 0
    assert changed.min() > 0.6 * picture.shape[1], "only the last figure, at the right, may differ"


def test_a_missing_font_is_said() -> None:
    assert font_file("NanumGothicBold.ttf").is_file()
    with pytest.raises(FileNotFoundError, match="Comic"):
        font_file("Comic.ttf")
