from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np

from pipeline.errors import StorageUnavailableError
from pipeline.frame import SourceNotice
from sources.clocks import Clocks
from sources.device import DeviceOptions, DeviceSource, InboxJpeg

BEGIN = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def jpeg(number: int, seconds: float) -> InboxJpeg:
    image = np.random.default_rng(number).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    data = bytes(cv2.imencode(".jpg", image)[1])
    return InboxJpeg(number=number, data=data, taken_at=BEGIN + timedelta(seconds=seconds))


class Scripted:
    """An inbox that answers as told, and a clock that passes half a minute with each look into it."""

    def __init__(self, *answers: Sequence[InboxJpeg] | None) -> None:
        self.answers = list(answers)
        self.asked: list[int | None] = []
        self.now_s = 0.0
        self.interval = 20.0
        self.stop = threading.Event()

    def waiting(self, after: InboxJpeg | None) -> Sequence[InboxJpeg]:
        self.now_s += 30.0
        self.asked.append(None if after is None else after.number)
        answer = self.answers.pop(0)
        if not self.answers:
            self.stop.set()
        if answer is None:
            raise StorageUnavailableError("the database is away")
        return answer

    def interval_s(self) -> float:
        return self.interval

    def source(self, notices: list[SourceNotice]) -> DeviceSource:
        options = DeviceOptions(poll_s=0.001)
        clocks = Clocks(monotonic=lambda: self.now_s, now=lambda: BEGIN)
        return DeviceSource("lane", options, self, sink=notices.append, clocks=clocks)


def test_media_time_is_the_frames_own_time_and_each_is_asked_for_once() -> None:
    inbox = Scripted([jpeg(3, 0), jpeg(4, 20)], [jpeg(7, 45.5)], [])
    frames = list(inbox.source([]).frames(inbox.stop))
    assert [frame.at_s for frame in frames] == [0.0, 20.0, 45.5]
    assert frames[2].taken_at == BEGIN + timedelta(seconds=45.5)
    assert inbox.asked == [None, 4, 7]


def test_an_inbox_that_is_away_and_a_damaged_frame_stop_nothing() -> None:
    broken = InboxJpeg(number=2, data=jpeg(2, 20).data[:200], taken_at=BEGIN + timedelta(seconds=20))
    inbox = Scripted(None, [jpeg(1, 0), broken, jpeg(3, 40)], [])
    notices: list[SourceNotice] = []
    assert [frame.at_s for frame in inbox.source(notices).frames(inbox.stop)] == [0.0, 40.0]
    assert {"lost", "damaged"} <= {notice.kind for notice in notices}


def test_a_camera_that_stays_away_is_said_to_be_late_once_and_back_when_it_is() -> None:
    notices: list[SourceNotice] = []
    inbox = Scripted([jpeg(1, 0)], [], [], [], [], [jpeg(2, 180)], [])
    assert len(list(inbox.source(notices).frames(inbox.stop))) == 2
    assert [notice.kind for notice in notices] == ["stalled", "connected"]
    assert "late" in notices[0].text


def test_late_is_by_how_often_it_is_told_to_send_now() -> None:
    notices: list[SourceNotice] = []
    inbox = Scripted([jpeg(1, 0)], [], [], [])
    inbox.interval = 60.0
    assert len(list(inbox.source(notices).frames(inbox.stop))) == 1
    assert notices == []
