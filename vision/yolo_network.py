"""A YOLO network as a function from a picture to boxes, whatever its runtime and head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.errors import ModelError
from pipeline.geometry import Size
from pipeline.picture import Image
from vision.class_names import stored_names
from vision.inference import Inference
from vision.letterbox import MIN_LONG_SIDE, MIN_SHORT_SIDE, Letterbox, network_size
from vision.look_map import METADATA_KEY, pooled
from vision.yolo_head import Candidates, decode, is_end_to_end, is_raw


class YoloNetwork:
    """Letterbox, inference, head, suppression, and back into the picture's pixels.

    Args:
        inference: a network float32 RGB 0-1 (1, 3, H, W) with an end-to-end or raw YOLO head.
        classes: how many classes a raw head without stored names must have.

    Raises:
        ModelError: its input or output has another shape.
    """

    def __init__(self, inference: Inference, *, classes: int) -> None:
        self._inference = inference
        self.names = stored_names(inference.metadata, inference.weights)
        self._fixed = _fixed_size(inference)
        trial = self._fixed or Size(width=MIN_LONG_SIDE, height=MIN_SHORT_SIDE)
        shape = inference.run(np.zeros((1, 3, trial.height, trial.width), dtype=np.float32)).shape
        expected = classes if self.names is None else len(self.names)
        if not (is_end_to_end(shape) or is_raw(shape, expected)):
            raise ModelError(
                f"Expected a YOLO head (n, boxes, 6) or (n, {4 + expected}, anchors) in {inference.weights}, "
                f"got {shape}."
            )

    @property
    def inference(self) -> Inference:
        return self._inference

    @property
    def look_model(self) -> str | None:
        """The name of the map that looks are pooled from, or None where there is none."""
        if not self._inference.has_look:
            return None
        return self._inference.metadata.get(METADATA_KEY, self._inference.weights.stem)

    def find(self, image: Image, *, long_side: int, min_score: float) -> Candidates:
        """Objects in `image` (BGR uint8 (H, W, 3)), best first, in its pixels, clipped to it, with looks.

        Args:
            image: the picture.
            long_side: of the network's input, a multiple of 32; unused where the network's size is fixed.
            min_score: 0-1.
        """
        picture = Size(width=image.shape[1], height=image.shape[0])
        letterbox = Letterbox(picture=picture, network=self._fixed or network_size(picture, long_side))
        network = letterbox.network
        output, *look = self._inference.run_all(letterbox.tensor(image))
        found = decode(output, min_score)
        looks = None
        if look:
            looks = pooled(look[0][0], found.boxes, width=network.width, height=network.height)
        boxes = letterbox.back(found.boxes)
        # A box that lay wholly in the padding has no area left.
        inside = np.flatnonzero((boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1]))
        return replace(found, boxes=boxes, looks=looks).kept(inside)


def _fixed_size(inference: Inference) -> Size | None:
    shape = inference.input_shape
    if len(shape) != 4 or shape[1] not in (3, None) or shape[0] not in (1, None):
        raise ModelError(f"Expected a network input of (1, 3, H, W) in {inference.weights}, got {shape}.")
    height, width = shape[2], shape[3]
    return None if height is None or width is None else Size(width=width, height=height)
