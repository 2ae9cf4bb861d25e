"""Looking at cameras once: what is found of each, while the others go on."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from gotcha.check import CameraFindings, CameraToCheck, cameras_to_check, check_cameras
from gotcha.config import parse_config
from pipeline.errors import SourcePermanentError
from pipeline.frame import Frame, NoticeSink, SourceNotice
from pipeline.geometry import Size
from pipeline.picture import ArrayPicture

BEGAN = datetime(2026, 5, 1, tzinfo=UTC)
ZONES = parse_config(
    "cameras: {gate: {kind: webcam, zones: [{name: corner, kind: crosswalk, "
    "polygon: [[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]]}]}}",
    environment={},
).zones_of("gate")

Say = Callable[[str, str], None]
Script = Callable[[Say, threading.Event], Iterator[Frame]]


class ScriptedSource:
    """A `FrameSource` that does what a script says."""

    def __init__(self, script: Script, sink: NoticeSink) -> None:
        self._script = script
        self._sink = sink

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        def say(kind: str, text: str) -> None:
            self._sink(SourceNotice(camera="gate", at=BEGAN, kind=kind, text=text))

        return self._script(say, stop)

    def clip(self, _from_s: float, _to_s: float, /) -> bytes | None:
        return None


def frame(index: int, at_s: float) -> Frame:
    detail = ArrayPicture(np.full((360, 640, 3), 90, dtype=np.uint8))
    small = ArrayPicture(np.full((180, 320, 3), 90, dtype=np.uint8))
    return Frame(
        camera="gate",
        index=index,
        at_s=at_s,
        taken_at=BEGAN + timedelta(seconds=at_s),
        picture=small,
        detail=detail,
    )


def good(say: Say, stop: threading.Event) -> Iterator[Frame]:
    say("connected", "sends h264 640x360 at 25 fps")
    for index in range(5):
        yield frame(index, index * 0.1)
    say("decode", "decodes keyframes only: keyframes come 0.5 s apart")
    for index in range(5, 100):
        yield frame(index, index * 0.5)


def silent(say: Say, stop: threading.Event) -> Iterator[Frame]:
    stop.wait(60)
    yield from ()


def refused(say: Say, stop: threading.Event) -> Iterator[Frame]:
    say("refused", "cam refuses the user name or the password (401)")
    stop.wait(60)
    yield from ()


def lost(say: Say, stop: threading.Event) -> Iterator[Frame]:
    say("lost", "nothing answers at cam:554; trying again in 1 s and from then on")
    stop.wait(60)
    yield from ()


def failing(error: Exception) -> Frame:
    raise error


def broken(say: Say, stop: threading.Event) -> Iterator[Frame]:
    return map(failing, [SourcePermanentError("street.mp4: there is no such file")])


def buggy(say: Say, stop: threading.Event) -> Iterator[Frame]:
    return map(failing, [ZeroDivisionError("rtsp://admin:hunter2@cam")])


def checked(folder: Path, *scripts: Script, within_s: float = 30.0) -> list[CameraFindings]:
    cameras = tuple(
        CameraToCheck(
            name=f"c{number}",
            source=functools.partial(ScriptedSource, script),
            zones=ZONES,
            masks=(),
            chooses_decoding=True,
        )
        for number, script in enumerate(scripts)
    )
    found: list[CameraFindings] = []
    check_cameras(cameras, folder=folder, stop=threading.Event(), within_s=within_s, tell=found.append)
    return found


def test_a_good_camera(tmp_path: Path) -> None:
    (found,) = checked(tmp_path / "check", good)
    assert found.problem == ""
    assert found.size == Size(width=640, height=360)
    assert found.analysis_size == Size(width=320, height=180)
    assert found.analysed_fps == pytest.approx(2.0)
    assert [notice.kind for notice in found.notices] == ["connected", "decode"]


def test_the_zones_are_drawn_where_they_are(tmp_path: Path) -> None:
    (found,) = checked(tmp_path, good)
    assert found.picture == tmp_path / "c0.jpg"
    image = cv2.imread(str(found.picture))
    assert image is not None
    assert image.shape == (360, 640, 3)
    # The zone reaches from a quarter to three quarters; outside it the picture is as it was.
    changed = np.abs(image.astype(int) - 90).max(axis=2) > 12
    assert changed[95:265, 165:475].mean() > 0.9
    assert changed[:80].mean() < 0.01
    assert changed[:, :150].mean() < 0.01


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        (silent, "no picture within 0.5 s"),
        (lost, "nothing answers at cam:554"),
        (broken, "street.mp4: there is no such file"),
    ],
)
def test_a_camera_that_sends_nothing(tmp_path: Path, script: Script, problem: str) -> None:
    (found,) = checked(tmp_path, script, within_s=0.5)
    assert (found.problem, found.picture) == (problem, None)


def test_a_camera_that_sleeps_is_not_said_to_be_broken(tmp_path: Path) -> None:
    """It sends a picture a minute, and was looked at for 20 seconds."""
    config = parse_config(f"state_dir: {tmp_path}\ncameras: {{lane: {{kind: device, interval_s: 90}}}}")
    found: list[CameraFindings] = []
    check_cameras(
        cameras_to_check(config), folder=tmp_path, stop=threading.Event(), within_s=0.5, tell=found.append
    )
    assert found[0].problem.startswith(
        "no picture waits, and none came within 0.5 s: it sleeps 90 s between two"
    )
    assert "gotcha device list" in found[0].problem


def test_a_refusal_is_not_waited_for(tmp_path: Path) -> None:
    began = time.monotonic()
    (found,) = checked(tmp_path, refused, within_s=60)
    assert found.problem == "cam refuses the user name or the password (401)"
    assert time.monotonic() - began < 10


def test_a_bug_in_one_source_hides_no_other_and_no_password(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = checked(tmp_path, buggy, good)
    assert first.problem == "an unexpected error: ZeroDivisionError"
    assert second.problem == ""
    assert "c0: an unexpected error" in caplog.messages


def test_stop_ends_it_at_once(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    camera = CameraToCheck(
        name="c0",
        source=functools.partial(ScriptedSource, silent),
        zones=(),
        masks=(),
        chooses_decoding=False,
    )
    found: list[CameraFindings] = []
    began = time.monotonic()
    check_cameras((camera,), folder=tmp_path, stop=stop, within_s=60, tell=found.append)
    assert time.monotonic() - began < 10
    assert len(found) == 1
