"""Where the plate of one vehicle is: looks in its surroundings at full resolution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.errors import InvalidValueError
from pipeline.geometry import Box, Size
from pipeline.picture import Image, crop
from vision.inference import Inference
from vision.plate_crop import cut_plate, sharpness
from vision.plate_owner import owned_by
from vision.yolo_network import YoloNetwork


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateGates:
    """What a box must be to be worth reading.

    Attributes:
        min_score: of the plate detector, 0-1; at 0.25 it finds 99 of 100 plates and errs on 7 of 100 boxes.
        min_height_px: full-resolution pixels; at 16 the Korean reader still has three of four right.
        min_aspect, max_aspect: width over height; 520 x 110 mm is 4.7, motorcycles' are square, a plate
            seen from aside is narrower and its box higher.
        min_sharpness: variance of the Laplacian at height 64; among 147 legible crops the least is 31, and
            a blur that melts the strokes leaves 2 to 8.
    """

    min_score: float = 0.25
    min_height_px: float = 14.0
    min_aspect: float = 0.9
    max_aspect: float = 7.0
    min_sharpness: float = 15.0

    def __post_init__(self) -> None:
        if not 0.0 < self.min_score < 1.0:
            raise InvalidValueError(f"expected a minimum score between 0 and 1, got {self.min_score}")
        if not 0.0 < self.min_aspect < self.max_aspect:
            raise InvalidValueError(
                f"expected aspects with 0 < min < max, got {self.min_aspect} and {self.max_aspect}"
            )
        if self.min_height_px < 1.0 or self.min_sharpness < 0.0:
            raise InvalidValueError(
                f"expected a height of at least 1 px and a sharpness of at least 0, "
                f"got {self.min_height_px} and {self.min_sharpness}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPlate:
    """A plate that passed the gates.

    Attributes:
        box: full-frame pixels.
        score: of the plate detector, 0-1.
        crop: BGR uint8, the box grown by `PLATE_MARGIN` on each side.
        sharpness: variance of the Laplacian of the crop at height 64.
    """

    box: Box
    score: float
    crop: Image
    sharpness: float


class PlateFinder:
    """Finds the plate that belongs to a vehicle. Keeps nothing between pictures.

    Args:
        inference: a YOLO network with one class.
        gates: what a plate must be.

    Raises:
        ModelError: the network has another shape.
    """

    # The network was trained at 416; a whole picture needs more to keep its plates legible to it, and at
    # 1280 lamps and stickers become plates.
    _VEHICLE_LONG_SIDE = 416
    _PICTURE_LONG_SIDE = 640
    # A vehicle over so much of the picture is looked for in the whole of it.
    _FILLS = 0.35
    _SURROUNDINGS = 0.08
    _EDGE_PX = 2.0
    # Among plates of one vehicle, one that scores far less than the best is something else.
    _COMPARABLE_SCORE = 0.6

    def __init__(self, inference: Inference, gates: PlateGates | None = None) -> None:
        self._network = YoloNetwork(inference, classes=1)
        self._gates = gates or PlateGates()

    def find(self, image: Image, vehicle: Box, others: tuple[Box, ...]) -> FoundPlate | None:
        """The plate of `vehicle` in `image` (BGR uint8, full resolution), or None."""
        size = Size(width=image.shape[1], height=image.shape[0])
        area = self._searched(vehicle, size)
        if area is None:
            return None
        owned: list[tuple[float, float, Box]] = []
        for box, score in self._boxes(image, area, size):
            if self._passes(box, area, size):
                belongs = owned_by(box, vehicle, others)
                if belongs is not None:
                    owned.append((score, belongs.distance, box))
        if not owned:
            return None
        best = max(score for score, _, _ in owned)
        likely = [plate for plate in owned if plate[0] >= self._COMPARABLE_SCORE * best]
        score, _, box = min(likely, key=lambda plate: plate[1])
        cut = cut_plate(image, box)
        sharp = sharpness(cut)
        if sharp < self._gates.min_sharpness:
            return None
        return FoundPlate(box=box, score=score, crop=cut, sharpness=sharp)

    def _searched(self, vehicle: Box, size: Size) -> Box | None:
        if vehicle.area >= self._FILLS * size.width * size.height:
            return Box(x1=0.0, y1=0.0, x2=float(size.width), y2=float(size.height))
        area = vehicle.padded(self._SURROUNDINGS).clipped(size)
        if area is None:
            return None
        # Whole pixels, as `crop` cuts them, so that boxes come back to the right place.
        return Box(
            x1=float(int(area.x1)),
            y1=float(int(area.y1)),
            x2=float(np.ceil(area.x2)),
            y2=float(np.ceil(area.y2)),
        )

    def _boxes(self, image: Image, area: Box, size: Size) -> list[tuple[Box, float]]:
        view = crop(image, area)
        if view is None:
            return []
        whole = (area.width, area.height) == (size.width, size.height)
        long_side = self._PICTURE_LONG_SIDE if whole else self._VEHICLE_LONG_SIDE
        found = self._network.find(view, long_side=long_side, min_score=self._gates.min_score)
        return [
            (box.shifted(area.x1, area.y1), score)
            for box, score in zip(found.as_boxes(), found.scores.tolist(), strict=True)
        ]

    def _passes(self, box: Box, area: Box, size: Size) -> bool:
        gates = self._gates
        inside = box.shifted(-area.x1, -area.y1)
        searched = Size(width=max(1, round(area.width)), height=max(1, round(area.height)))
        return (
            # A plate cut by the picture or by the searched area is missing characters.
            not box.touches_edge(size, self._EDGE_PX)
            and not inside.touches_edge(searched, self._EDGE_PX)
            and box.height >= gates.min_height_px
            and gates.min_aspect <= box.width / box.height <= gates.max_aspect
        )
