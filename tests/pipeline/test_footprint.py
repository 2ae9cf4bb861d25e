from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.footprint import clipped_area, footprint, inside_zone
from pipeline.geometry import Box, Point, Polygon


def polygon(*corners: tuple[float, float]) -> Polygon:
    return Polygon(points=tuple(Point(x=x, y=y) for x, y in corners))


SQUARE = polygon((0, 0), (100, 0), (100, 100), (0, 100))
# A "C" open to the right: concave, so that clipping its middle leaves two pieces.
OPEN_RIGHT = polygon((0, 0), (90, 0), (90, 30), (30, 30), (30, 60), (90, 60), (90, 90), (0, 90))


def test_the_footprint_of_a_side_view_is_the_lowest_third_of_its_height() -> None:
    assert footprint(Box(x1=0, y1=0, x2=200, y2=100)) == Box(x1=0, y1=70, x2=200, y2=100)


def test_the_footprint_of_a_tall_front_view_follows_its_width() -> None:
    assert footprint(Box(x1=0, y1=0, x2=100, y2=200)) == Box(x1=0, y1=170, x2=100, y2=200)


@pytest.mark.parametrize(
    ("zone", "box", "area"),
    [
        (SQUARE, Box(x1=10, y1=10, x2=20, y2=30), 200.0),
        (SQUARE, Box(x1=-50, y1=-50, x2=50, y2=50), 2500.0),
        (SQUARE, Box(x1=-50, y1=-50, x2=500, y2=500), 10000.0),
        (SQUARE, Box(x1=200, y1=0, x2=300, y2=100), 0.0),
        (OPEN_RIGHT, Box(x1=60, y1=0, x2=90, y2=90), 1800.0),
        (OPEN_RIGHT, Box(x1=40, y1=35, x2=80, y2=55), 0.0),
        (polygon((0, 0), (10, 0), (0, 10)), Box(x1=0, y1=0, x2=5, y2=5), 25.0),
        (polygon((0, 0), (10, 0), (0, 10)), Box(x1=5, y1=0, x2=10, y2=10), 12.5),
    ],
)
def test_clipped_area(zone: Polygon, box: Box, area: float) -> None:
    assert clipped_area(zone, box) == pytest.approx(area)


boxes = st.builds(
    lambda x, y, w, h: Box(x1=x, y1=y, x2=x + w, y2=y + h),
    st.floats(-50, 150),
    st.floats(-50, 150),
    st.floats(1, 120),
    st.floats(1, 120),
)


@st.composite
def stars(draw: st.DrawFn) -> Polygon:
    """Star-shaped polygons about (50, 50): simple, mostly concave."""
    radii = draw(st.lists(st.floats(5, 60), min_size=3, max_size=9))
    step = 2 * math.pi / len(radii)
    return polygon(*((50 + r * math.cos(i * step), 50 + r * math.sin(i * step)) for i, r in enumerate(radii)))


@given(zone=stars(), box=boxes)
def test_clipped_area_agrees_with_counting_points(zone: Polygon, box: Box) -> None:
    count = 40
    xs = box.x1 + (np.arange(count) + 0.5) / count * box.width
    ys = box.y1 + (np.arange(count) + 0.5) / count * box.height
    hits = sum(zone.contains(Point(x=float(x), y=float(y))) for x in xs for y in ys)
    assert clipped_area(zone, box) / box.area == pytest.approx(hits / count**2, abs=0.06)


@given(zone=stars(), box=boxes)
def test_clipped_area_is_bounded_by_both(zone: Polygon, box: Box) -> None:
    area = clipped_area(zone, box)
    assert 0.0 <= area <= min(zone.area, box.area) * (1 + 1e-9) + 1e-9


@given(zone=stars(), box=boxes)
def test_the_halves_of_a_box_share_its_area(zone: Polygon, box: Box) -> None:
    middle = (box.x1 + box.x2) / 2
    left = Box(x1=box.x1, y1=box.y1, x2=middle, y2=box.y2)
    right = Box(x1=middle, y1=box.y1, x2=box.x2, y2=box.y2)
    whole = clipped_area(zone, box)
    assert clipped_area(zone, left) + clipped_area(zone, right) == pytest.approx(whole, abs=1e-6)


@given(zone=stars(), box=boxes, overlap=st.floats(0.05, 1.0))
def test_entering_is_never_easier_than_staying(zone: Polygon, box: Box, overlap: float) -> None:
    if inside_zone(box, zone, overlap):
        assert inside_zone(box, zone, overlap, already=True)


ROAD = polygon((0, 400), (1000, 400), (1000, 700), (0, 700))


@pytest.mark.parametrize(
    ("box", "already", "inside", "why"),
    [
        (Box(x1=300, y1=350, x2=500, y2=450), False, True, "its roof is outside, its wheels inside"),
        (Box(x1=300, y1=250, x2=500, y2=390), False, False, "it stands behind the zone"),
        (Box(x1=300, y1=620, x2=500, y2=740), False, False, "it stands before the zone, its roof over it"),
        (Box(x1=-150, y1=400, x2=150, y2=500), False, True, "half of it is inside"),
        (Box(x1=-160, y1=400, x2=140, y2=500), False, False, "a little less than half"),
        (Box(x1=-160, y1=400, x2=140, y2=500), True, True, "a little less than half, but it was inside"),
        (Box(x1=-230, y1=400, x2=70, y2=500), True, False, "a quarter: gone in spite of the hysteresis"),
    ],
)
def test_a_vehicle_is_where_it_touches_the_ground(box: Box, already: bool, inside: bool, why: str) -> None:
    assert inside_zone(box, ROAD, 0.5, already=already) is inside, why


def test_a_zone_smaller_than_a_vehicle_holds_the_vehicle_that_stands_on_it() -> None:
    hydrant = polygon((480, 480), (520, 480), (520, 500), (480, 500))
    standing_on_it = Box(x1=350, y1=360, x2=650, y2=498)
    beside_it = Box(x1=500, y1=360, x2=800, y2=498)
    assert inside_zone(standing_on_it, hydrant, 0.5)
    assert not inside_zone(beside_it, hydrant, 0.5)


def test_the_anchor_alone_does_not_put_a_vehicle_into_a_zone() -> None:
    # The middle of the lower edge touches the tip of a large zone, hardly any of the vehicle is in it.
    zone = polygon((500, 495), (900, 900), (100, 900))
    assert zone.contains(Point(x=500, y=498))
    assert not inside_zone(Box(x1=400, y1=400, x2=600, y2=498), zone, 0.5)
