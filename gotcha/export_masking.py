"""Copies of evidence that may leave the house: heads and other vehicles' plates are hidden in them."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gotcha.config import Config
from gotcha.models import PLATE_WEIGHTS, detector
from pipeline.errors import SourceError
from pipeline.frame import Frame
from pipeline.geometry import Box, Size
from pipeline.picture import Image
from sources.decode_mode import DecodeOptions
from sources.video_file import FileOptions, FileSource
from sources.video_writer import VideoWriter
from vision.backend import Backend
from vision.encode import decode_image, encode_jpeg
from vision.masking import LEAST_PERSON, HiddenRegions, PrivacyMask, hide
from vision.plate_boxes import open_plate_boxes

# A clip is looked at so often; between two looks what either found is hidden. In 0.2 s a walking person moves
# 0.3 m, which the two regions cover.
_LOOK_EVERY_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedCopy:
    """A copy for others.

    Attributes:
        data: the file.
        heads, plates: how many regions were hidden; of a clip, the most in one picture.
        same: nothing had to be hidden: the file is the original, byte for byte.
    """

    data: bytes
    heads: int
    plates: int
    same: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoRegions:
    """What is to be hidden in a photo of `size`, and in everything that was drawn of it."""

    hidden: HiddenRegions
    size: Size


class EvidenceMasker:
    """Makes the copies.

    Args:
        mask: finds what to hide.
        jpeg_quality: of the photos, 1-100.
    """

    def __init__(self, mask: PrivacyMask, *, jpeg_quality: int) -> None:
        self._mask = mask
        self._quality = jpeg_quality

    def regions(self, photo: bytes, accused: Box, frame_size: Size) -> PhotoRegions:
        """What is to be hidden in a photo; `accused` in pixels of `frame_size`.

        Raises:
            PictureError: the photo cannot be decoded.
        """
        image = decode_image(photo)
        size = Size(width=image.shape[1], height=image.shape[0])
        return PhotoRegions(hidden=self._mask.find(image, _fitted(accused, frame_size, image)), size=size)

    def photo(self, photo: bytes, regions: PhotoRegions) -> MaskedCopy:
        """A copy of `photo` (JPEG), the one looked at or one drawn of it at any size, without `regions`.

        Raises:
            PictureError: the photo cannot be decoded.
        """
        found = regions.hidden
        heads, plates = len(found.heads), len(found.plates)
        if not found.hides:
            return MaskedCopy(data=photo, heads=0, plates=0, same=True)
        image = decode_image(photo)
        found = found.scaled(image.shape[1] / regions.size.width, image.shape[0] / regions.size.height)
        data = encode_jpeg(hide(image, found), quality=self._quality)
        return MaskedCopy(data=data, heads=heads, plates=plates, same=False)

    def clip(self, clip: bytes, accused: Box, frame_size: Size) -> MaskedCopy:
        """A copy of `clip` (MP4), every picture masked; without sound.

        Raises:
            SourceError: the clip cannot be decoded.
        """
        heads = plates = 0
        with tempfile.TemporaryDirectory(prefix="gotcha-export-") as folder:
            source, made = Path(folder, "clip.mp4"), Path(folder, "masked.mp4")
            source.write_bytes(clip)
            with VideoWriter(made) as writer:
                for frame, image, regions in self._looked_at(source, accused, frame_size):
                    heads, plates = max(heads, len(regions.heads)), max(plates, len(regions.plates))
                    writer.write(hide(image, regions), frame.at_s)
            if not made.exists():
                raise SourceError("The clip holds no picture that can be decoded.")
            return MaskedCopy(data=made.read_bytes(), heads=heads, plates=plates, same=False)

    def _looked_at(
        self, path: Path, accused: Box, frame_size: Size
    ) -> Iterator[tuple[Frame, Image, HiddenRegions]]:
        """Each picture with what the looks before and after it found."""
        options = FileOptions(
            path=path,
            started_at=datetime(2000, 1, 1, tzinfo=UTC),
            decode=DecodeOptions(mode="all", analysis_fps=None),
        )
        before: HiddenRegions | None = None
        looked_s = float("-inf")
        waiting: list[tuple[Frame, Image]] = []
        for frame in FileSource("export", options).frames(threading.Event()):
            image = frame.detail.bgr()
            if before is not None and frame.at_s - looked_s < _LOOK_EVERY_S:
                waiting.append((frame, image))
                continue
            now = self._mask.find(image, _fitted(accused, frame_size, image))
            both = now if before is None else before.joined(now)
            for earlier, picture in waiting:
                yield earlier, picture, both
            yield frame, image, now
            waiting, before, looked_s = [], now, frame.at_s
        # The end of the clip was looked at for the last time less than an interval ago; look once more.
        if waiting and before is not None:
            last = waiting[-1][1]
            both = before.joined(self._mask.find(last, _fitted(accused, frame_size, last)))
            for earlier, picture in waiting:
                yield earlier, picture, both


def open_masker(config: Config) -> EvidenceMasker:
    """The masker with the configuration's detector and the bundled plate detector.

    Raises:
        ModelError: weights are missing or damaged.
    """
    return EvidenceMasker(open_mask(config), jpeg_quality=config.evidence.jpeg_quality)


def open_mask(config: Config) -> PrivacyMask:
    """What finds heads and plates, as `open_masker` uses it; raises as it does."""
    backend = Backend.AUTO if config.detector.backend == "ultralytics" else Backend(config.detector.backend)
    # A watch may be set to believe only in what is certain; what is hidden must not depend on it.
    least = min(config.detector.min_score, LEAST_PERSON)
    unsure = config.model_copy(update={"detector": config.detector.model_copy(update={"min_score": least})})
    return PrivacyMask(detector(unsure), open_plate_boxes(PLATE_WEIGHTS, backend=backend))


def _fitted(box: Box, frame_size: Size, image: Image) -> Box:
    return box.scaled(image.shape[1] / frame_size.width, image.shape[0] / frame_size.height)
