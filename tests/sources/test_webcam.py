import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.errors import InvalidValueError
from pipeline.frame import Frame
from pipeline.geometry import Size
from sources.reconnect import RetryOptions
from sources.webcam import WebcamOptions, WebcamSource
from tests.sources.media import Notices, threads_named

# FFmpeg's test pattern in place of a device: the same interface, in real time.
PATTERN = "testsrc2=size=320x240:rate=30,realtime"
SOON = RetryOptions(first_s=0.05, longest_s=0.1, refused_s=0.1)


def taken(source: WebcamSource, count: int) -> list[Frame]:
    stop = threading.Event()
    frames: list[Frame] = []
    for frame in source.frames(stop):
        frames.append(frame)
        if len(frames) == count:
            stop.set()
    return frames


def test_frames_come_at_the_pace_wanted() -> None:
    notices = Notices()
    options = WebcamOptions(path=PATTERN, input_format="lavfi", analysis_fps=10.0, retry=SOON)
    source = WebcamSource("c", options, sink=notices)
    frames = taken(source, 12)
    assert [frame.index for frame in frames] == list(range(12))
    assert frames[-1].at_s - frames[0].at_s == pytest.approx(1.1, abs=0.4)
    assert frames[0].picture.bgr().shape == (240, 320, 3)
    assert notices.texts("connected") == "sends 320x240"
    assert source.clip(0.0, 5.0) is not None
    assert not threads_named("webcam")


def test_a_missing_device_is_said_and_waited_for() -> None:
    notices = Notices()
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    options = WebcamOptions(path="/dev/video-none", retry=SOON)
    assert list(WebcamSource("c", options, sink=notices).frames(stop)) == []
    assert "there is no camera /dev/video-none" in notices.texts("refused")


def test_a_device_that_ends_is_opened_again() -> None:
    notices = Notices()
    options = WebcamOptions(
        path="testsrc2=size=320x240:rate=30:duration=0.4,realtime",
        input_format="lavfi",
        analysis_fps=None,
        retry=SOON,
    )
    frames = taken(WebcamSource("c", options, sink=notices), 20)
    assert sum(frame.discontinuity for frame in frames) >= 1
    assert "lost" in notices.kinds()


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[Path]:
    """A device whose `open` blocks in the kernel: a pipe that nobody writes to."""
    pipe = tmp_path / "video0"
    os.mkfifo(pipe)
    yield pipe
    # Wakes the thread that hangs there: it opens, and finds the end.
    os.close(os.open(pipe, os.O_RDWR | os.O_NONBLOCK))


def test_a_device_that_hangs_is_said_to_and_holds_nothing_up(hanging: Path) -> None:
    notices = Notices()
    stop = threading.Event()
    threading.Timer(1.5, stop.set).start()
    options = WebcamOptions(path=str(hanging), input_format="mjpeg", retry=SOON, open_timeout_s=0.3)
    assert list(WebcamSource("c", options, sink=notices).frames(stop)) == []
    assert "has sent no picture" in notices.texts("stalled")
    assert "still hangs in its driver" in notices.texts("stalled")
    # However often it is tried, one thread at most is left behind.
    assert len(threads_named("webcam")) <= 1


def test_size_and_rate_are_asked_of_the_device() -> None:
    device = WebcamOptions(size=Size(width=1280, height=720), fps=15.0).device
    assert device.input_options == {"video_size": "1280x720", "framerate": "15"}
    assert WebcamOptions().device.input_options == {}
    with pytest.raises(InvalidValueError, match="fps"):
        WebcamOptions(fps=0.0)
