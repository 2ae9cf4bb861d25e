from __future__ import annotations

import sys
from itertools import pairwise

import cv2
import numpy as np
import pytest

from pipeline.errors import EvidenceError, InvalidValueError
from pipeline.geometry import Box, Point, Polygon
from pipeline.picture import Image
from vision.annotate import RED, ZoneMark, draw_zones, mark_photo
from vision.encode import encode_jpeg
from vision.lettering import font_path, text_width, write

ZONE = Polygon(points=(Point(x=0.1, y=0.5), Point(x=0.6, y=0.5), Point(x=0.6, y=0.9), Point(x=0.1, y=0.9)))
CAR = Box(x1=200, y1=250, x2=300, y2=330)


def _photo() -> Image:
    image = np.full((480, 640, 3), 120, dtype=np.uint8)
    image.flags.writeable = False
    return image


def test_an_evidence_copy_carries_text_zone_and_vehicle_and_leaves_the_original() -> None:
    photo = _photo()
    marked = mark_photo(
        photo, vehicle=CAR, zone=ZONE, lines=("2026-11-20 14:03:22 KST", "정문 · 소화전", "12가3456")
    )
    assert (photo == 120).all()
    assert marked.shape == photo.shape
    bar = marked[:50]
    assert bar.min() < 60
    assert bar.max() > 230
    assert marked[290, 200].tolist() == list(RED)
    # The zone is tinted but what stands on it can still be judged.
    inside = marked[400, 150].astype(int)
    assert inside[2] > 120 > inside[0]
    assert abs(inside - 120).max() < 20
    assert marked[150, 600].tolist() == [120, 120, 120]


def test_the_accused_vehicle_stays_as_the_camera_saw_it() -> None:
    """A zone's tint and outline lay over the vehicle standing in it, its plate included."""
    random = np.random.default_rng(1)
    photo = random.integers(0, 256, (480, 640, 3), dtype=np.uint8)
    # The zone's edge runs right through the vehicle.
    across = Box(x1=200, y1=200, x2=300, y2=330)
    for vehicle in (CAR, across):
        marked = mark_photo(photo, vehicle=vehicle, zone=ZONE, lines=())
        rows, columns = slice(int(vehicle.y1) + 4, int(vehicle.y2) - 4), slice(204, 296)
        assert np.array_equal(marked[rows, columns], photo[rows, columns])
        assert not np.array_equal(marked[400:420, 100:150], photo[400:420, 100:150])


def test_each_line_is_written_on_its_own_row() -> None:
    one = mark_photo(_photo(), vehicle=CAR, zone=ZONE, lines=("14:03",))
    two = mark_photo(_photo(), vehicle=CAR, zone=ZONE, lines=("14:03", "정문"))
    none = mark_photo(_photo(), vehicle=CAR, zone=ZONE, lines=())
    dark = [int((image[:200, 630, 0] < 100).sum()) for image in (none, one, two)]
    assert dark[0] == 0
    assert dark[1] > 0
    assert dark[2] == pytest.approx(2 * dark[1], abs=8)


def test_a_line_too_long_for_a_small_picture_is_made_smaller_not_cut() -> None:
    small = np.full((120, 320, 3), 120, dtype=np.uint8)
    text = "2026-11-20 14:03:22 KST north gate, fire hydrant beside the school, 12가3456"
    marked = mark_photo(small, vehicle=Box(x1=5, y1=60, x2=50, y2=90), zone=ZONE, lines=(text,))
    assert marked[:8, 317:].max() < 100
    assert marked[:8, 250:310].max() > 110


def test_zones_lie_translucent_with_their_names() -> None:
    plain = draw_zones(_photo(), (ZoneMark(polygon=ZONE, name=""),))
    named = draw_zones(_photo(), (ZoneMark(polygon=ZONE, name="소화전"),))
    assert 120 < int(plain[400, 150, 0]) < 200
    assert not np.array_equal(plain, named)
    assert (draw_zones(_photo(), ()) == 120).all()


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (40, 2)])
def test_pictures_of_any_size_can_be_marked(shape: tuple[int, int]) -> None:
    image = np.zeros((*shape, 3), dtype=np.uint8)
    box = Box(x1=0, y1=0, x2=1, y2=1)
    assert mark_photo(image, vehicle=box, zone=ZONE, lines=("14:03", "b")).shape == (*shape, 3)
    assert draw_zones(image, (ZoneMark(polygon=ZONE, name="z"),)).shape == (*shape, 3)


def test_hangul_is_drawn_as_hangul() -> None:
    # A font without the syllable draws the same empty box for each.
    shapes = []
    for syllable in ("가", "나", "허"):
        image = np.zeros((60, 60, 3), dtype=np.uint8)
        write(image, syllable, 5, 5, height_px=40, color=(255, 255, 255))
        shapes.append(image)
    assert all((a != b).any() and a.any() for a, b in pairwise(shapes))
    assert text_width("가나", 40) > text_width("가", 40)


def test_the_font_is_found_without_importing_matplotlib() -> None:
    assert font_path().is_file()
    assert "matplotlib" not in sys.modules


def test_a_jpeg_keeps_the_picture() -> None:
    image = cv2.GaussianBlur(np.random.default_rng(3).integers(0, 256, (90, 120, 3), np.uint8), (0, 0), 3)
    photo = np.asarray(image, dtype=np.uint8)
    jpeg = encode_jpeg(photo)
    assert jpeg[:2] == b"\xff\xd8"
    shown = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert np.abs(shown.astype(int) - photo).mean() < 2
    assert len(encode_jpeg(photo, quality=30)) < len(jpeg)


def test_what_cannot_be_encoded_says_so() -> None:
    with pytest.raises(InvalidValueError, match="1-100, got 0"):
        encode_jpeg(_photo(), quality=0)
    with pytest.raises(EvidenceError, match=r"\.jpg"):
        encode_jpeg(np.zeros((0, 5, 3), dtype=np.uint8))
