"""Which detection belongs to which place: greedy, best overlap first."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.detection import Detection
from pipeline.geometry import Box


def match(
    boxes: Sequence[Box], detections: Sequence[Detection], least_iou: float | Sequence[float]
) -> dict[int, int]:
    """Index of a box -> index of its detection, one to one, from `least_iou` up (one for all, or one each).

    Pairs are ranked by IoU; a better score decides between equal ones.
    """
    least = [least_iou] * len(boxes) if isinstance(least_iou, float) else least_iou
    pairs = [
        (overlap, detection.score, i, j)
        for i, box in enumerate(boxes)
        for j, detection in enumerate(detections)
        if (overlap := box.iou(detection.box)) >= least[i]
    ]
    pairs.sort(reverse=True)
    found: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, i, j in pairs:
        if i not in found and j not in taken:
            found[i] = j
            taken.add(j)
    return found


def without_twins(detections: Sequence[Detection], iou: float) -> list[Detection]:
    """The detections without weaker ones that overlap a better one (car and truck twins), best first."""
    kept: list[Detection] = []
    for detection in sorted(detections, key=lambda d: d.score, reverse=True):
        if all(detection.box.iou(other.box) < iou for other in kept):
            kept.append(detection)
    return kept
