import io
import threading
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.frame import Frame
from pipeline.geometry import Size
from simulator.rtsp_server import RtspServer
from sources.clip_ring import ClipRing
from sources.decode_mode import DecodeOptions
from sources.encoded import EncodedPacket
from sources.paired import PairedSource
from sources.reconnect import RetryOptions
from sources.rtsp_reader import RtspOptions
from tests.sources.media import Notices, bar_index, threads_named, wait_until, write_video

MAIN = Size(width=320, height=240)


def options(url: str) -> RtspOptions:
    return RtspOptions(
        url=url,
        decode=DecodeOptions(mode="all", analysis_fps=10.0),
        retry=RetryOptions(first_s=0.1, longest_s=0.2),
        open_timeout_s=2.0,
        stall_s=2.0,
    )


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("paired")
    return (
        write_video(folder / "main.mp4", frames=80, fps=20, keyframe_every=10, size=MAIN),
        write_video(folder / "sub.mp4", frames=80, fps=20, keyframe_every=40),
    )


def test_details_come_from_the_main_stream_of_the_same_moment(videos: tuple[Path, Path]) -> None:
    with RtspServer(videos[0]) as main, RtspServer(videos[1]) as sub:
        source = PairedSource("c", options(main.url), options(sub.url))
        stop = threading.Event()
        frames: list[Frame] = []
        for frame in source.frames(stop):
            frames.append(frame)
            if frame.at_s > 3.0:
                stop.set()
        clip = source.clip(1.0, 2.5)
    paired = [frame for frame in frames if frame.detail is not frame.picture]
    assert len(paired) > 10
    assert {frame.picture.size for frame in frames} == {Size(width=160, height=120)}
    for frame in paired[-8:]:
        assert frame.detail.size == MAIN
        detail = frame.detail.bgr()
        assert detail.shape == (240, 320, 3)
        # Keyframes half a second apart: the nearest past or coming one.
        assert abs(frame.detail_lag_s) <= 0.65
        assert bar_index(detail) % 10 == 0
        assert frame.detail.gray(Size(width=32, height=24)).dtype == np.uint8
    assert clip is not None
    with av.open(io.BytesIO(clip), "r") as container:
        pictures = list(container.decode(video=0))
    assert pictures[0].width == MAIN.width
    assert 1.4 <= float(pictures[-1].time - pictures[0].time) <= 2.6
    wait_until(lambda: not threads_named("rtsp"), within_s=5.0)


def test_the_first_frame_waits_for_the_main_streams_first_keyframe(videos: tuple[Path, Path]) -> None:
    """The small stream answered first, so that a camera's coordinates were those of the small picture."""
    notices = Notices()
    with RtspServer(videos[0]) as later, RtspServer(videos[1]) as sub:
        url = later.url
        later.restart(1.5)
        source = PairedSource("c", options(url), options(sub.url), sink=notices, first_keyframe_s=30.0)
        stop = threading.Event()
        frames: list[Frame] = []
        for frame in source.frames(stop):
            frames.append(frame)
            if len(frames) == 5:
                stop.set()
    assert [frame.detail.size for frame in frames] == [MAIN] * 5
    assert "waits up to 30 s" in notices.texts("decode")
    assert "evidence comes from" not in notices.texts("decode")


def test_without_its_main_stream_the_analysis_goes_on(videos: tuple[Path, Path]) -> None:
    notices = Notices()
    with RtspServer(videos[1]) as sub:
        source = PairedSource(
            "c", options("rtsp://127.0.0.1:9/none"), options(sub.url), sink=notices, first_keyframe_s=1.0
        )
        stop = threading.Event()
        frames: list[Frame] = []
        for frame in source.frames(stop):
            frames.append(frame)
            if len(frames) == 8:
                stop.set()
    assert all(frame.detail is frame.picture and frame.detail_lag_s == 0.0 for frame in frames)
    assert frames[0].at_s >= 1.0
    waited, gave_up = (n.text for n in notices if n.kind == "decode" and "main stream" in n.text)
    assert "waits up to 1 s" in waited
    assert "evidence comes from the analysis stream" in gave_up
    assert "main stream: nothing answers" in notices.texts("lost")
    assert "analysis stream: sends h264" in notices.texts("connected")
    assert source.clip(0.0, 1.0) is None


def test_a_bug_in_reading_the_main_stream_reaches_the_consumer(
    videos: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dead reading thread would leave every later report without its large picture, and nobody told."""

    def broken(_ring: ClipRing, _packet: EncodedPacket) -> None:
        raise ZeroDivisionError("a bug of ours")

    monkeypatch.setattr(ClipRing, "append", broken)
    main, small = videos
    stop = threading.Event()
    watchdog = threading.Timer(30.0, stop.set)
    watchdog.start()
    with RtspServer(main) as large, RtspServer(small) as analysis:
        source = PairedSource("c", options(large.url), options(analysis.url))
        try:
            with pytest.raises(ZeroDivisionError, match="a bug of ours"):
                for _frame in source.frames(stop):
                    pass
        finally:
            stop.set()
            watchdog.cancel()
