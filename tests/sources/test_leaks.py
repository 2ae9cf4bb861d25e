"""A camera that is lost and found again all day costs no more in the evening than in the morning."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from pipeline.frame import FrameSource
from pipeline.geometry import Size
from pipeline.picture import Image
from simulator.esp32_server import Esp32Server
from simulator.rtsp_server import RtspServer
from sources.clip_ring import ClipOptions
from sources.decode_mode import DecodeOptions
from sources.esp32 import Esp32CamSource, Esp32Options
from sources.jpeg_frames import JpegOptions
from sources.reconnect import RetryOptions
from sources.rtsp import RtspSource
from sources.rtsp_reader import RtspOptions
from sources.webcam import WebcamOptions, WebcamSource
from tests.sources.media import Notices, Reading, bar_image, wait_until, write_video

SOON = RetryOptions(first_s=0.02, longest_s=0.05)
FIRST, MORE = 3, 20
# A connection that is being made or closed while they are counted.
UNDER_WAY = 3

Lose = Callable[[], None]


def seen(at_s: float, size: Size) -> Image:
    return bar_image(int(at_s * 10), size)


@contextmanager
def esp32(sink: Notices, _folder: Path) -> Iterator[tuple[FrameSource, Lose]]:
    with Esp32Server(seen, fps=20.0) as server:
        options = Esp32Options(
            base_url=server.base_url,
            stream_port=server.stream_port,
            frame_size="qvga",
            jpeg=JpegOptions(analysis_fps=None, clip=ClipOptions(keep_s=5.0)),
            retry=SOON,
        )
        yield Esp32CamSource("c", options, sink=sink), server.reboot


@contextmanager
def rtsp(sink: Notices, folder: Path) -> Iterator[tuple[FrameSource, Lose]]:
    video = write_video(folder / "bar.mp4", frames=40, fps=20, keyframe_every=5)
    with RtspServer(video) as server:
        decode = DecodeOptions(mode="all", analysis_fps=10.0, longest_keyframe_interval_s=2.0)
        yield (
            RtspSource("c", RtspOptions(url=server.url, decode=decode, retry=SOON), sink=sink),
            server.close_viewers,
        )


@contextmanager
def webcam(sink: Notices, _folder: Path) -> Iterator[tuple[FrameSource, Lose]]:
    pattern = "testsrc2=size=320x240:rate=30:duration=0.1,realtime"
    options = WebcamOptions(path=pattern, input_format="lavfi", analysis_fps=None, retry=SOON)
    yield WebcamSource("c", options, sink=sink), lambda: None


@pytest.mark.parametrize("camera", [esp32, rtsp, webcam])
def test_twenty_connections_leave_no_file_and_no_thread_behind(
    camera: Callable[[Notices, Path], AbstractContextManager[tuple[FrameSource, Lose]]], tmp_path: Path
) -> None:
    sink = Notices()

    def connections() -> int:
        return sink.kinds().count("connected")

    def meet(count: int, lose: Lose) -> None:
        for _ in range(count):
            before = connections()
            lose()
            wait_until(lambda: connections() > before, within_s=20.0)  # noqa: B023 - called before it changes

    with camera(sink, tmp_path) as (source, lose), Reading(source) as reading:
        reading.more(2)
        meet(FIRST, lose)
        files, threads = psutil.Process().num_fds(), threading.active_count()
        meet(MORE, lose)
        wait_until(lambda: psutil.Process().num_fds() <= files + UNDER_WAY)
        wait_until(lambda: threading.active_count() <= threads + UNDER_WAY)
