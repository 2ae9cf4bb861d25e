"""Detectors for YOLO networks in ONNX files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.detection import Detection, ObjectClass
from pipeline.errors import InvalidValueError
from pipeline.geometry import Box
from pipeline.picture import Image
from pipeline.vehicle_look import VehicleLook
from vision.class_names import meanings
from vision.inference import Inference, OnnxRuntimeInference
from vision.letterbox import check_long_side
from vision.openvino_inference import OpenVinoInference
from vision.vehicle_colour import SceneLight, colour_of, light_of
from vision.yolo_head import Candidates, suppressed
from vision.yolo_network import YoloNetwork

# The close pass sees the picture at half size and adds only what is large in it: everything smaller the
# first pass sees better.
_CLOSE_LONG_SIDE = 320
_CLOSE_SHARE = 0.4
# What is seen less surely than this is a poor picture of any vehicle.
LOOK_SCORE = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorOptions:
    """How a detector looks at a picture.

    Attributes:
        min_score: 0-1; low, because thresholds with hysteresis belong to the tracker.
        long_side: of the network's input, pixels, a multiple of 32 of at least 160; the shorter side
            follows the picture's aspect.
        close_pass: look again at long side 320 for vehicles that fill the picture, as at a gate; costs about
            a third more.
    """

    min_score: float = 0.10
    long_side: int = 640
    close_pass: bool = False

    def __post_init__(self) -> None:
        if not 0.0 < self.min_score < 1.0:
            raise InvalidValueError(f"expected a minimum score between 0 and 1, got {self.min_score}")
        check_long_side(self.long_side)


class YoloDetector:
    """Finds vehicles and people with a YOLO network. Keeps nothing between pictures; safe in several threads.

    Args:
        inference: the network, in any runtime.
        options: how to look.

    Raises:
        ModelError: the network has another input or output than a YOLO network, or knows no vehicles.
    """

    def __init__(self, inference: Inference, options: DetectorOptions | None = None) -> None:
        self._options = options or DetectorOptions()
        self._network = YoloNetwork(inference, classes=len(ObjectClass))
        self._meanings = meanings(self._network.names, inference.weights)

    @property
    def runtime(self) -> str:
        """The library that runs the network, for messages."""
        return self._network.inference.runtime

    def detect(self, image: Image) -> tuple[Detection, ...]:
        options = self._options
        found = self._network.find(image, long_side=options.long_side, min_score=options.min_score)
        if options.close_pass:
            found = suppressed(_joined(found, self._close(image)))
        light = light_of(image)
        return tuple(
            Detection(
                box=box,
                score=score,
                label=self._meanings[number],
                look=self._look(image, light, found, place),
            )
            for place, (box, score, number) in enumerate(
                zip(found.as_boxes(), found.scores.tolist(), found.classes.tolist(), strict=True)
            )
            if number in self._meanings
        )

    def _look(self, image: Image, light: SceneLight, found: Candidates, place: int) -> VehicleLook | None:
        model = self._network.look_model
        if model is None or found.looks is None or found.scores[place] < LOOK_SCORE:
            return None
        vector = found.looks[place]
        if not vector.any():
            return None
        x1, y1, x2, y2 = found.boxes[place].tolist()
        colour = colour_of(image, Box(x1=x1, y1=y1, x2=x2, y2=y2), light)
        return VehicleLook(model=model, vector=tuple(vector.tolist()), colour=colour)

    def _close(self, image: Image) -> Candidates:
        found = self._network.find(image, long_side=_CLOSE_LONG_SIDE, min_score=self._options.min_score)
        sides = np.sqrt(np.prod(found.boxes[:, 2:] - found.boxes[:, :2], axis=1))
        return found.kept(np.flatnonzero(sides >= _CLOSE_SHARE * max(image.shape[:2])))


class OnnxDetector(YoloDetector):
    """A YOLO network run by ONNX Runtime.

    Args:
        weights: an ONNX file with an end-to-end (n, boxes, 6) or raw (n, 4 + classes, anchors) head.
        options: how to look.

    Raises:
        ModelError: the weights are missing, damaged or of another kind.
    """

    def __init__(self, weights: Path, options: DetectorOptions | None = None) -> None:
        super().__init__(OnnxRuntimeInference(weights), options)


class OpenVinoDetector(YoloDetector):
    """A YOLO network run by OpenVINO (extra `openvino`); arguments and errors as in `OnnxDetector`."""

    def __init__(self, weights: Path, options: DetectorOptions | None = None) -> None:
        super().__init__(OpenVinoInference(weights), options)


def _joined(first: Candidates, second: Candidates) -> Candidates:
    return Candidates(
        boxes=np.concatenate([first.boxes, second.boxes]),
        scores=np.concatenate([first.scores, second.scores]),
        classes=np.concatenate([first.classes, second.classes]),
        looks=None
        if first.looks is None or second.looks is None
        else np.concatenate([first.looks, second.looks]),
    )
