from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidValueError
from pipeline.geometry import Size
from vision.letterbox import PADDING_GREY, Letterbox, network_size


@pytest.mark.parametrize(
    ("picture", "long_side", "expected"),
    [
        (Size(width=1920, height=1080), 640, Size(width=640, height=384)),
        (Size(width=640, height=360), 640, Size(width=640, height=384)),
        (Size(width=640, height=480), 640, Size(width=640, height=480)),
        (Size(width=320, height=240), 640, Size(width=640, height=480)),
        (Size(width=1080, height=1920), 640, Size(width=384, height=640)),
        (Size(width=1280, height=720), 320, Size(width=320, height=192)),
        (Size(width=4000, height=20), 640, Size(width=640, height=96)),
    ],
)
def test_the_input_follows_the_pictures_aspect(picture: Size, long_side: int, expected: Size) -> None:
    assert network_size(picture, long_side) == expected


@pytest.mark.parametrize("long_side", [0, 96, 650, -640])
def test_a_long_side_that_no_network_takes_is_refused(long_side: int) -> None:
    with pytest.raises(InvalidValueError, match=f"got {long_side}"):
        network_size(Size(width=640, height=480), long_side)


def test_colours_arrive_as_rgb_from_0_to_1_with_grey_around() -> None:
    picture = Size(width=640, height=360)
    image = np.zeros((360, 640, 3), dtype=np.uint8)
    image[:] = (255, 0, 51)
    tensor = Letterbox(picture=picture, network=network_size(picture, 640)).tensor(image)
    assert tensor.shape == (1, 3, 384, 640)
    assert tensor.dtype == np.float32
    assert tensor[0, :, 12, 0] == pytest.approx([51 / 255, 0.0, 1.0])
    assert tensor[0, :, 371, 639] == pytest.approx([51 / 255, 0.0, 1.0])
    for row in (0, 11, 372, 383):
        assert tensor[0, :, row, 300] == pytest.approx([PADDING_GREY / 255] * 3)


@given(
    width=st.integers(1, 4000),
    height=st.integers(1, 4000),
    long_side=st.sampled_from([320, 416, 640]),
    fx=st.floats(0, 0.9),
    fy=st.floats(0, 0.9),
)
def test_a_box_comes_back_to_where_it_was(
    width: int, height: int, long_side: int, fx: float, fy: float
) -> None:
    picture = Size(width=width, height=height)
    box = Letterbox(picture=picture, network=network_size(picture, long_side))
    assert box.scaled.width + box.left <= box.network.width
    assert box.scaled.height + box.top <= box.network.height
    there = np.array(
        [
            [
                box.left + fx * box.scaled.width,
                box.top + fy * box.scaled.height,
                box.left + box.scaled.width,
                box.top + box.scaled.height,
            ]
        ],
        dtype=np.float32,
    )
    back = box.back(there)[0]
    assert back == pytest.approx([fx * width, fy * height, width, height], abs=1e-3 * max(width, height))


def test_what_lies_in_the_padding_is_clipped_away() -> None:
    picture = Size(width=640, height=360)
    box = Letterbox(picture=picture, network=network_size(picture, 640))
    back = box.back(np.array([[-5, 0, 100, 11]], dtype=np.float32))[0]
    assert back.tolist() == [0, 0, 100, 0]
