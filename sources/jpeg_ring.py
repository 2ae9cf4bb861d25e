"""The last pictures of a camera that sends JPEGs, for clips that are encoded when asked for."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator

from pipeline.errors import PictureError
from pipeline.geometry import Size
from pipeline.picture import Image
from sources.clip_ring import ClipOptions
from sources.jpeg_picture import JpegPicture
from sources.remux import encoded_mp4


class JpegRing:
    """JPEGs of the last seconds; filled by one thread, asked by another.

    Args:
        options: how much is kept.
        fps: pictures kept per second at most, so that a fast camera does not fill it.
    """

    def __init__(self, options: ClipOptions, *, fps: float = 10.0) -> None:
        self._options = options
        self._step_s = 1.0 / fps
        self._pictures: deque[tuple[float, bytes]] = deque()
        self._bytes = 0
        self._lock = threading.Lock()
        self._last_cut: tuple[tuple[float, ...], bytes | None] = ((), None)

    def append(self, at_s: float, data: bytes) -> None:
        """Keeps the JPEG taken at `at_s` and forgets what is too old or too much."""
        with self._lock:
            if self._pictures and at_s - self._pictures[-1][0] < 0.9 * self._step_s:
                return
            self._pictures.append((at_s, data))
            self._bytes += len(data)
            oldest_s = at_s - self._options.keep_s
            while self._pictures and (
                self._pictures[0][0] < oldest_s or self._bytes > self._options.keep_bytes
            ):
                self._bytes -= len(self._pictures.popleft()[1])

    def clip(self, from_s: float, to_s: float) -> bytes | None:
        """An MP4 (H.264) of the pictures between two media times, or None when there are none."""
        with self._lock:
            chosen = [(at_s, data) for at_s, data in self._pictures if from_s <= at_s <= to_s]
        # Vehicles that stood there at the start violate in the same frame: one clip serves them all, where
        # encoding it for each would keep the camera unwatched for seconds.
        moments = tuple(at_s for at_s, _ in chosen)
        if moments != self._last_cut[0]:
            self._last_cut = (moments, encoded_mp4(_decoded(chosen)))
        return self._last_cut[1]


def _decoded(pictures: list[tuple[float, bytes]]) -> Iterator[tuple[float, Image]]:
    size: Size | None = None
    for at_s, data in pictures:
        try:
            picture = JpegPicture(data)
            size = size or picture.size
            image = picture.bgr(size)
        except PictureError:
            continue  # One damaged picture is no reason to lose the clip.
        yield at_s, image
