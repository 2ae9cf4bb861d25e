"""Writes pictures with their media times into an MP4 file, as they come."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream

from pipeline.errors import SourceError
from pipeline.picture import Image
from sources.encoded import TICK, TICKS_PER_S


class VideoWriter:
    """An H.264 file with variable frame rate; a context manager that leaves no half-written file behind.

    The pictures go to `path` with the suffix `.partial`, which becomes `path` when all went well.

    Args:
        path: the .mp4 to make.

    Raises:
        SourceError: it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = path.with_suffix(path.suffix + ".partial")
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._last_pts = -1

    def __enter__(self) -> VideoWriter:
        try:
            self._container = av.open(str(self._partial), "w", format="mp4")
        except (av.FFmpegError, OSError) as error:
            raise SourceError(f"{self._path} cannot be written: {error.strerror}.") from error
        return self

    def write(self, image: Image, at_s: float) -> None:
        """Append `image` (BGR uint8 (H, W, 3); all of one size) at media time `at_s`, which rises.

        Raises:
            SourceError: the disk is full, or the file cannot be written.
        """
        try:
            stream = self._stream or self._begin(image)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), "bgr24")
            frame = frame.reformat(stream.width, stream.height, "yuv420p")
            self._last_pts = max(self._last_pts + 1, round(at_s * TICKS_PER_S))
            frame.pts = self._last_pts
            frame.time_base = TICK
            self._opened.mux(stream.encode(frame))
        except (av.FFmpegError, OSError) as error:
            raise SourceError(f"{self._path} cannot be written: {error.strerror}.") from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._stream is not None and error is None:
                self._opened.mux(self._stream.encode(None))
            self._opened.close()
            if self._stream is not None and error is None:
                self._partial.replace(self._path)
        except (av.FFmpegError, OSError) as failure:
            raise SourceError(f"{self._path} cannot be written: {failure.strerror}.") from failure
        finally:
            self._partial.unlink(missing_ok=True)

    @property
    def _opened(self) -> OutputContainer:
        if self._container is None:
            raise SourceError(f"{self._path} is written inside a `with` block.")
        return self._container

    def _begin(self, image: Image) -> VideoStream:
        options = {"preset": "veryfast", "crf": "23", "threads": "1"}
        stream = self._opened.add_stream("libx264", rate=Fraction(30), options=options)
        stream.width, stream.height = image.shape[1] // 2 * 2, image.shape[0] // 2 * 2
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = TICK
        self._stream = stream
        return stream
