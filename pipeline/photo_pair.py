"""Two photos of one vehicle: whether the second shows the same view and the same vehicle as the first."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from pipeline.background import ViewMap, same_view
from pipeline.errors import EvidenceError
from pipeline.geometry import Box, Size
from pipeline.judge import PhotoPair
from pipeline.picture import ArrayPicture, Gray, Image, Picture, crop, resize
from pipeline.same_vehicle import SAME_VEHICLE, vehicle_likeness

# The side at which views are compared: SSIM at full resolution sees compression noise, not the view.
VIEW_LONG_SIDE = 640
# Median window, pixels of that side: takes away what is thinner than half of it and another in every picture
# (rain, snow, a sensor's noise), and leaves edges. In heavy rain 0.9 of the blocks agree with it and 0.3
# without; on dry real streets it changes nothing (0.81 either way), nor for moved views (at most 0.2).
RAIN_PX = 5
# Crops of vehicles smaller than this hold too little to tell one vehicle from another.
LEAST_CROP_PX = 16
# Standard deviation, grey levels, below which a crop is black or plain: noise, and nothing to recognise by.
LEAST_CONTRAST = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What is kept of a photo to compare others with.

    Attributes:
        gray: the whole view without rain and noise, long side 640.
        vehicle: crop of the vehicle, BGR uint8, from a picture of long side at most 1280.
        boxes: every vehicle in the view, pixels of `gray`.
    """

    gray: Gray
    vehicle: Image
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairComparison:
    """How two photos compare: the verdict; how alike the views are, 0-1, and where (None: none to judge)."""

    pair: PhotoPair
    view: float | None
    where: ViewMap | None = None


def take_sight(picture: Picture, vehicle: Box, others: tuple[Box, ...]) -> Sight:
    """What `picture` shows of `vehicle` and its surroundings; boxes in pixels of the full picture.

    Raises:
        PictureError: the picture is damaged.
    """
    small = picture.size.fitted(VIEW_LONG_SIDE)
    factor = small.width / picture.size.width, small.height / picture.size.height
    # Vehicles are cut from twice the size: enough texture for a comparison, a quarter of a 4K picture's cost.
    middle = picture.size.fitted(2 * VIEW_LONG_SIDE)
    cut = crop(
        picture.bgr(middle),
        vehicle.scaled(middle.width / picture.size.width, middle.height / picture.size.height),
    )
    image = cut if cut is not None and min(cut.shape[:2]) > 0 else picture.bgr(small)
    return Sight(
        gray=np.asarray(cv2.medianBlur(picture.gray(small), RAIN_PX), dtype=np.uint8),
        vehicle=np.ascontiguousarray(image),
        boxes=tuple(box.scaled(*factor) for box in (vehicle, *others)),
    )


def recall_sight(jpeg: bytes, vehicle: Box, frame_size: Size) -> Sight:
    """The sight of a stored photo.

    Raises:
        EvidenceError: the stored photo cannot be decoded.
    """
    decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if decoded is None:
        raise EvidenceError("A stored photo cannot be decoded; check the evidence folder's disk.")
    picture = ArrayPicture(np.asarray(decoded, dtype=np.uint8))
    box = vehicle.scaled(picture.size.width / frame_size.width, picture.size.height / frame_size.height)
    return take_sight(picture, box, ())


def compare_pair(first: Sight, second: Sight) -> PairComparison:
    """Whether `second` shows the view and the vehicle of `first`."""
    first = _at_size_of(first, second)
    view = same_view(first.gray, second.gray, first.boxes + second.boxes)
    if view.judged == 0 and _telling(first) and _telling(second) and looks_alike(first, second):
        # Vehicles fill the picture, or the night around them is black: the same vehicle in the same pixels is
        # what tells that the camera did not move.
        return PairComparison(pair=PhotoPair.COMPLETE, view=None)
    if not view.same:
        return PairComparison(pair=PhotoPair.OTHER_VIEW, view=view.ssim)
    # Crops too small to compare prove nothing against the memory of places, which holds them for one vehicle.
    same = not comparable(first, second) or looks_alike(first, second)
    pair = PhotoPair.COMPLETE if same else PhotoPair.OTHER_VEHICLE
    return PairComparison(pair=pair, view=view.ssim, where=view.where)


def _at_size_of(first: Sight, second: Sight) -> Sight:
    """`first` with its view at the size of `second`: a camera may have changed its size between the two."""
    height, width = second.gray.shape[:2]
    if first.gray.shape[:2] == (height, width):
        return first
    x, y = width / first.gray.shape[1], height / first.gray.shape[0]
    return replace(
        first,
        gray=resize(first.gray, Size(width=width, height=height)),
        boxes=tuple(box.scaled(x, y) for box in first.boxes),
    )


def comparable(first: Sight, second: Sight) -> bool:
    """Whether both crops of the vehicle are large enough to be compared."""
    return bool(min(*first.vehicle.shape[:2], *second.vehicle.shape[:2]) >= LEAST_CROP_PX)


def _telling(sight: Sight) -> bool:
    """Whether the crop of the vehicle can stand for the whole view."""
    large = min(*sight.vehicle.shape[:2]) >= LEAST_CROP_PX
    return large and float(cv2.meanStdDev(sight.vehicle)[1].max()) >= LEAST_CONTRAST


def looks_alike(first: Sight, second: Sight) -> bool:
    """Whether two comparable sights of one place show the same vehicle."""
    return vehicle_likeness(first.vehicle, second.vehicle).score >= SAME_VEHICLE
