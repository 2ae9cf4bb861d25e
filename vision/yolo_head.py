"""What comes out of a YOLO network: two kinds of heads, one kind of result."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.geometry import Box
from vision.inference import Tensor

# Car and truck twins on one vehicle overlap more than two vehicles do; class-agnostic, so that one remains.
NMS_IOU = 0.6

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Boxes of one picture, best first.

    Attributes:
        boxes: float32 (n, 4) xyxy pixels.
        scores: float32 (n,), 0-1.
        classes: int64 (n,), the network's class numbers.
        looks: float32 (n, channels) of `vision.look_map`, or None where the network has none.
    """

    boxes: Floats
    scores: Floats
    classes: npt.NDArray[np.int64]
    looks: Floats | None = None

    def __len__(self) -> int:
        return len(self.scores)

    def as_boxes(self) -> list[Box]:
        """The boxes as values."""
        return [Box(x1=x1, y1=y1, x2=x2, y2=y2) for x1, y1, x2, y2 in self.boxes.tolist()]

    def kept(self, index: npt.NDArray[np.intp]) -> Candidates:
        """The candidates at `index`, in its order."""
        return Candidates(
            boxes=self.boxes[index],
            scores=self.scores[index],
            classes=self.classes[index],
            looks=None if self.looks is None else self.looks[index],
        )


def is_end_to_end(shape: tuple[int, ...]) -> bool:
    """Whether an output of `shape` is an end-to-end head's: (n, boxes, 6)."""
    return len(shape) == 3 and shape[2] == 6


def is_raw(shape: tuple[int, ...], classes: int) -> bool:
    """Whether an output of `shape` is a raw head's for so many classes: (n, 4 + classes, anchors)."""
    return len(shape) == 3 and shape[1] == 4 + classes


def decode(output: Tensor, min_score: float) -> Candidates:
    """The boxes of the first picture of a batch that score at least `min_score`, overlaps removed.

    Args:
        output: (n, boxes, 6) with x1, y1, x2, y2, score, class; or (n, 4 + classes, anchors) with centre x,
            centre y, width, height and a score for each class; pixels of the network's input.
        min_score: 0-1.
    """
    found = _end_to_end(output[0], min_score) if is_end_to_end(output.shape) else _raw(output[0], min_score)
    return suppressed(found)


def suppressed(found: Candidates, iou: float = NMS_IOU) -> Candidates:
    """Greedy non-maximum suppression over all classes together: of two that overlap, the better stays."""
    order = np.argsort(-found.scores, kind="stable")
    boxes = found.boxes[order]
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    waiting = np.arange(len(order))
    keep: list[np.intp] = []
    while waiting.size:
        best, rest = waiting[0], waiting[1:]
        keep.append(order[best])
        low = np.maximum(boxes[best, :2], boxes[rest, :2])
        high = np.minimum(boxes[best, 2:], boxes[rest, 2:])
        shared = np.prod(np.clip(high - low, 0.0, None), axis=1)
        waiting = rest[shared <= iou * (areas[best] + areas[rest] - shared)]
    return found.kept(np.asarray(keep, dtype=np.intp))


def _end_to_end(rows: Tensor, min_score: float) -> Candidates:
    # A comparison with NaN is false: what a damaged network says of nothing is dropped here too.
    rows = rows[(rows[:, 4] >= min_score) & np.isfinite(rows).all(axis=1)]
    return _with_area(rows[:, :4], rows[:, 4], rows[:, 5])


def _raw(columns: Tensor, min_score: float) -> Candidates:
    best = columns[4:].max(axis=0)
    columns = columns[:, best >= min_score]
    columns = columns[:, np.isfinite(columns).all(axis=0)]
    centers, halves = columns[:2], columns[2:4] / 2
    boxes = np.concatenate([centers - halves, centers + halves]).T
    scores = columns[4:]
    if not scores.size:
        return _with_area(boxes, np.zeros(0), np.zeros(0))
    return _with_area(boxes, scores.max(axis=0), scores.argmax(axis=0))


def _with_area(boxes: Tensor, scores: Tensor, classes: Tensor) -> Candidates:
    solid = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    return Candidates(
        boxes=boxes[solid].astype(np.float32, copy=False),
        scores=np.clip(scores[solid], 0.0, 1.0).astype(np.float32, copy=False),
        classes=classes[solid].astype(np.int64),
    )
