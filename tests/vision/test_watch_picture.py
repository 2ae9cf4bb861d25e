from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest

from pipeline.errors import InvalidValueError
from pipeline.geometry import Box, Point, Polygon
from pipeline.picture import Image
from vision.annotate import AMBER, RED, ZoneMark
from vision.lettering import Color
from vision.watch_picture import VehicleMark, clock, draw_watch

ZONE = Polygon(points=(Point(x=0.1, y=0.5), Point(x=0.6, y=0.5), Point(x=0.6, y=0.9), Point(x=0.1, y=0.9)))
CAR = Box(x1=200, y1=250, x2=300, y2=330)


def _photo() -> Image:
    image = np.full((480, 640, 3), 120, dtype=np.uint8)
    image.flags.writeable = False
    return image


def _of_color(image: Image, color: Color) -> int:
    """Pixels of the largest connected patch of exactly this colour."""
    mask = (image == np.array(color, dtype=np.uint8)).all(axis=2).astype(np.uint8)
    return int(cv2.connectedComponentsWithStats(mask)[2][1:, cv2.CC_STAT_AREA].max(initial=0))


def test_a_watched_vehicle_carries_its_clock_and_a_moving_one_none() -> None:
    parked = draw_watch(_photo(), vehicles=(VehicleMark(box=CAR, label="car", standing_s=75.9),))
    moving = draw_watch(_photo(), vehicles=(VehicleMark(box=CAR, label="car"),))
    assert (parked != moving).any()
    assert (draw_watch(_photo()) == 120).all()
    with pytest.raises(InvalidValueError, match="standing time"):
        VehicleMark(box=CAR, label="car", standing_s=-1.0)


@pytest.mark.parametrize(
    "box",
    [Box(x1=-50, y1=-50, x2=30, y2=20), Box(x1=600, y1=440, x2=900, y2=900), Box(x1=0, y1=0, x2=640, y2=480)],
)
def test_boxes_at_and_over_the_edges_are_drawn(box: Box) -> None:
    drawn = draw_watch(
        _photo(),
        vehicles=(VehicleMark(box=box, label="승용차", standing_s=5),),
        lines=("14:03",),
    )
    assert drawn.shape == (480, 640, 3)


def test_the_original_is_not_touched() -> None:
    photo = _photo()
    draw_watch(photo, vehicles=(VehicleMark(box=CAR, label="car"),), lines=("14:03",))
    assert (photo == 120).all()


def test_labels_of_neighbours_do_not_cover_each_other() -> None:
    """Vehicles side by side: the plate of each was written over the one before."""
    first = VehicleMark(box=CAR, label="car 12가3456", standing_s=75.0, color=RED)
    beside = VehicleMark(box=CAR.shifted(40, 4), label="truck 34바5678", standing_s=5.0, color=AMBER)
    alone = _of_color(draw_watch(_photo(), vehicles=(first,)), RED)
    together = _of_color(draw_watch(_photo(), vehicles=(first, beside)), RED)
    assert alone > 500
    # The box's outline is one patch with the label above it, until the label has to move.
    assert together > 0.55 * alone


def test_hangul_is_written_on_labels() -> None:
    drawn = [draw_watch(_photo(), vehicles=(VehicleMark(box=CAR, label=text),)) for text in ("가", "나")]
    assert (drawn[0] != drawn[1]).any()


def test_labels_stay_below_the_bar_with_the_time() -> None:
    top = Box(x1=100, y1=0, x2=200, y2=60)
    bare = draw_watch(_photo(), lines=("14:03",))
    labelled = draw_watch(
        _photo(), vehicles=(VehicleMark(box=top, label="car", color=RED),), lines=("14:03",)
    )
    assert np.array_equal(bare[4:14, :60], labelled[4:14, :60])
    assert np.array_equal(bare[4:14, 106:194], labelled[4:14, 106:194])


def test_a_program_that_draws_nothing_does_not_import_supervision() -> None:
    code = (
        "import sys, gotcha.runtime, gotcha.wiring, gotcha.analysis; sys.exit('supervision' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 0


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (40, 2)])
def test_pictures_of_any_size_can_be_drawn_on(shape: tuple[int, int]) -> None:
    image = np.zeros((*shape, 3), dtype=np.uint8)
    marks = (VehicleMark(box=Box(x1=0, y1=0, x2=1, y2=1), label="car"),)
    zones = (ZoneMark(polygon=ZONE, name="z"),)
    assert draw_watch(image, zones=zones, vehicles=marks, lines=("14:03",)).shape == (*shape, 3)


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.99, "0:00"), (7, "0:07"), (754.3, "12:34"), (3723, "1:02:03")]
)
def test_clocks(seconds: float, expected: str) -> None:
    assert clock(seconds) == expected
