"""A picture that came as a JPEG: kept as it came, decoded only as far as somebody looks."""

from __future__ import annotations

import re

import cv2
import numpy as np
import simplejpeg

from pipeline.errors import PictureError
from pipeline.geometry import Size
from pipeline.picture import Gray, Image, resize
from sources.jpeg import is_ended, jpeg_size

# No camera of this program's makes more; decoding it would take 150 MB.
MOST_PIXELS = 50_000_000
_LEAST_SIDE = 16
# libjpeg decodes at a half, a quarter and an eighth for a fraction of the time.
_REDUCED = (
    (8, cv2.IMREAD_REDUCED_GRAYSCALE_8),
    (4, cv2.IMREAD_REDUCED_GRAYSCALE_4),
    (2, cv2.IMREAD_REDUCED_GRAYSCALE_2),
)
_VERIFIED_WIDTH = 320
# What libjpeg says of coded data that end early or make no sense.
_SPOILT = re.compile(
    "premature end|bad Huffman code|found marker .* instead of RST|inconsistent progression", re.I
)


class JpegPicture:
    """One JPEG.

    Args:
        data: the file as the camera sent it.
        most_pixels: larger pictures are refused before they are decoded.

    Raises:
        PictureError: no JPEG, no end marker, or a size of no use.
    """

    def __init__(self, data: bytes, *, most_pixels: int = MOST_PIXELS) -> None:
        size = jpeg_size(data)
        if min(size.width, size.height) < _LEAST_SIDE:
            raise PictureError(f"the camera sent a picture of {size} pixels")
        if size.width * size.height > most_pixels:
            raise PictureError(f"the camera sent a picture of {size}, more than {most_pixels} pixels")
        if not is_ended(data):
            raise PictureError(f"the camera sent a cut JPEG of {len(data)} bytes, without its end marker")
        self._data = data
        self._size = size
        self._luma: Gray | None = None
        self._bgr: Image | None = None

    @property
    def size(self) -> Size:
        return self._size

    def verify(self) -> None:
        """Decodes it once, so that a damaged one is found where it comes in.

        Raises:
            PictureError: it does not decode, or bytes of its scan are missing or wrong.
        """
        # libjpeg fills what is missing with grey and shifted blocks and only warns; simplejpeg makes that an
        # error. Huffman codes find their step again, so that of pictures that lost one byte a quarter is
        # found, of 20 bytes three quarters, of 50 nearly all (no JPEG carries a checksum; measured at SVGA).
        wanted = self._size.fitted(_VERIFIED_WIDTH)
        try:
            luma = simplejpeg.decode_jpeg(
                self._data,
                "GRAY",
                min_height=wanted.height,
                min_width=wanted.width,
                min_factor=1,
                strict=True,
            )
        except ValueError as error:
            if _SPOILT.search(str(error)):
                raise self._damaged() from error
            # Stray bytes between segments are some cameras' habit, and a kind of JPEG that is not known here
            # is not damaged: OpenCV has the word.
            self.gray(wanted)
            return
        luma.flags.writeable = False
        self._luma = luma[:, :, 0]

    def gray(self, size: Size) -> Gray:
        """Luma, uint8 (size.height, size.width), decoded no finer than `size` needs.

        Raises:
            PictureError: it does not decode.
        """
        luma = self._luma
        if luma is None or luma.shape[1] < min(size.width, self._size.width):
            luma = self._luma = self._decoded(self._reduction(size))
        if luma.shape == (size.height, size.width):
            return luma
        shrinking = size.width <= luma.shape[1] and size.height <= luma.shape[0]
        how = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
        small = np.asarray(cv2.resize(luma, (size.width, size.height), interpolation=how), dtype=np.uint8)
        small.flags.writeable = False
        return small

    def bgr(self, size: Size | None = None) -> Image:
        """Colours, BGR uint8 (H, W, 3).

        Raises:
            PictureError: it does not decode.
        """
        if self._bgr is None:
            self._bgr = self._decoded(cv2.IMREAD_COLOR)
        return self._bgr if size is None else resize(self._bgr, size)

    def original(self) -> bytes | None:
        """The JPEG as the camera sent it."""
        return self._data

    def _reduction(self, size: Size) -> int:
        for factor, flag in _REDUCED:
            if self._size.width >= size.width * factor and self._size.height >= size.height * factor:
                return flag
        return cv2.IMREAD_GRAYSCALE

    def _decoded(self, flag: int) -> Image:
        # The orientation tag is for photographs; a fixed camera's zones are drawn on its raw picture.
        decoded = cv2.imdecode(np.frombuffer(self._data, np.uint8), flag | cv2.IMREAD_IGNORE_ORIENTATION)
        if decoded is None:
            raise self._damaged()
        decoded.flags.writeable = False
        return np.asarray(decoded, dtype=np.uint8)

    def _damaged(self) -> PictureError:
        return PictureError(f"the camera sent a damaged JPEG of {len(self._data)} bytes")
