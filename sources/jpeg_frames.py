"""From JPEGs to frames: checks each, keeps the pace, notices a frozen camera and a changed size."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from pipeline.errors import InvalidValueError, PictureError
from pipeline.frame import Frame
from pipeline.geometry import Size
from sources.clip_ring import ClipOptions
from sources.decode_mode import Pace
from sources.jpeg_picture import MOST_PIXELS, JpegPicture
from sources.jpeg_ring import JpegRing
from sources.notifier import Notifier


@dataclass(frozen=True, slots=True, kw_only=True)
class JpegOptions:
    """What is done with the JPEGs of a camera.

    Attributes:
        analysis_fps: frames handed over per second at most; None for each picture.
        clip: what is kept for clips; None keeps nothing.
        most_pixels: larger pictures are refused before they are decoded.
        frozen_s: the same bytes for this long are a frozen camera, for sensor noise never repeats.
    """

    analysis_fps: float | None = 2.0
    clip: ClipOptions | None = field(default_factory=ClipOptions)
    most_pixels: int = MOST_PIXELS
    frozen_s: float = 30.0

    def __post_init__(self) -> None:
        if self.analysis_fps is not None and not self.analysis_fps > 0.0:
            raise InvalidValueError(f"expected analysis_fps > 0 or None, got {self.analysis_fps}")
        if self.most_pixels < 1 or self.frozen_s <= 0.0:
            raise InvalidValueError(f"expected positive limits, got {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StampedJpeg:
    """A JPEG as it came, and when."""

    data: bytes
    at_s: float
    taken_at: datetime
    discontinuity: bool


class JpegFrames:
    """Makes the frames of one camera; `frame` belongs to one thread, `clip` may be asked by any.

    Args:
        camera: the camera's name.
        options: limits and pace.
        notifier: who is told.
    """

    def __init__(self, camera: str, options: JpegOptions, notifier: Notifier) -> None:
        self._camera = camera
        self._options = options
        self._notifier = notifier
        self._pace = Pace(options.analysis_fps)
        self._ring = None if options.clip is None else JpegRing(options.clip)
        self._index = 0
        self._last_s = float("-inf")
        self._gap = False
        self._size: Size | None = None
        self._last_data = b""
        self._changed_s = 0.0
        self._said_frozen = False

    def frame(self, jpeg: StampedJpeg) -> Frame | None:
        """The frame, or None when it is not due or damaged (which is said)."""
        self._gap = self._gap or jpeg.discontinuity
        self._watch_frozen(jpeg)
        if jpeg.at_s <= self._last_s:
            return None
        if self._ring is not None:
            self._ring.append(jpeg.at_s, jpeg.data)
        if not self._pace.is_due(jpeg.at_s):
            return None
        try:
            picture = JpegPicture(jpeg.data, most_pixels=self._options.most_pixels)
            picture.verify()
        except PictureError as error:
            self._notifier.damaged(str(error))
            return None
        if self._size is not None and picture.size != self._size:
            self._notifier.say("settings", f"the picture changed from {self._size} to {picture.size}")
        self._size = picture.size
        self._last_s = jpeg.at_s
        frame = Frame(
            camera=self._camera,
            index=self._index,
            at_s=jpeg.at_s,
            taken_at=jpeg.taken_at,
            picture=picture,
            detail=picture,
            discontinuity=self._gap,
        )
        self._index += 1
        self._gap = False
        return frame

    def clip(self, from_s: float, to_s: float) -> bytes | None:
        """An MP4 of what is kept between two media times."""
        return None if self._ring is None else self._ring.clip(from_s, to_s)

    def _watch_frozen(self, jpeg: StampedJpeg) -> None:
        if jpeg.data != self._last_data:
            if self._said_frozen:
                self._notifier.say("connected", "the picture moves again")
            self._last_data = jpeg.data
            self._changed_s = jpeg.at_s
            self._said_frozen = False
        elif not self._said_frozen and jpeg.at_s - self._changed_s >= self._options.frozen_s:
            self._said_frozen = True
            self._notifier.say(
                "stalled", f"the camera has sent the same picture for {jpeg.at_s - self._changed_s:.0f} s"
            )
