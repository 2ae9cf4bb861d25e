"""A small copy that stands for a large picture, so that a whole clip fits into memory."""

from __future__ import annotations

from pipeline.geometry import Size
from pipeline.picture import ArrayPicture, Gray, Image, resize


class KeptPicture:
    """Implements `pipeline.picture.Picture` with a small copy; nothing finer can be had from it.

    Args:
        kept: the small copy.
        size: full resolution of the original, pixels.
    """

    def __init__(self, kept: ArrayPicture, size: Size) -> None:
        self._kept = kept
        self._size = size

    @property
    def size(self) -> Size:
        return self._size

    def gray(self, size: Size) -> Gray:
        return self._kept.gray(size)

    def bgr(self, size: Size | None = None) -> Image:
        return resize(self._kept.bgr(), size or self._size)

    def original(self) -> bytes | None:
        return None
