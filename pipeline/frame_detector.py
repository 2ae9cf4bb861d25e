"""Looking at a frame with the detector: the whole of it, and parts of it enlarged."""

from __future__ import annotations

from dataclasses import replace

from pipeline.detection import VEHICLES, Detection, Detector
from pipeline.frame import Frame
from pipeline.geometry import Box, Polygon, Size
from pipeline.picture import Image, crop, resize

_CUT_SHARE = 0.02  # of the part's width: what comes this near to its edge may be cut off by it
_SAME_IOU = 0.6  # two boxes of the same vehicle
_TOUCH_IOU = 0.3
_INSIDE = 0.6  # share of the closer look's box inside the other: that one is around more than this vehicle
_PART = 0.85  # share of a box inside another
_HALF = 0.5  # IoU: what is much smaller stands in front
_CLEAR_SCORE = 0.15  # what the closer look sees more dimly takes nothing away


class FrameDetector:
    """A detector for one camera's frames, in pixels of the full frame.

    Args:
        detector: the network.
        long_side: longer side of the picture it is given, pixels.
        masks: polygons (0-1) in which nothing is a vehicle.
    """

    def __init__(self, detector: Detector, *, long_side: int, masks: tuple[Polygon, ...] = ()) -> None:
        self._detector = detector
        self._long_side = long_side
        self._masks = masks

    def whole(self, frame: Frame) -> tuple[Detection, ...]:
        """What the detector sees in the whole frame.

        Raises:
            PictureError: the picture is damaged.
        """
        full = frame.picture.size
        small = full.fitted(self._long_side)
        found = self._detector.detect(frame.picture.bgr(small))
        x_factor, y_factor = full.width / small.width, full.height / small.height
        return self._unmasked([replace(d, box=d.box.scaled(x_factor, y_factor)) for d in found], full)

    def closer(
        self, frame: Frame, parts: tuple[Box, ...], whole: tuple[Detection, ...]
    ) -> tuple[Detection, ...]:
        """`whole` with what the detector sees in `parts`, each enlarged to the size of a whole picture.

        Where both looks see a vehicle, the closer one tells its box; a box of the whole that a closer look
        shows to be around more than one vehicle is dropped.

        Args:
            frame: the frame.
            parts: full-frame pixels.
            whole: what `whole(frame)` returned.

        Raises:
            PictureError: the picture is damaged.
        """
        if not parts:
            return whole
        full = frame.picture.size
        image = frame.picture.bgr()
        found = list(whole)
        for part in parts:
            inner = _uncut(part, full)
            near = [d for d in self._part(image, part) if _holds(inner, d.box)]
            near = [d for d in near if not any(_is_part(d, other) for other in near)]
            replaced = [d for d in found if _holds(inner, d.box) and any(_replaces(n, d) for n in near)]
            near = [_with_best_score(n, replaced) for n in near]
            found = [d for d in found if d not in replaced]
            found += [n for n in near if not any(_same(n, d) for d in found)]
        return self._unmasked(found, full)

    def _part(self, image: Image, part: Box) -> list[Detection]:
        """What is seen in `part`, full-frame pixels."""
        view = crop(image, part)
        if view is None:
            return []
        left, top = max(0, int(part.x1)), max(0, int(part.y1))
        height, width = view.shape[:2]
        scale = self._long_side / max(width, height)
        large = Size(width=round(width * scale), height=round(height * scale))
        x_factor, y_factor = width / large.width, height / large.height
        return [
            replace(d, box=d.box.scaled(x_factor, y_factor).shifted(left, top))
            for d in self._detector.detect(resize(view, large))
        ]

    def _unmasked(self, found: list[Detection], full: Size) -> tuple[Detection, ...]:
        masks = tuple(mask.in_pixels(full) for mask in self._masks)
        seen = [d for d in found if not any(mask.contains(d.box.center) for mask in masks)]
        return tuple(sorted(seen, key=lambda d: d.score, reverse=True))


def _uncut(part: Box, full: Size) -> Box:
    """The inner of `part`: what reaches beyond it may be cut off by the part's edge, not by the picture's."""
    edge = _CUT_SHARE * part.width
    return Box(
        x1=part.x1 + edge if part.x1 > 0 else -1.0,
        y1=part.y1 + edge if part.y1 > 0 else -1.0,
        x2=part.x2 - edge if part.x2 < full.width else full.width + 1.0,
        y2=part.y2 - edge if part.y2 < full.height else full.height + 1.0,
    )


def _holds(outer: Box, inner: Box) -> bool:
    return outer.x1 <= inner.x1 and outer.y1 <= inner.y1 and inner.x2 <= outer.x2 and inner.y2 <= outer.y2


def _akin(a: Detection, b: Detection) -> bool:
    """A car may be taken for a truck, but not for its passenger."""
    return a.label is b.label or (a.label in VEHICLES and b.label in VEHICLES)


def _same(a: Detection, b: Detection) -> bool:
    return _akin(a, b) and a.box.iou(b.box) >= _SAME_IOU


def _replaces(near: Detection, far: Detection) -> bool:
    if not _akin(near, far):
        return False
    overlap = near.box.iou(far.box)
    if near.score < _CLEAR_SCORE:
        return overlap >= _SAME_IOU
    around = near.box.share_inside(far.box) >= _INSIDE and near.box.area >= _TOUCH_IOU * far.box.area
    return overlap >= _TOUCH_IOU or around


def _is_part(detection: Detection, other: Detection) -> bool:
    """Whether a vehicle of which `detection` is but a part is seen better as `other`."""
    inside = detection.box.share_inside(other.box) >= _PART and detection.box.iou(other.box) >= _HALF
    return inside and other.score > detection.score and _akin(detection, other)


def _with_best_score(near: Detection, whole: list[Detection]) -> Detection:
    """Two looks at the same vehicle: the clearer one says how sure it is one."""
    return replace(near, score=max([near.score, *(d.score for d in whole if _same(near, d))]))
