"""Frames that come while a clip is encoded wait: a camera that sends JPEGs loses none by that."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gotcha.camera_runner import CameraRunner
from gotcha.camera_setup import CameraSetup
from gotcha.config import Config, load_config
from gotcha.source_wiring import frames_waiting
from pipeline.frame import Frame
from pipeline.watch_step import WatchStep
from tests.pipeline.fakes import frame as shown_at
from tests.pipeline.fakes import street
from tests.pipeline.rig import Rig

FPS = 10


class Burst:
    """Sends a frame, and once that is being analysed those of three seconds before the analysis goes on."""

    def __init__(self) -> None:
        self.busy, self.sent = threading.Event(), threading.Event()

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        picture = street()
        yield shown_at(0.0, picture)
        assert self.busy.wait(30)
        for number in range(1, 3 * FPS + 1):
            yield shown_at(number / FPS, picture, index=number)
        self.sent.set()

    def clip(self, from_s: float, to_s: float) -> bytes | None:
        return None


def _config(folder: Path, camera: str) -> Config:
    (folder / "config.yaml").write_text(f"cameras:\n  gate: {camera}\n")
    return load_config(folder / "config.yaml")


def test_no_frame_is_lost_while_a_clip_is_encoded(tmp_path: Path) -> None:
    """At 10 pictures a second the four that could wait came in less time than a clip takes."""
    config = _config(tmp_path, f"{{kind: esp32cam, url: 'http://127.0.0.1:1', analysis_fps: {FPS}}}")
    burst, seen = Burst(), []

    def observe(camera: str, frame: Frame, step: WatchStep) -> None:
        seen.append(frame.index)
        burst.busy.set()
        assert burst.sent.wait(30)

    setup = CameraSetup(
        name="gate",
        live=True,
        source=lambda _notices: burst,
        watch=lambda _source: Rig(lambda _at_s: ()).watch,
        memory=None,
        waiting=frames_waiting(config.camera("gate")),
    )
    runner = CameraRunner(setup, observe)
    runner.run(threading.Event())
    assert runner.counts.dropped == 0
    assert seen == list(range(3 * FPS + 1))


@pytest.mark.parametrize(
    ("camera", "waiting"),
    [
        ("{kind: esp32cam, url: 'http://127.0.0.1:1'}", 6),
        ("{kind: stills, url: 'http://127.0.0.1:1/x.jpg', interval_s: 0.2}", 15),
        ("{kind: stills, url: 'http://127.0.0.1:1/x.jpg'}", 4),
        # Its pictures are decoded as they come, and its clips are cut without decoding.
        ("{kind: rtsp, url: 'rtsp://127.0.0.1:1/x', analysis_fps: 10}", 4),
    ],
)
def test_how_many_wait_follows_from_the_pace(tmp_path: Path, camera: str, waiting: int) -> None:
    assert frames_waiting(_config(tmp_path, camera).camera("gate")) == waiting
