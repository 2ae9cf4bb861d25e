"""Small videos with computed truth: a bright bar whose place says which picture it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Self

import av
import cv2
import numpy as np

from pipeline.frame import Frame, FrameSource, SourceNotice
from pipeline.geometry import Size
from pipeline.picture import Image

SIZE = Size(width=160, height=120)
_ENCODERS = {"h264": "libx264", "hevc": "libx265", "mjpeg": "mjpeg"}


def bar_image(index: int, size: Size = SIZE) -> Image:
    """A grey picture with a white bar of 8 pixels whose left edge is at `8 * (index % columns)`."""
    image = np.full((size.height, size.width, 3), 60, np.uint8)
    left = 8 * (index % (size.width // 8))
    image[:, left : left + 8] = 240
    return image


def bar_index(image: Image) -> int:
    """Which picture of a cycle of `columns` this is."""
    profile = image.mean(axis=(0, 2))
    cells = profile[: len(profile) // 8 * 8].reshape(-1, 8).mean(axis=1)
    return int(cells.argmax())


def write_video(
    path: Path,
    *,
    codec: str = "h264",
    frames: int = 60,
    fps: int = 10,
    keyframe_every: int = 10,
    size: Size = SIZE,
    b_frames: int = 0,
    first: int = 0,
    pixels: str = "yuv420p",
) -> Path:
    """A video of `frames` bar pictures with a keyframe exactly every `keyframe_every` pictures."""
    shared = f"keyint={keyframe_every}:min-keyint={keyframe_every}:scenecut=0:bframes={b_frames}"
    options = {"preset": "ultrafast", "tune": "zerolatency"} if codec == "h264" else {"preset": "ultrafast"}
    if codec == "h264":
        options |= {"x264-params": shared}
    if codec == "hevc":
        options |= {"x265-params": f"{shared}:open-gop=0:log-level=none:pools=1:frame-threads=1"}
    with av.open(str(path), "w") as output:
        stream = output.add_stream(_ENCODERS[codec], rate=Fraction(fps), options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = size.width, size.height, pixels
        for index in range(first, first + frames):
            frame = av.VideoFrame.from_ndarray(bar_image(index, size), "bgr24")
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def jpeg(index: int, size: Size = SIZE, quality: int = 85) -> bytes:
    """A bar picture as a JPEG."""
    done, data = cv2.imencode(".jpg", bar_image(index, size), [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return data.tobytes()


class Notices(list[SourceNotice]):
    """A sink that keeps what people are told, and counts the damaged pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.damaged = 0

    def __call__(self, notice: SourceNotice) -> None:
        self.damaged += notice.kind == "damaged"
        if not notice.repeated:
            self.append(notice)

    def kinds(self) -> list[str]:
        return [notice.kind for notice in self]

    def texts(self, kind: str) -> str:
        return "\n".join(notice.text for notice in self if notice.kind == kind)


def wait_until(condition: Callable[[], bool], *, within_s: float = 10.0) -> None:
    """Waits for `condition`, or fails."""
    end = time.monotonic() + within_s
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        pause.wait(0.02)


def threads_named(part: str) -> list[str]:
    """Names of the living threads with `part` in them."""
    return [thread.name for thread in threading.enumerate() if part in thread.name]


class Reading:
    """A source that is read in a thread while the block lasts, as the program does it."""

    def __init__(self, source: FrameSource) -> None:
        self.frames: list[Frame] = []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._read)
        self._source = source

    def _read(self) -> None:
        for frame in self._source.frames(self.stop):
            self.frames.append(frame)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join(5.0)
        assert not self.thread.is_alive()

    def more(self, count: int = 5, *, within_s: float = 15.0) -> None:
        """Waits for so many further frames."""
        target = len(self.frames) + count
        wait_until(lambda: len(self.frames) >= target, within_s=within_s)
