"""A video file as what a sensor sees: the picture of any moment, in an endless loop."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from pipeline.errors import SourcePermanentError
from pipeline.geometry import Size
from pipeline.picture import Image


class VideoFrames:
    """Answers which picture is seen at a time; cheap while time goes forwards.

    Args:
        path: any video.

    Raises:
        SourcePermanentError: it does not read.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._container = av.open(str(path))
            self._stream = self._container.streams.video[0]
            self._frames = self._container.decode(self._stream)
            self._frame = self._following = next(self._frames)
        except (av.FFmpegError, IndexError, StopIteration) as error:
            raise SourcePermanentError(f"{path} does not read as a video") from error
        self._first_s = self._frame.time
        self._period_s = 1.0 / float(self._stream.average_rate or 25)
        self._round_began_s = 0.0
        self._following_from_s = 0.0

    def __call__(self, at_s: float, size: Size) -> Image:
        """The picture at `at_s` seconds from the start, BGR uint8 of `size`."""
        while self._following_from_s <= at_s:
            self._frame = self._following
            following = next(self._frames, None)
            if following is None:
                self._container.seek(0)
                self._frames = self._container.decode(self._stream)
                following = next(self._frames)
                self._round_began_s = self._following_from_s + self._period_s
            self._following = following
            self._following_from_s = self._round_began_s + following.time - self._first_s
        small = self._frame.reformat(size.width, size.height, "bgr24", interpolation="AREA")
        return np.asarray(small.to_ndarray(), dtype=np.uint8)
