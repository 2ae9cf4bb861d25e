"""What becomes of an RTSP camera's packets before anything is decoded."""

import io
import itertools
import threading
from datetime import UTC, datetime

import av
import pytest

from pipeline.errors import SourceStalledError
from pipeline.geometry import Size
from sources.clocks import Clocks
from sources.decode_mode import DecodeChooser, DecodeOptions
from sources.encoded import EncodedPacket, StreamFormat
from sources.frame_maker import Work
from sources.notifier import Notifier
from sources.rtsp import _Taker
from sources.rtsp_reader import RtspOptions, RtspReader
from sources.stream_clock import StreamClock

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
FORMAT = StreamFormat(codec="h264", extradata=b"", size=Size(width=160, height=120))


def packet(at_s: float, *, is_key: bool = False, discontinuity: bool = False) -> EncodedPacket:
    return EncodedPacket(
        data=b"x",
        is_key=is_key,
        at_s=at_s,
        decode_at_s=at_s,
        taken_at=NOON,
        discontinuity=discontinuity,
        format=FORMAT,
    )


@pytest.mark.parametrize("mode", ["all", "keyframes"])
def test_a_gap_before_a_packet_that_is_let_go_lies_before_the_next_that_is_not(mode: str) -> None:
    """A reconnect begins in the middle of a group of pictures, so its first packet is never decoded."""
    options = DecodeOptions(mode="all" if mode == "all" else "keyframes", analysis_fps=None)
    works: list[Work] = []

    def put(work: Work) -> bool:
        works.append(work)
        return True

    take = _Taker(DecodeChooser(options, Notifier("c", None, Clocks())), put)
    for one in (
        packet(0.0, is_key=True),
        packet(9.0, discontinuity=True),
        packet(9.1),
        packet(9.2, is_key=True),
        packet(9.3, is_key=True),
    ):
        assert take(one)
    assert [(work.packet.at_s, work.packet.discontinuity) for work in works] == [
        (0.0, False),
        (9.2, True),
        (9.3, False),
    ]


def sizeless() -> av.container.InputContainer:
    """H.264 that began after its parameter sets: slices only, so nobody knows the picture's size."""
    slices = b"".join(b"\0\0\0\1\x41\x9a" + bytes([i % 200 + 20]) * 300 for i in range(200))
    return av.open(io.BytesIO(slices), "r", format="h264")


def test_a_stream_that_never_says_its_size_has_stalled() -> None:
    ticks = itertools.count()
    clocks = Clocks(now=lambda: NOON, monotonic=lambda: float(next(ticks)))
    reader = RtspReader(RtspOptions(url="rtsp://h/s", stall_s=20.0), Notifier("c", None, clocks), clocks)
    with sizeless() as container, pytest.raises(SourceStalledError, match="nothing that can be decoded"):
        list(reader._packets(container, StreamClock(clocks), threading.Event()))


def test_a_stop_ends_a_stream_that_never_says_its_size() -> None:
    ending = threading.Event()
    read = itertools.count()

    def monotonic() -> float:
        if next(read) == 20:
            ending.set()
        return 0.0

    clocks = Clocks(now=lambda: NOON, monotonic=monotonic)
    reader = RtspReader(RtspOptions(url="rtsp://h/s"), Notifier("c", None, clocks), clocks)
    with sizeless() as container:
        assert list(reader._packets(container, StreamClock(clocks), ending)) == []
        # It left off where it was told to, not at the end of what was sent.
        assert next(read) < 30
