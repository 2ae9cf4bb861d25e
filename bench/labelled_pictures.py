"""Pictures with boxes in YOLO text files, and how well found boxes meet them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from pipeline.errors import PictureError
from pipeline.geometry import Box
from pipeline.picture import Image

MATCH_IOU = 0.5
# A box that lies so much in a region of unclear objects is neither right nor wrong.
_IGNORED_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledPicture:
    """A picture with its true boxes, pixels, and the regions where hits do not count."""

    name: str
    image: Image
    boxes: tuple[Box, ...]
    ignored: tuple[Box, ...]


@dataclass(slots=True)
class Matches:
    """Found boxes of many pictures with whether each was right, and how many there were to find."""

    scores: list[float] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    wanted: int = 0

    def add(self, found: Sequence[tuple[Box, float]], picture: LabelledPicture) -> None:
        """Count `found` against a picture: each true box is met once, by the best box on it."""
        missing = list(picture.boxes)
        self.wanted += len(missing)
        for box, score in sorted(found, key=lambda pair: -pair[1]):
            best = max(missing, key=box.iou, default=None)
            if best is not None and box.iou(best) >= MATCH_IOU:
                missing.remove(best)
                self._count(score, right=True)
            elif not any(_in_region(box, region) for region in picture.ignored):
                self._count(score, right=False)

    def at(self, threshold: float) -> tuple[float, float]:
        """Precision and recall of the boxes that score at least `threshold`."""
        right = [r for s, r in zip(self.scores, self.right, strict=True) if s >= threshold]
        return sum(right) / max(1, len(right)), sum(right) / max(1, self.wanted)

    def average_precision(self) -> float:
        """Area under the precision-recall curve, every point (Everingham et al., VOC 2010)."""
        order = np.argsort(-np.array(self.scores), kind="stable")
        hits = np.array(self.right, dtype=bool)[order]
        recall = np.cumsum(hits) / max(1, self.wanted)
        precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        return float(np.sum(np.diff(recall, prepend=0.0) * envelope))

    def _count(self, score: float, *, right: bool) -> None:
        self.scores.append(score)
        self.right.append(right)


def load(folder: Path, classes: frozenset[int]) -> list[LabelledPicture]:
    """The pictures of `folder` (images/, labels/ and perhaps ignore/) with the boxes of `classes`.

    Raises:
        PictureError: there are none, or one cannot be decoded.
    """
    pictures = []
    for file in sorted((folder / "images").glob("*.jpg")):
        image = cv2.imread(str(file))
        if image is None:
            raise PictureError(f"Expected a picture, {file} cannot be decoded.")
        size = image.shape[1], image.shape[0]
        pictures.append(
            LabelledPicture(
                name=file.name,
                image=np.asarray(image, dtype=np.uint8),
                boxes=_boxes(folder / "labels" / f"{file.stem}.txt", size, classes),
                ignored=_boxes(folder / "ignore" / f"{file.stem}.txt", size, None),
            )
        )
    if not pictures:
        raise PictureError(f"Expected labelled pictures in {folder}, found none.")
    return pictures


def _boxes(file: Path, size: tuple[int, int], classes: frozenset[int] | None) -> tuple[Box, ...]:
    if not file.is_file():
        return ()
    width, height = size
    boxes = []
    for line in file.read_text(encoding="utf-8").splitlines():
        number, cx, cy, w, h = line.split()[:5]
        if classes is None or int(number) in classes:
            x, y, half_w, half_h = float(cx), float(cy), float(w) / 2, float(h) / 2
            boxes.append(
                Box(x1=x - half_w, y1=y - half_h, x2=x + half_w, y2=y + half_h).scaled(width, height)
            )
    return tuple(boxes)


def _in_region(box: Box, region: Box) -> bool:
    return box.iou(region) >= MATCH_IOU or box.share_inside(region) >= _IGNORED_SHARE
