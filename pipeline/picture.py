"""A picture that decodes only what is asked of it: most frames never need their colours or full size."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.errors import InvalidValueError
from pipeline.geometry import Box, Size

# Colours in BGR order, uint8, height x width x 3.
Image = npt.NDArray[np.uint8]
# Luma only, uint8, height x width.
Gray = npt.NDArray[np.uint8]


class Picture(Protocol):
    """One picture of a camera. Implementations convert lazily and may cache; results are read-only."""

    @property
    def size(self) -> Size:
        """Full resolution in pixels."""
        ...

    def gray(self, size: Size) -> Gray:
        """Luma, uint8 (size.height, size.width), area-averaged; cheap (no colour conversion)."""
        ...

    def bgr(self, size: Size | None = None) -> Image:
        """Colours, BGR uint8 (H, W, 3), at `size` or at full resolution.

        Raises:
            PictureError: the encoded data turn out to be damaged.
        """
        ...

    def original(self) -> bytes | None:
        """The encoded picture as the camera sent it (a JPEG), or None when it came out of a video stream."""
        ...


class ArrayPicture:
    """A picture that already lies in memory.

    Args:
        image: BGR uint8 (H, W, 3); kept, not copied, and marked read-only.

    Raises:
        InvalidValueError: `image` has another shape or type.
    """

    def __init__(self, image: Image) -> None:
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
            raise InvalidValueError(f"expected a BGR uint8 (H, W, 3) image, got {image.dtype} {image.shape}")
        image.flags.writeable = False
        self._image = image

    @property
    def size(self) -> Size:
        return Size(width=self._image.shape[1], height=self._image.shape[0])

    def gray(self, size: Size) -> Gray:
        small = resize(self._image, size)
        return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), dtype=np.uint8)

    def bgr(self, size: Size | None = None) -> Image:
        return self._image if size is None else resize(self._image, size)

    def original(self) -> bytes | None:
        return None


class FittedPicture:
    """A picture seen at another full resolution, so that boxes and zones keep their pixels.

    Cameras change their size in mid-stream (an ESP32-CAM reboots at QVGA, an operator changes the profile);
    everything that was measured at the old size stays comparable.

    Args:
        picture: the picture as it came.
        size: the full resolution to report and to deliver.
    """

    def __init__(self, picture: Picture, size: Size) -> None:
        self._picture = picture
        self._size = size

    @property
    def size(self) -> Size:
        return self._size

    def gray(self, size: Size) -> Gray:
        return self._picture.gray(size)

    def bgr(self, size: Size | None = None) -> Image:
        return self._picture.bgr(size or self._size)

    def original(self) -> bytes | None:
        return self._picture.original()


def resize(image: Image, size: Size) -> Image:
    """`image` at `size`: area-averaged when shrinking (no aliasing), linear when enlarging."""
    height, width = image.shape[:2]
    if (width, height) == (size.width, size.height):
        return image
    shrinking = size.width <= width and size.height <= height
    how = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (size.width, size.height), interpolation=how), dtype=np.uint8)


def crop(image: Image, box: Box) -> Image | None:
    """The whole pixels of `image` (any uint8 (H, W[, C])) that `box` covers, as a view; None when outside."""
    inside = box.clipped(Size(width=image.shape[1], height=image.shape[0]))
    if inside is None:
        return None
    x1, y1 = int(inside.x1), int(inside.y1)
    x2, y2 = int(np.ceil(inside.x2)), int(np.ceil(inside.y2))
    return image[y1:y2, x1:x2]
