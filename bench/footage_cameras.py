"""Real footage served as cameras: each clip once as an RTSP camera and once as an ESP32-CAM."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pipeline.errors import ConfigError
from pipeline.geometry import Box, Size
from pipeline.picture import Image
from simulator.esp32_server import Esp32Server, Fault
from simulator.rtsp_server import RtspServer
from simulator.video_frames import VideoFrames

# What a real ESP32-CAM manages at 1280x720 over a good wireless network.
_ESP32_FPS = 6.0
# The sensor's sizes that keep the shape of the footage.
_FRAMESIZES = {(4, 3): ("QVGA", Size(width=320, height=240)), (16, 9): ("HD", Size(width=1280, height=720))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """A vehicle that stands in a clip, by its truth.

    Attributes:
        id: its name in the truth.
        box: pixels of the clip.
        from_s, to_s: when it stands, seconds of the clip.
        since_start: it stood there when the clip began: its arrival is unknown.
    """

    id: str
    box: Box
    from_s: float
    to_s: float
    since_start: bool

    @property
    def length_s(self) -> float:
        return self.to_s - self.from_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A video with its truth.

    Attributes:
        path: the video.
        size: of its pictures.
        duration_s: its length.
        tolerance_s: how exact the times of the truth are.
        halts: every vehicle that stands in it.
        ignored: boxes of vehicles that the truth leaves out; a report there is neither right nor wrong.
    """

    path: Path
    size: Size
    duration_s: float
    tolerance_s: float
    halts: tuple[Halt, ...]
    ignored: tuple[Box, ...]


# Standing vehicles at the upper edge that are not in the truth of the clip.
_IGNORED = {"junction_bayan": ((841.0, 0.0, 919.0, 59.0), (788.0, 0.0, 828.0, 31.0))}


def read_clips(folder: Path) -> tuple[Clip, ...]:
    """All videos of `folder` that have a truth of the same name beside them.

    Raises:
        ConfigError: there is none.
    """
    found = tuple(
        _clip(path, path.with_suffix(".mp4"))
        for path in sorted(folder.glob("*.json"))
        if path.with_suffix(".mp4").is_file()
    )
    if not found:
        raise ConfigError(
            f"{folder} holds no video with its truth (clip.mp4 and clip.json); name one that does"
        )
    return found


def _clip(truth: Path, video: Path) -> Clip:
    told = json.loads(truth.read_text(encoding="utf-8"))
    return Clip(
        path=video,
        size=Size(width=told["width"], height=told["height"]),
        duration_s=float(told["duration_s"]),
        tolerance_s=float(told["time_tolerance_s"]),
        halts=tuple(
            Halt(
                id=one["id"],
                box=Box(**dict(zip(("x1", "y1", "x2", "y2"), map(float, one["bbox_xyxy"]), strict=True))),
                from_s=float(one["t0"]),
                to_s=float(one["t1"]),
                since_start=bool(one["stationary_at_start"]),
            )
            for one in told["stationary"]
        ),
        ignored=tuple(Box(x1=a, y1=b, x2=c, y2=d) for a, b, c, d in _IGNORED.get(video.stem, ())),
    )


class OnePass:
    """A clip as the sensor of an ESP32-CAM sees it: from its first look on, once; then the camera hangs."""

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self._frames = VideoFrames(clip.path)
        self._began_s: float | None = None
        self.began_at: datetime | None = None
        self.server: Esp32Server | None = None

    def __call__(self, _server_s: float, size: Size) -> Image:
        if self._began_s is None:
            self._began_s, self.began_at = time.monotonic(), datetime.now(UTC)
        at_s = time.monotonic() - self._began_s
        last_s = self._clip.duration_s - 1.0 / _ESP32_FPS
        if at_s >= last_s and self.server is not None:
            # A picture that stands still for ever would lengthen the halts of the truth.
            self.server.fault(Fault.STALL)
        return self._frames(min(at_s, last_s), size)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedCamera:
    """One clip served in one way.

    Attributes:
        name: of the camera in the configuration.
        kind: how it is served.
        clip: what it shows.
        size: of the pictures it sends.
        settings: its kind and address as lines of config.yaml.
        sensor: of an ESP32-CAM; knows when the clip began.
    """

    name: str
    kind: Literal["rtsp", "esp32cam"]
    clip: Clip
    size: Size
    settings: tuple[str, ...]
    sensor: OnePass | None


@contextlib.contextmanager
def served(clips: tuple[Clip, ...]) -> Iterator[tuple[ServedCamera, ...]]:
    """Each clip as two cameras, while the block lasts; each begins with its first viewer."""
    with contextlib.ExitStack() as stack:
        cameras: list[ServedCamera] = []
        for clip in clips:
            rtsp = stack.enter_context(RtspServer(clip.path, loop=False))
            cameras.append(
                ServedCamera(
                    name=f"{clip.path.stem}-rtsp",
                    kind="rtsp",
                    clip=clip,
                    size=clip.size,
                    settings=("kind: rtsp", f"url: {rtsp.url}"),
                    sensor=None,
                )
            )
            sensor = OnePass(clip)
            framesize, size = _framesize(clip.size)
            esp32 = stack.enter_context(Esp32Server(sensor, fps=_ESP32_FPS))
            sensor.server = esp32
            cameras.append(
                ServedCamera(
                    name=f"{clip.path.stem}-esp32",
                    kind="esp32cam",
                    clip=clip,
                    size=size,
                    settings=(
                        "kind: esp32cam",
                        f"url: {esp32.base_url}",
                        f"stream_port: {esp32.stream_port}",
                        f"framesize: {framesize}",
                    ),
                    sensor=sensor,
                )
            )
        yield tuple(cameras)


def _framesize(size: Size) -> tuple[str, Size]:
    for (across, down), found in _FRAMESIZES.items():
        if size.width * down == size.height * across:
            return found
    raise ConfigError(f"expected footage of 4:3 or 16:9, got {size}")
