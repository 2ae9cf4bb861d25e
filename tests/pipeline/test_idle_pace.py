"""Frames wait while nothing moves, and nothing is lost by it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pipeline.detection import Detection
from pipeline.errors import InvalidValueError, PictureError
from pipeline.frame import Frame
from pipeline.geometry import Size
from pipeline.idle_pace import CHANGED_PIXELS, MOST_WAITING, IdlePace, longest_wait_s
from pipeline.picture import ArrayPicture, Gray, Image
from pipeline.report import Report
from pipeline.standing import StandingUpdate
from pipeline.view_signature import VIEW_SIZE
from tests.pipeline.fakes import ScriptedStanding, frame, grainy, street
from tests.pipeline.rig import PLACE, Rig, Script, stands, vehicle, zone

_GREY = np.full((VIEW_SIZE.height, VIEW_SIZE.width, 3), 90, np.uint8)


class _Undecoded:
    """A picture that must not be looked at."""

    @property
    def size(self) -> Size:
        raise AssertionError("a waiting frame was decoded")

    def gray(self, size: Size) -> Gray:
        raise AssertionError("a waiting frame was decoded")

    def bgr(self, size: Size | None = None) -> Image:
        raise AssertionError("a waiting frame was decoded")

    def original(self) -> bytes | None:
        return None


class _Damaged(ArrayPicture):
    """A picture that turns out to be damaged when it is looked at."""

    def gray(self, size: Size) -> Gray:
        raise PictureError("a damaged picture")


def _with_spot(pixels: int) -> Image:
    image = _GREY.copy()
    image[50, 50 : 50 + pixels] = 200
    return image


def _quiet(pace: IdlePace, until_s: int, step_s: float = 1.0) -> list[float]:
    """Show `pace` the same picture every `step_s`; the times of those that waited."""
    waited = []
    for index in range(round(until_s / step_s)):
        shown = frame(index * step_s, _GREY, index=index)
        if pace.holds(shown):
            waited.append(shown.at_s)
            continue
        pace.take_changed(shown)
        pace.rest_until(float("inf"))
    return waited


def test_every_other_keyframe_waits_once_nothing_has_changed_for_three_seconds() -> None:
    assert _quiet(IdlePace(longest_s=2.0), 10) == [3.0, 5.0, 7.0, 9.0]


def test_frames_in_quick_succession_are_not_hoarded() -> None:
    pace = IdlePace(longest_s=2.0)
    waited = _quiet(pace, 8, step_s=0.1)
    assert waited
    assert len(pace.take_waiting()) <= MOST_WAITING


def test_keyframes_as_rare_as_the_longest_wait_never_wait() -> None:
    assert _quiet(IdlePace(longest_s=2.0), 40, step_s=2.0) == []


def test_what_waited_is_judged_before_the_frame_that_shows_another_picture() -> None:
    pace = IdlePace(longest_s=2.0)
    assert _quiet(pace, 10)[-1] == 9.0
    waited = pace.take_changed(frame(10.0, _with_spot(CHANGED_PIXELS), index=10))
    assert [held.at_s for held in waited] == [9.0]
    assert not pace.holds(frame(11.0, _GREY, index=11))


def test_noise_is_no_change() -> None:
    pace = IdlePace(longest_s=2.0)
    _quiet(pace, 10)
    assert pace.take_changed(frame(10.0, _with_spot(CHANGED_PIXELS - 1), index=10)) == ()
    pace.rest_until(float("inf"))
    assert pace.holds(frame(11.0, _GREY, index=11))


def test_a_gap_in_the_stream_lets_nothing_wait_nor_go() -> None:
    pace = IdlePace(longest_s=2.0)
    _quiet(pace, 10)
    after = dataclasses.replace(frame(10.0, _GREY, index=10), discontinuity=True)
    assert not pace.holds(after)
    assert [held.at_s for held in pace.take_changed(after)] == [9.0]


def test_nothing_waits_at_a_time_when_something_is_due() -> None:
    pace = IdlePace(longest_s=2.0)
    assert _quiet(pace, 9) == [3.0, 5.0, 7.0]
    pace.rest_until(9.0)
    assert not pace.holds(frame(9.0, _GREY, index=9))


def test_a_damaged_picture_leaves_those_that_wait_waiting() -> None:
    pace = IdlePace(longest_s=2.0)
    _quiet(pace, 10)
    damaged = dataclasses.replace(frame(10.0, _GREY, index=10), picture=_Damaged(_GREY))
    with pytest.raises(PictureError):
        pace.take_changed(damaged)
    assert [held.at_s for held in pace.take_waiting()] == [9.0]


def test_short_dwell_times_shorten_the_wait() -> None:
    assert longest_wait_s((zone(dwell_s=300), zone(dwell_s=5))) == 1.0
    assert longest_wait_s((zone(dwell_s=300),)) == 2.0
    with pytest.raises(InvalidValueError, match="longest_s"):
        IdlePace(longest_s=-1.0)


class _Counting(ScriptedStanding):
    """Counts the frames it is shown."""

    shown = 0

    def update(self, frame: Frame, detections: tuple[Detection, ...] | None) -> StandingUpdate:
        self.shown += 1
        return super().update(frame, detections)

    @staticmethod
    def judged(rig: Rig) -> int:
        assert isinstance(rig.standing, _Counting)
        return rig.standing.shown


def _told(report: Report) -> tuple[object, ...]:
    photos = tuple((item.kind, item.taken_at, item.sha256) for item in report.evidence)
    times = (report.parked_at, report.violating_at, report.departed_at, report.arrived_at)
    return (report.state, report.rejection, report.plate.text, *times, photos)


@pytest.mark.parametrize(
    "script",
    [stands(2, 60), stands(11, 25), stands(20, 61), stands(20, 80)],
    ids=["from-the-start", "short-stop", "arrives-in-a-quiet-street", "stays"],
)
def test_a_paced_watch_tells_the_same_as_one_that_judges_every_frame(script: Script) -> None:
    every = Rig(script, standing=_Counting)
    paced = Rig(script, standing=_Counting, pace=IdlePace(longest_s=2.0))
    for rig in (every, paced):
        rig.play(0, 80)
        rig.watch.finish()
    assert len(every.sink.reports) >= 2
    assert [_told(said) for said in paced.sink.reports] == [_told(said) for said in every.sink.reports]
    assert _Counting.judged(paced) < 0.8 * _Counting.judged(every) == 64


def test_a_waiting_frame_is_not_decoded_and_still_tells_who_stands() -> None:
    rig = Rig(lambda at_s: (vehicle(at_s),), pace=IdlePace(longest_s=2.0), rule=zone(dwell_s=20))
    shown = street(vehicle=PLACE)
    waited = 0
    for second in range(60):
        at_s = float(second)
        if second > 40 and second % 2:
            unseen = frame(at_s, shown, index=second)
            step = rig.watch.step(dataclasses.replace(unseen, picture=_Undecoded(), detail=_Undecoded()))
            assert [standing.id for standing in step.standing] == ["v1"]
            waited += 1
            continue
        # An even index would ask the scripted memory for a look every time, which is no quiet street.
        rig.watch.step(_numbered(frame(at_s, grainy(shown, second)), 2 * second + second % 4 // 2))
    assert waited == 10


def _numbered(shown: Frame, index: int) -> Frame:
    return dataclasses.replace(shown, index=index)
