import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest

from pipeline.errors import SourcePermanentError
from pipeline.frame import Frame
from pipeline.picture import ArrayPicture
from sources.frame_buffer import FrameBuffer
from sources.hand_over import HandOver
from tests.sources.media import threads_named, wait_until

PICTURE = ArrayPicture(np.zeros((8, 8, 3), np.uint8))


class Counting:
    """A source of so many frames; `gap` names the one after a gap."""

    def __init__(self, count: int, *, gap: int = -1, error: Exception | None = None) -> None:
        self.count = count
        self.gap = gap
        self.error = error
        self.made = 0

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        for index in range(self.count):
            if stop.is_set():
                return
            self.made += 1
            yield Frame(
                camera="c",
                index=index,
                at_s=float(index),
                taken_at=datetime(2026, 1, 1, tzinfo=UTC),
                picture=PICTURE,
                detail=PICTURE,
                discontinuity=index == self.gap,
            )
        if self.error is not None:
            raise self.error

    def clip(self, from_s: float, to_s: float) -> bytes | None:
        raise AssertionError(f"nobody asks for {from_s} to {to_s}")


def test_a_file_waits_for_its_analysis() -> None:
    source = Counting(50)
    buffer = FrameBuffer(source, live=False, capacity=3)
    seen = []
    for frame in buffer.frames(threading.Event()):
        assert source.made <= frame.index + 1 + 3 + 1
        seen.append(frame.index)
    assert seen == list(range(50))
    assert buffer.dropped == 0


def test_a_live_camera_drops_the_oldest_counts_it_and_keeps_its_gap() -> None:
    source = Counting(50, gap=20)
    buffer = FrameBuffer(source, live=True, capacity=2)
    frames = buffer.frames(threading.Event())
    first = next(frames)
    wait_until(lambda: source.made == 50 and not threads_named("source"))
    rest = list(frames)
    assert [frame.index for frame in [first, *rest]][-2:] == [48, 49]
    assert buffer.dropped == 50 - 1 - len(rest)
    assert [frame.discontinuity for frame in [first, *rest]].count(True) == 1


def test_an_error_of_the_source_reaches_the_analysis_after_its_frames() -> None:
    buffer = FrameBuffer(Counting(3, error=SourcePermanentError("no such file")), live=False)
    frames = buffer.frames(threading.Event())
    assert [next(frames).index for _ in range(3)] == [0, 1, 2]
    with pytest.raises(SourcePermanentError, match="no such file"):
        next(frames)


def test_a_stop_ends_both_sides() -> None:
    stop = threading.Event()
    for frame in FrameBuffer(Counting(10_000), live=False, name="endless").frames(stop):
        if frame.index == 5:
            stop.set()
    wait_until(lambda: not threads_named("endless"))


def test_a_producer_that_waits_wakes_when_the_consumer_leaves() -> None:
    hand_over: HandOver[int] = HandOver(capacity=1, drop_oldest=False)
    hand_over.put(1)
    told: list[bool] = []
    thread = threading.Thread(target=lambda: told.append(hand_over.put(2)))
    thread.start()
    hand_over.close()
    thread.join(2.0)
    assert told == [False]
