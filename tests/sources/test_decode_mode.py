from typing import Any

import pytest

from pipeline.errors import InvalidValueError
from sources.clocks import Clocks
from sources.decode_mode import DecodeChooser, DecodeMode, DecodeOptions, Pace, Use
from sources.notifier import Notifier
from tests.sources.media import Notices


def uses(
    chooser: DecodeChooser, *, begin_s: float, end_s: float, key_every_s: float, step_s: float = 0.1
) -> list[Use]:
    steps = range(round(begin_s / step_s), round(end_s / step_s))
    every = round(key_every_s / step_s)
    return [
        chooser.choose(at_s=step * step_s, is_key=step % every == 0, discontinuity=False) for step in steps
    ]


def made(mode: DecodeMode, *, fps: float = 2.0, **limits: Any) -> tuple[DecodeChooser, Notices]:
    notices = Notices()
    options = DecodeOptions(mode=mode, analysis_fps=fps, **limits)
    return DecodeChooser(options, Notifier("c", notices, Clocks())), notices


@pytest.mark.parametrize("fps", [0.5, 1.0, 2.0, 7.0])
@pytest.mark.parametrize("camera_fps", [7.0, 10.0, 25.0, 29.97])
def test_the_pace_holds_over_minutes(fps: float, camera_fps: float) -> None:
    pace = Pace(fps)
    handed = sum(pace.is_due(index / camera_fps) for index in range(int(camera_fps * 120)))
    assert handed == pytest.approx(120 * min(fps, camera_fps), rel=0.02, abs=1)


def test_the_pace_does_not_hurry_after_a_gap() -> None:
    pace = Pace(1.0)
    assert [pace.is_due(at_s) for at_s in (0.0, 60.0, 60.5, 61.0)] == [True, True, False, True]


def test_keyframes_only_takes_nothing_else_and_thins_them_to_the_pace() -> None:
    chooser, notices = made("keyframes", fps=0.5)
    chosen = uses(chooser, begin_s=0, end_s=10, key_every_s=1)
    assert [index for index, use in enumerate(chosen) if use is Use.ALONE] == [0, 20, 40, 60, 80]
    assert Use.RUNNING not in chosen
    assert notices.texts("decode") == "decodes keyframes only, as configured"


def test_all_begins_with_a_keyframe() -> None:
    chooser, _ = made("all")
    chosen = uses(chooser, begin_s=0.5, end_s=3, key_every_s=1)
    assert chosen[:5] == [Use.SKIP] * 5
    assert set(chosen[5:]) == {Use.RUNNING}


def test_auto_takes_keyframes_where_they_come_often_enough() -> None:
    chooser, notices = made("auto", longest_keyframe_interval_s=2.0)
    chosen = uses(chooser, begin_s=0, end_s=10, key_every_s=1)
    assert set(chosen[:20]) == {Use.RUNNING}
    assert [index for index, use in enumerate(chosen) if use is Use.ALONE] == [20, 30, 40, 50, 60, 70, 80, 90]
    assert notices.texts("decode").startswith("decodes keyframes only: keyframes come 1.0 s apart")


def test_auto_decodes_all_where_keyframes_are_rare_and_says_so_once() -> None:
    chooser, notices = made("auto", longest_keyframe_interval_s=2.0)
    chosen = uses(chooser, begin_s=0, end_s=30, key_every_s=10)
    assert set(chosen) == {Use.RUNNING}
    assert notices.kinds() == ["decode"]
    assert "decodes every frame: keyframes come more than 2." in notices[0].text


def test_auto_decides_anew_when_the_camera_is_set_otherwise() -> None:
    chooser, notices = made("auto", longest_keyframe_interval_s=2.0)
    uses(chooser, begin_s=0, end_s=10, key_every_s=1)
    rare = uses(chooser, begin_s=10, end_s=31, key_every_s=10)
    # What follows a skipped keyframe cannot be decoded: it waits for the next one.
    assert rare[30:100] == [Use.SKIP] * 70
    assert set(rare[100:]) == {Use.RUNNING}
    often = uses(chooser, begin_s=31, end_s=50, key_every_s=1)
    assert often[-10:].count(Use.ALONE) == 1
    assert [("keyframes only" in notice.text) for notice in notices] == [True, False, True]


def test_a_gap_is_no_keyframe_interval() -> None:
    chooser, notices = made("auto", longest_keyframe_interval_s=2.0)
    uses(chooser, begin_s=0, end_s=10, key_every_s=1)
    assert chooser.choose(at_s=500.0, is_key=True, discontinuity=True) is Use.ALONE
    assert len(notices) == 1


def test_keyframes_that_stay_away_are_said_once() -> None:
    chooser, notices = made("keyframes", longest_keyframe_interval_s=2.0)
    uses(chooser, begin_s=0, end_s=60, key_every_s=100)
    assert notices.kinds() == ["decode", "decode", "decode"]
    assert "no keyframe for 20 s" in notices[2].text


def test_keyframes_too_rare_for_the_zones_are_said_once_until_they_come_often_again() -> None:
    """Keyframes every 4 s were taken as configured without a word, and short stops were missed."""
    chooser, notices = made("keyframes", longest_keyframe_interval_s=2.0)
    uses(chooser, begin_s=0, end_s=40, key_every_s=4)
    assert len(notices) == 2
    assert "keyframes come more than 2.0 s apart" in notices[1].text
    uses(chooser, begin_s=40, end_s=60, key_every_s=2)
    assert len(notices) == 2
    uses(chooser, begin_s=60, end_s=90, key_every_s=4)
    assert len(notices) == 3


@pytest.mark.parametrize(
    "options", [{"mode": "some"}, {"analysis_fps": 0.0}, {"longest_keyframe_interval_s": 0.0}]
)
def test_absurd_options_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(InvalidValueError, match="expected"):
        DecodeOptions(**options)  # type: ignore[arg-type]
