"""Pictures out of a video stream: luma straight from its plane, colours only when asked for."""

from __future__ import annotations

from collections.abc import Callable

import av
import cv2
import numpy as np

from pipeline.errors import PictureError
from pipeline.geometry import Size
from pipeline.picture import Gray, Image

# Formats whose first plane is 8-bit luma; True where it spans 0-255 rather than 16-235.
_PLANAR_FULL_RANGE = {
    "yuv420p": False,
    "yuv422p": False,
    "yuv444p": False,
    "nv12": False,
    "nv21": False,
    "yuvj420p": True,
    "yuvj422p": True,
    "yuvj444p": True,
    "gray": True,
}
_RANGE_FULL = 2  # AVCOL_RANGE_JPEG
_SPACE_UNSPECIFIED = 2  # AVCOL_SPC_UNSPECIFIED
_SPACE_BT709 = 1  # AVCOL_SPC_BT709, as sws_getCoefficients counts
_HD_LINES = 720
# Luma is averaged over blocks of 4 x 4 pixels once, and what is asked for smaller than that is made of these.
_BLOCK = 4
_LIMITED_TO_FULL = np.clip(np.rint((np.arange(256) - 16.0) * 255.0 / 219.0), 0, 255).astype(np.uint8)


class VideoPicture:
    """A decoded frame, converted to what is asked of it.

    Args:
        frame: the decoder's frame; kept, never written to.
        finest: decodes the same picture in the best quality; for frames that were decoded in a hurry.
    """

    def __init__(self, frame: av.VideoFrame, finest: Callable[[], av.VideoFrame] | None = None) -> None:
        self._frame = frame
        self._finest = finest
        self._size = Size(width=frame.width, height=frame.height)
        self._gray: Gray | None = None
        self._blocks: Gray | None = None
        self._full: Image | None = None

    @property
    def size(self) -> Size:
        return self._size

    def gray(self, size: Size) -> Gray:
        """Luma 0-255, uint8 (size.height, size.width), area-averaged, without colour conversion."""
        if self._gray is None or self._gray.shape != (size.height, size.width):
            self._gray = self._luma(size)
            self._gray.flags.writeable = False
        return self._gray

    def bgr(self, size: Size | None = None) -> Image:
        """Colours, BGR uint8 (H, W, 3), read-only.

        Raises:
            PictureError: the picture cannot be decoded in its best quality.
        """
        if size is not None and size != self._size:
            return _converted(self._frame, size)
        if self._full is None:
            frame = self._frame if self._finest is None else self._finest()
            self._full = _converted(frame, self._size)
        return self._full

    def original(self) -> bytes | None:
        """None: the picture is part of a stream."""
        return None

    def _fine_enough(self, size: Size) -> Gray:
        """Luma to make a picture of `size` from: the whole plane, or its blocks."""
        plane = _plane(self._frame, self._size)
        width, rest_x = divmod(self._size.width, _BLOCK)
        height, rest_y = divmod(self._size.height, _BLOCK)
        if rest_x or rest_y or size.width > width or size.height > height:
            return plane
        if self._blocks is None:
            self._blocks = _resized(plane, Size(width=width, height=height))
        return self._blocks

    def _luma(self, size: Size) -> Gray:
        frame = self._frame
        full_range = _PLANAR_FULL_RANGE.get(frame.format.name)
        if full_range is None:
            # 10-bit, packed and RGB formats: swscale knows them, at a few milliseconds a frame.
            small = frame.reformat(size.width, size.height, "gray", interpolation="AREA", threads=1)
            return _plane(small, size)
        gray = _resized(self._fine_enough(size), size)
        if not full_range and frame.color_range != _RANGE_FULL:
            gray = np.asarray(cv2.LUT(gray, _LIMITED_TO_FULL), dtype=np.uint8)
        return gray


def _resized(luma: Gray, size: Size) -> Gray:
    if luma.shape == (size.height, size.width):
        return luma
    how = cv2.INTER_AREA if size.width <= luma.shape[1] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(luma, (size.width, size.height), interpolation=how), dtype=np.uint8)


def _plane(frame: av.VideoFrame, size: Size) -> Gray:
    """The first plane as a view, without the padding at the end of its lines."""
    plane = frame.planes[0]
    lines: Gray = np.frombuffer(memoryview(plane), dtype=np.uint8)[: plane.line_size * size.height]
    return lines.reshape(size.height, plane.line_size)[:, : size.width]


def _converted(frame: av.VideoFrame, size: Size) -> Image:
    # Without a word from the stream, HD is BT.709 and SD is BT.601 (ITU-R BT.709, BT.601).
    hd = frame.height >= _HD_LINES and frame.colorspace == _SPACE_UNSPECIFIED
    shrinking = size.width < frame.width
    try:
        bgr = frame.reformat(
            size.width,
            size.height,
            "bgr24",
            src_colorspace=_SPACE_BT709 if hd else None,
            interpolation="AREA" if shrinking else "BILINEAR",
            threads=1,
        ).to_ndarray()
    except (av.FFmpegError, ValueError) as error:
        raise PictureError(
            f"a {frame.format.name} picture of {frame.width}x{frame.height} does not convert"
        ) from error
    bgr.flags.writeable = False
    return np.asarray(bgr, dtype=np.uint8)
