"""Pictures to files' bytes and back."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.errors import EvidenceError, InvalidValueError, PictureError
from pipeline.picture import Image


def encode_jpeg(image: Image, *, quality: int = 95) -> bytes:
    """`image` (BGR uint8 (H, W, 3)) as a JPEG file; at quality 95 plates stay as legible as they were.

    Raises:
        InvalidValueError: `quality` is not 1-100.
        EvidenceError: the picture has a shape that JPEG cannot hold.
    """
    if not 1 <= quality <= 100:
        raise InvalidValueError(f"expected a JPEG quality of 1-100, got {quality}")
    return _encoded(image, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, quality])


def decode_image(data: bytes) -> Image:
    """The picture in a JPEG, PNG or similar file, BGR uint8 (H, W, 3), turned upright.

    Raises:
        PictureError: the bytes are no picture or a damaged one.
    """
    try:
        image = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_COLOR) if data else None
    except cv2.error as error:
        raise PictureError(f"Expected a picture, got {len(data)} bytes that cannot be decoded.") from error
    if image is None:
        raise PictureError(f"Expected a picture, got {len(data)} bytes that cannot be decoded.")
    return np.asarray(image, dtype=np.uint8)


def _encoded(image: Image, suffix: str, parameters: list[int]) -> bytes:
    try:
        done, data = cv2.imencode(suffix, image, parameters)
    except cv2.error as error:
        raise _refused(image, suffix) from error
    if not done:
        raise _refused(image, suffix)
    return bytes(data)


def _refused(image: Image, suffix: str) -> EvidenceError:
    return EvidenceError(f"A picture of {image.dtype} {image.shape} cannot be written as a {suffix} file.")
