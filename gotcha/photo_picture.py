"""A photo file as a picture, upright, and as bytes that may lie among the evidence."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
from PIL import Image as PillowImage
from PIL import ImageOps

from jobs.photo_facts import MediaType
from pipeline.errors import PictureError
from pipeline.frame import Frame
from pipeline.picture import ArrayPicture, Image
from vision.encode import decode_image, encode_jpeg

pillow_heif.register_heif_opener()

# Evidence is JPEG; other kinds are kept at a quality that leaves plates as legible as they were.
_KEPT_QUALITY = 95


class PhotoPicture(ArrayPicture):
    """A decoded photo, a `pipeline.picture.Picture`.

    Args:
        image: upright, BGR uint8 (H, W, 3).
        jpeg: the file for the evidence: as it came, where it came as JPEG.
        converted: `jpeg` is not the file as it came.
    """

    def __init__(self, image: Image, jpeg: bytes, *, converted: bool = False) -> None:
        super().__init__(image)
        self._jpeg = jpeg
        self.converted = converted
        self.sha256 = hashlib.sha256(jpeg).hexdigest()

    def original(self) -> bytes:
        return self._jpeg

    def frame(self, camera: str, taken_at: datetime) -> Frame:
        """The photo as a moment of a camera."""
        return Frame(camera=camera, index=0, at_s=0.0, taken_at=taken_at, picture=self, detail=self)


def open_photo(path: Path, media_type: MediaType, name: str = "the photo") -> PhotoPicture:
    """Decode a photo whose header `jobs.photo_facts.photo_facts` has looked at; `name` is for what is raised.

    Raises:
        PictureError: it is damaged.
    """
    try:
        with PillowImage.open(path) as opened:
            upright = _eight_bits(ImageOps.exif_transpose(opened)).convert("RGB")
            image = cv2.cvtColor(np.asarray(upright, dtype=np.uint8), cv2.COLOR_RGB2BGR)
        data = path.read_bytes()
    # Strangers' bytes: decoders raise whatever comes to them.
    except Exception as error:
        raise PictureError(f"{name} is damaged: it cannot be decoded") from error
    kept = np.asarray(image, dtype=np.uint8)
    if media_type is MediaType.JPEG:
        return PhotoPicture(kept, data)
    return PhotoPicture(kept, encode_jpeg(kept, quality=_KEPT_QUALITY), converted=True)


def _eight_bits(image: PillowImage.Image) -> PillowImage.Image:
    """A grey picture of 16 bits with its upper 8: Pillow would cut every brighter pixel off as white."""
    if not image.mode.startswith("I"):
        return image
    return PillowImage.fromarray((np.asarray(image) >> 8).clip(0, 255).astype(np.uint8))


def stored_photo(jpeg: bytes) -> PhotoPicture:
    """A photo out of the evidence.

    Raises:
        PictureError: it is damaged.
    """
    return PhotoPicture(decode_image(jpeg), jpeg)
