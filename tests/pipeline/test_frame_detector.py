"""A look at the whole and closer looks at parts become one list of detections in full-frame pixels."""

from __future__ import annotations

from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from pipeline.detection import Detection, ObjectClass
from pipeline.frame import Frame
from pipeline.frame_detector import FrameDetector
from pipeline.geometry import Box, Point, Polygon
from pipeline.picture import ArrayPicture, Image

LEFT = Box(x1=200.0, y1=100.0, x2=240.0, y2=124.0)
RIGHT = Box(x1=250.0, y1=100.0, x2=290.0, y2=124.0)
PART = Box(x1=160.0, y1=60.0, x2=320.0, y2=160.0)


class Blobs:
    """Sees white rectangles; gaps of less than 16 px of the picture it is given escape it."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, int]] = []

    def detect(self, image: Image) -> tuple[Detection, ...]:
        self.sizes.append((image.shape[1], image.shape[0]))
        white = (image[:, :, 0] > 128).astype(np.uint8)
        closed = cv2.morphologyEx(white, cv2.MORPH_CLOSE, np.ones((1, 15), np.uint8))
        _, _, stats, _ = cv2.connectedComponentsWithStats(closed)
        return tuple(
            Detection(
                box=Box(x1=float(x), y1=float(y), x2=float(x + w), y2=float(y + h)),
                score=0.5,
                label=ObjectClass.CAR,
            )
            for x, y, w, h, _ in stats[1:].tolist()
        )


def frame(*boxes: Box) -> Frame:
    image = np.zeros((240, 480, 3), np.uint8)
    for box in boxes:
        image[int(box.y1) : int(box.y2), int(box.x1) : int(box.x2)] = 255
    picture = ArrayPicture(image)
    return Frame(
        camera="yard",
        index=0,
        at_s=0.0,
        taken_at=datetime(2025, 1, 1, tzinfo=UTC),
        picture=picture,
        detail=picture,
    )


def near(found: Box, true: Box) -> bool:
    return found.iou(true) > 0.9


def test_two_that_the_whole_shows_as_one_are_two_in_a_closer_look() -> None:
    looking, yard = FrameDetector(Blobs(), long_side=480), frame(LEFT, RIGHT)
    whole = looking.whole(yard)
    assert [d.box for d in whole] == [Box(x1=200.0, y1=100.0, x2=290.0, y2=124.0)]
    boxes = sorted((d.box for d in looking.closer(yard, (PART,), whole)), key=lambda box: box.x1)
    assert len(boxes) == 2
    assert near(boxes[0], LEFT)
    assert near(boxes[1], RIGHT)


def test_a_part_is_enlarged_to_the_size_of_a_whole_picture() -> None:
    blobs = Blobs()
    looking, yard = FrameDetector(blobs, long_side=480), frame(LEFT)
    looking.closer(yard, (PART,), ())
    assert blobs.sizes == [(480, 300)]


def test_without_parts_nothing_is_looked_at_again() -> None:
    blobs = Blobs()
    looking, yard = FrameDetector(blobs, long_side=480), frame(LEFT)
    whole = looking.whole(yard)
    assert looking.closer(yard, (), whole) == whole
    assert len(blobs.sizes) == 1


def test_what_the_parts_edge_cuts_off_is_taken_from_the_whole() -> None:
    wide = Box(x1=100.0, y1=100.0, x2=200.0, y2=130.0)
    looking, yard = FrameDetector(Blobs(), long_side=480), frame(wide)
    found = looking.closer(yard, (PART,), looking.whole(yard))
    assert [d.box for d in found] == [wide]


def test_the_pictures_own_edge_cuts_nothing_off() -> None:
    parked = Box(x1=440.0, y1=100.0, x2=480.0, y2=124.0)
    looking, yard = FrameDetector(Blobs(), long_side=480), frame(parked)
    found = looking.closer(yard, (Box(x1=320.0, y1=60.0, x2=480.0, y2=160.0),), ())
    assert len(found) == 1
    assert near(found[0].box, parked)


def test_overlapping_parts_see_a_vehicle_once() -> None:
    looking, yard = FrameDetector(Blobs(), long_side=480), frame(LEFT)
    found = looking.closer(yard, (PART, PART.shifted(-20.0, 10.0)), ())
    assert len(found) == 1
    assert near(found[0].box, LEFT)


@pytest.mark.parametrize("parts", [(), (PART,)])
def test_masked_ground_shows_nothing_in_either_look(parts: tuple[Box, ...]) -> None:
    corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
    mask = Polygon(points=tuple(Point(x=x, y=y) for x, y in corners))
    looking, yard = FrameDetector(Blobs(), long_side=480, masks=(mask,)), frame(LEFT)
    assert looking.closer(yard, parts, looking.whole(yard)) == ()
