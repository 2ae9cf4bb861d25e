"""What every `pipeline.frame.FrameSource` promises, asked of each on its real server, file or device."""

from __future__ import annotations

import contextlib
import functools
import gc
import http.server
import io
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.frame import Frame, FrameSource
from pipeline.geometry import Size
from simulator.esp32_server import Esp32Server
from simulator.rtsp_server import RtspServer
from sources.decode_mode import DecodeMode, DecodeOptions
from sources.esp32 import Esp32CamSource, Esp32Options
from sources.jpeg_frames import JpegOptions
from sources.paired import PairedSource
from sources.rtsp import RtspSource
from sources.rtsp_reader import RtspOptions
from sources.still import StillOptions, StillSource
from sources.video_file import FileOptions, FileSource
from sources.webcam import WebcamOptions, WebcamSource
from tests.sources.media import bar_image, jpeg, wait_until, write_video

Opened = AbstractContextManager[FrameSource]
QVGA = Size(width=320, height=240)


@contextlib.contextmanager
def rtsp(video: Path, mode: DecodeMode) -> Iterator[FrameSource]:
    with RtspServer(video) as server:
        yield RtspSource("c", RtspOptions(url=server.url, decode=DecodeOptions(mode=mode, analysis_fps=10)))


@contextlib.contextmanager
def paired(video: Path) -> Iterator[FrameSource]:
    decode = DecodeOptions(mode="all", analysis_fps=10)
    with RtspServer(video) as main, RtspServer(video) as small:
        yield PairedSource("c", RtspOptions(url=main.url), RtspOptions(url=small.url, decode=decode))


@contextlib.contextmanager
def esp32(_: Path) -> Iterator[FrameSource]:
    with Esp32Server(lambda at_s, size: bar_image(int(at_s * 20), size), fps=20.0) as server:
        options = Esp32Options(
            base_url=server.base_url,
            stream_port=server.stream_port,
            frame_size="qvga",
            jpeg=JpegOptions(analysis_fps=10),
        )
        yield Esp32CamSource("c", options)


class _Snapshot(http.server.BaseHTTPRequestHandler):
    count = 0

    def do_GET(self) -> None:
        type(self).count += 1
        self.send_response(200)
        self.end_headers()
        self.wfile.write(jpeg(type(self).count))

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def still(_: Path) -> Iterator[FrameSource]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Snapshot)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="snapshot server")
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    yield StillSource("c", StillOptions(url=url, interval_s=0.1, jpeg=JpegOptions(analysis_fps=None)))
    server.shutdown()
    thread.join()
    server.server_close()


@contextlib.contextmanager
def video_file(video: Path, *, at_own_pace: bool) -> Iterator[FrameSource]:
    decode = DecodeOptions(mode="all", analysis_fps=10)
    yield FileSource("c", FileOptions(path=video, decode=decode, at_own_pace=at_own_pace))


@contextlib.contextmanager
def webcam(_: Path) -> Iterator[FrameSource]:
    pattern = "testsrc2=size=320x240:rate=20,realtime"
    yield WebcamSource("c", WebcamOptions(path=pattern, input_format="lavfi", analysis_fps=10))


SOURCES: dict[str, Callable[[Path], Opened]] = {
    "rtsp all": functools.partial(rtsp, mode="all"),
    "rtsp auto": functools.partial(rtsp, mode="auto"),
    "rtsp keyframes": functools.partial(rtsp, mode="keyframes"),
    "paired": paired,
    "esp32": esp32,
    "still": still,
    "file": functools.partial(video_file, at_own_pace=False),
    "file at its own pace": functools.partial(video_file, at_own_pace=True),
    "webcam": webcam,
}


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("video") / "v.mp4", frames=160, fps=20, keyframe_every=5)


@pytest.fixture(params=SOURCES, ids=str)
def source(request: pytest.FixtureRequest, video: Path) -> Iterator[FrameSource]:
    before = set(threading.enumerate())
    with SOURCES[request.param](video) as made:
        yield made
    # Nothing it started outlives it.
    wait_until(lambda: set(threading.enumerate()) <= before, within_s=5.0)


def taken(source: FrameSource, count: int) -> list[Frame]:
    stop = threading.Event()
    frames: list[Frame] = []
    for frame in source.frames(stop):
        frames.append(frame)
        if len(frames) == count:
            stop.set()
    return frames


def test_frames_are_counted_and_their_times_rise_alike(source: FrameSource) -> None:
    frames = taken(source, 8)

    assert [frame.index for frame in frames] == list(range(8))
    assert {frame.camera for frame in frames} == {"c"}
    assert not any(frame.discontinuity for frame in frames)
    for before, after in itertools.pairwise(frames):
        assert before.at_s < after.at_s
        assert after.taken_at.utcoffset() == timedelta(0)
        passed_s = (after.taken_at - before.taken_at).total_seconds()
        assert passed_s == pytest.approx(after.at_s - before.at_s, abs=0.05)


def test_pictures_show_what_they_say(source: FrameSource) -> None:
    for frame in taken(source, 3):
        for picture in (frame.picture, frame.detail):
            size = picture.size
            full, small = picture.bgr(), picture.bgr(Size(width=80, height=60))
            gray = picture.gray(Size(width=40, height=30))
            assert (full.shape, small.shape, gray.shape) == (
                (size.height, size.width, 3),
                (60, 80, 3),
                (30, 40),
            )
            assert full.dtype == small.dtype == gray.dtype == np.uint8
            assert not (full.flags.writeable)
            assert not (gray.flags.writeable)
            # The same brightness whichever way it is asked for (Rec. 601 weights of B, G, R).
            luma = full.astype(float).mean(axis=(0, 1)) @ (0.114, 0.587, 0.299)
            assert gray.mean() == pytest.approx(luma, abs=6.0)


def test_a_stop_from_elsewhere_ends_the_wait_for_the_next_frame(source: FrameSource) -> None:
    stop = threading.Event()
    ended_s: list[float] = []

    def read() -> None:
        for _ in source.frames(stop):
            pass
        ended_s.append(time.monotonic())

    thread = threading.Thread(target=read)
    thread.start()
    threading.Event().wait(0.7)
    stop.set()
    asked_s = time.monotonic()
    thread.join(5.0)
    assert not thread.is_alive()
    assert ended_s[0] - asked_s < 2.0


def test_leaving_the_loop_ends_everything(source: FrameSource) -> None:
    frames = source.frames(threading.Event())
    assert next(frames).index == 0
    # What a `for` does that is left by a `break`, as soon as the iterator dies.
    del frames
    gc.collect()


def test_a_clip_of_what_was_just_seen_plays(source: FrameSource) -> None:
    frames = taken(source, 8)

    data = source.clip(frames[1].at_s, frames[-1].at_s)

    assert data is not None
    with av.open(io.BytesIO(data), "r") as container:
        times = [frame.time for frame in container.decode(video=0)]
        assert container.format.name.startswith("mov,mp4")
    assert len(times) >= 6
    assert times == sorted(times)
    wanted_s = frames[-1].at_s - frames[1].at_s
    assert wanted_s - 0.35 <= times[-1] - times[0] <= wanted_s + 1.2
    assert source.clip(9000.0, 9010.0) is None
