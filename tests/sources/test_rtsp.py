import io
import itertools
import logging
import threading
import time
import traceback
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.errors import InvalidValueError, SourcePermanentError
from pipeline.frame import Frame
from pipeline.geometry import Size
from simulator.rtsp_server import RtspServer
from sources.decode_mode import DecodeMode, DecodeOptions
from sources.reconnect import RetryOptions
from sources.rtsp import RtspSource
from sources.rtsp_reader import RtspOptions
from tests.sources.media import Notices, Reading, bar_index, threads_named, wait_until, write_video

SOON = RetryOptions(first_s=0.1, longest_s=0.3, refused_s=0.5)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("video") / "bar.mp4", frames=80, fps=20, keyframe_every=10)


def options(
    url: str,
    *,
    mode: DecodeMode = "all",
    fps: float | None = 10.0,
    longest_s: float = 2.0,
    password: str = "",
) -> RtspOptions:
    return RtspOptions(
        url=url,
        username="viewer" if password else "",
        password=password,
        decode=DecodeOptions(mode=mode, analysis_fps=fps, longest_keyframe_interval_s=longest_s),
        retry=SOON,
        open_timeout_s=2.0,
        stall_s=2.0,
    )


def taken(source: RtspSource, count: int, *, within_s: float = 20.0) -> list[Frame]:
    """The next `count` frames of a fresh run, or fewer when they do not come."""
    stop = threading.Event()
    timer = threading.Timer(within_s, stop.set)
    timer.start()
    frames: list[Frame] = []
    for frame in source.frames(stop):
        frames.append(frame)
        if len(frames) == count:
            stop.set()
    timer.cancel()
    return frames


def assert_rising(frames: list[Frame]) -> None:
    assert [frame.index for frame in frames] == list(range(len(frames)))
    for before, after in itertools.pairwise(frames):
        assert after.at_s > before.at_s
        passed_s = (after.taken_at - before.taken_at).total_seconds()
        assert passed_s == pytest.approx(after.at_s - before.at_s, abs=0.05)


@pytest.mark.parametrize(("codec", "b_frames"), [("h264", 0), ("h264", 2), ("hevc", 2)])
def test_every_frame_is_the_right_picture_at_the_right_time(
    tmp_path: Path, codec: str, b_frames: int
) -> None:
    path = write_video(
        tmp_path / "v.mp4", codec=codec, frames=80, fps=20, keyframe_every=10, b_frames=b_frames
    )
    with RtspServer(path) as server:
        frames = taken(RtspSource("c", options(server.url, fps=None)), 30)

    first, columns = bar_index(frames[0].picture.bgr()), 160 // 8
    # The first row's reordered pictures may be missing: they lean on what came before the connection.
    for frame in frames[-20:]:
        assert bar_index(frame.picture.bgr()) == (first + round(frame.at_s * 20)) % columns
    assert_rising(frames)
    assert not any(frame.discontinuity for frame in frames)


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_keyframes_only_gives_each_keyframe_at_once(tmp_path: Path, codec: str) -> None:
    path = write_video(tmp_path / "v.mp4", codec=codec, frames=80, fps=20, keyframe_every=10, b_frames=2)
    notices = Notices()
    with RtspServer(path) as server:
        frames = taken(RtspSource("c", options(server.url, mode="keyframes"), sink=notices), 4)

    assert [frame.at_s for frame in frames] == pytest.approx([0.0, 0.5, 1.0, 1.5], abs=0.02)
    assert {bar_index(frame.picture.bgr()) % 10 for frame in frames} == {0}
    assert "keyframes only" in notices.texts("decode")
    assert "160x120" in notices.texts("connected")


def test_auto_says_what_it_chose(video: Path) -> None:
    few, many = Notices(), Notices()
    with RtspServer(video) as server:
        taken(RtspSource("c", options(server.url, mode="auto", longest_s=1.0), sink=few), 15)
        taken(RtspSource("c", options(server.url, mode="auto", longest_s=0.2), sink=many), 15)

    assert "decodes keyframes only: keyframes come 0.5 s apart" in few.texts("decode")
    assert "decodes every frame: keyframes come more than 0." in many.texts("decode")


def test_a_password_with_every_kind_of_character_opens(video: Path) -> None:
    with RtspServer(video, user="viewer", password="p@s/s:w%20#1") as server:
        assert len(taken(RtspSource("c", options(server.url, password="p@s/s:w%20#1")), 2)) == 2


def test_a_wrong_password_is_said_as_such_and_shown_nowhere(
    video: Path, caplog: pytest.LogCaptureFixture
) -> None:
    notices = Notices()
    with caplog.at_level(logging.DEBUG), RtspServer(video, user="viewer", password="right") as server:
        url = server.url.replace("rtsp://", "rtsp://viewer:hunter2@")
        source = RtspSource("c", options(url), sink=notices)
        assert taken(source, 1, within_s=2.0) == []
        tries = server.connections
        with pytest.raises(SourcePermanentError) as refused:
            source._reader._open()
        with pytest.raises(InvalidValueError) as misspelt:
            RtspOptions(url=url.replace("rtsp", "http"))

    assert notices.kinds().count("refused") == 1
    assert "refuses the user name or the password (401)" in notices.texts("refused")
    # Half a second apart, as configured, rather than with the quick back-off.
    assert tries <= 6
    told = "".join(
        [
            caplog.text,
            repr(notices),
            repr(source._options),
            str(misspelt.value),
            *traceback.format_exception(refused.value),
        ]
    )
    assert "hunter2" not in told


def test_an_unknown_stream_is_permanent_until_it_is_known(video: Path) -> None:
    notices = Notices()
    with RtspServer(video) as server:
        server.missing()
        with Reading(RtspSource("c", options(server.url), sink=notices)) as running:
            wait_until(lambda: "refused" in notices.kinds())
            server.missing(False)
            running.more()
    assert "(404)" in notices.texts("refused")
    assert notices.kinds()[-1] == "connected"


def test_nobody_there_is_said_once_and_waited_for() -> None:
    notices = Notices()
    assert taken(RtspSource("c", options("rtsp://127.0.0.1:9/x"), sink=notices), 1, within_s=1.5) == []
    assert notices.kinds().count("lost") == 1
    assert "nothing answers at 127.0.0.1:9" in notices.texts("lost")


def test_a_restarted_camera_comes_back_with_the_gap_marked(video: Path) -> None:
    notices = Notices()
    with RtspServer(video) as server, Reading(RtspSource("c", options(server.url), sink=notices)) as running:
        running.more(5)
        server.restart(away_s=1.0)
        wait_until(lambda: "lost" in notices.kinds())
        before = len(running.frames)
        running.more(5)
    frames = running.frames
    gaps = [frame.index for frame in frames if frame.discontinuity]
    assert len(gaps) == 1
    assert gaps[0] >= before
    assert frames[gaps[0]].at_s - frames[gaps[0] - 1].at_s >= 0.9
    assert_rising(frames)


def test_a_stalled_camera_is_noticed_and_connected_anew(video: Path) -> None:
    notices = Notices()
    with RtspServer(video) as server, Reading(RtspSource("c", options(server.url), sink=notices)) as running:
        running.more(5)
        server.stall()
        began = time.monotonic()
        wait_until(lambda: "stalled" in notices.kinds())
        assert time.monotonic() - began < 4.0  # with stall_s = 2
        server.stall(False)
        running.more(5)
    assert sum(frame.discontinuity for frame in running.frames) == 1


@pytest.mark.parametrize("method", ["DESCRIBE", "PLAY"])
def test_a_camera_that_hangs_in_its_answer_is_tried_again(video: Path, method: str) -> None:
    notices = Notices()
    with RtspServer(video) as server:
        server.hang_at(method)
        with Reading(RtspSource("c", options(server.url), sink=notices)) as running:
            wait_until(lambda: server.connections >= 2)
            server.hang_at("")
            running.more()
    assert "lost" in notices.kinds()


def test_a_stop_ends_a_stalled_camera_within_two_seconds(video: Path) -> None:
    with RtspServer(video) as server, Reading(RtspSource("c", options(server.url))) as running:
        running.more(2)
        server.stall()
        began = time.monotonic()
        running.stop.set()
        running.thread.join(5.0)
        assert time.monotonic() - began < 2.0
        wait_until(lambda: not threads_named("rtsp c"))


def test_a_changed_picture_size_is_said_and_read_on(tmp_path: Path) -> None:
    small = write_video(tmp_path / "a.h264", frames=20, fps=20, keyframe_every=10)
    large = write_video(
        tmp_path / "b.h264", frames=20, fps=20, keyframe_every=10, size=Size(width=320, height=240)
    )
    both = tmp_path / "both.h264"
    both.write_bytes(small.read_bytes() + large.read_bytes())
    joined = tmp_path / "both.mkv"
    with av.open(str(both)) as source, av.open(str(joined), "w") as output:
        copy = output.add_stream_from_template(source.streams.video[0])
        for index, packet in enumerate(source.demux(video=0)):
            if packet.size:
                packet.pts = packet.dts = index * 50
                packet.time_base = Fraction(1, 1000)
                packet.stream = copy
                output.mux(packet)
    notices = Notices()
    with RtspServer(joined) as server:
        frames = taken(RtspSource("c", options(server.url), sink=notices), 24)
    assert {str(frame.picture.size) for frame in frames} == {"160x120", "320x240"}
    assert {frame.picture.bgr().shape for frame in frames} == {(120, 160, 3), (240, 320, 3)}
    assert "the picture changed from 160x120 to 320x240" in notices.texts("settings")


def test_a_clip_is_the_stream_itself_from_a_keyframe_on(video: Path) -> None:
    source = None
    with RtspServer(video) as server:
        source = RtspSource("c", options(server.url))
        frames = taken(source, 25)
    begin = bar_index(frames[0].picture.bgr())
    data = source.clip(0.8, 1.6)
    assert data is not None
    with av.open(io.BytesIO(data), "r") as container:
        pictures = list(container.decode(video=0))
    # From the keyframe at 0.5 s.
    assert [bar_index(np.asarray(picture.to_ndarray(format="bgr24"), np.uint8)) for picture in pictures] == [
        (begin + 10 + index) % 20 for index in range(len(pictures))
    ]
    assert float(pictures[-1].time - pictures[0].time) == pytest.approx(1.1, abs=0.06)
    assert source.clip(500.0, 600.0) is None
