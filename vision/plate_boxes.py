"""Every plate in a picture, for hiding them: one too many is better than one too few."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.geometry import Box, Size
from pipeline.picture import Image, crop
from vision.backend import Backend, open_inference
from vision.inference import Inference
from vision.yolo_network import YoloNetwork

# Half of what a plate must have to be read (`PlateGates.min_score`).
_MIN_SCORE = 0.12
# A vehicle's surroundings at the size the network was trained at, the whole picture at two more: the smaller
# one for plates that fill much of it, the larger one for those of vehicles that nobody detected.
_VEHICLE_LONG_SIDE = 416
_PICTURE_LONG_SIDES = (640, 1280)
_SURROUNDINGS = 0.08
# At so low a score, road and wall become plates: a plate this wide would have its vehicle around it, and no
# plate is wider than this share of its vehicle, or higher than wide beyond what a slanted view makes of it.
_WIDEST_ALONE, _WIDEST_ON_VEHICLE = 0.15, 0.75
_LEAST_ASPECT = 0.7
# From this score on a box of any width is taken for a plate: the least that a plate needs to be read is 0.25.
_SURE_SCORE = 0.4


class PlateBoxes:
    """Finds plates anywhere in a picture. Keeps nothing between pictures.

    Args:
        inference: a YOLO network with one class.

    Raises:
        ModelError: the network has another shape.
    """

    def __init__(self, inference: Inference) -> None:
        self._network = YoloNetwork(inference, classes=1)

    def find(self, image: Image, vehicles: tuple[Box, ...]) -> tuple[Box, ...]:
        """Boxes of plates in `image` (BGR uint8), in its pixels; the same plate may come several times.

        Args:
            image: the picture at full resolution.
            vehicles: looked at more closely.
        """
        size = Size(width=image.shape[1], height=image.shape[0])
        found: list[Box] = []
        # A plate close before the camera has no vehicle around it that anybody could detect.
        sure: list[Box] = []
        for long_side in _PICTURE_LONG_SIDES:
            seen = self._network.find(image, long_side=long_side, min_score=_MIN_SCORE)
            for box, score in zip(seen.as_boxes(), seen.scores, strict=True):
                (sure if score >= _SURE_SCORE else found).append(box)
        for vehicle in vehicles:
            area = vehicle.padded(_SURROUNDINGS).clipped(size)
            view = None if area is None else crop(image, area)
            if area is None or view is None:
                continue
            seen = self._network.find(view, long_side=_VEHICLE_LONG_SIDE, min_score=_MIN_SCORE)
            # `crop` begins at whole pixels.
            found += [box.shifted(float(int(area.x1)), float(int(area.y1))) for box in seen.as_boxes()]
        doubtful = (box for box in found if _may_be_plate(box, vehicles, size))
        return (*(box for box in sure if box.width >= _LEAST_ASPECT * box.height), *doubtful)


def _may_be_plate(box: Box, vehicles: tuple[Box, ...], size: Size) -> bool:
    if box.width < _LEAST_ASPECT * box.height:
        return False
    on_vehicle = any(
        box.share_inside(vehicle.padded(_SURROUNDINGS)) >= 0.5
        and box.width <= _WIDEST_ON_VEHICLE * vehicle.width
        for vehicle in vehicles
    )
    return on_vehicle or box.width <= _WIDEST_ALONE * size.width


def open_plate_boxes(weights: Path, *, backend: Backend = Backend.AUTO) -> PlateBoxes:
    """The finder with the plate detector in `weights` (ONNX).

    Raises:
        ModelError: the weights are missing, damaged or of another kind.
    """
    return PlateBoxes(open_inference(weights, backend, np.zeros((1, 3, 416, 416), dtype=np.float32)))
