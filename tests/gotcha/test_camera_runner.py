"""One camera's run: when it ends, what it keeps, and what it leaves to another program."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from gotcha.camera_runner import CameraRunner
from gotcha.camera_setup import CameraSetup
from pipeline.errors import PictureError
from pipeline.frame import Frame, NoticeSink
from pipeline.report import Report, ReportState
from pipeline.watch_step import WatchStep
from sources.clocks import Clocks
from sources.notifier import Notifier
from sources.packet_decoder import OnDemandPicture
from sources.video_picture import VideoPicture
from tests.pipeline.fakes import MemoryEvidence, MemorySink, frame, street
from tests.pipeline.rig import PLACE, Rig, stands


class Seconds:
    """A source with a frame for each second, a vehicle in it."""

    def __init__(self, first: int, last: int) -> None:
        self._seconds = range(first, last)

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        for second in self._seconds:
            if stop.is_set():
                return
            noise = np.random.default_rng(second).integers(-2, 3, (480, 853, 3))
            shown = street(vehicle=PLACE if second >= 4 else None).astype(int) + noise
            yield frame(float(second), np.asarray(np.clip(shown, 0, 255), dtype=np.uint8), index=second)

    def clip(self, from_s: float, to_s: float) -> bytes | None:
        return None


@dataclass
class DictMemory:
    states: dict[str, bytes] = field(default_factory=dict)
    saved: list[bytes] = field(default_factory=list)

    def save(self, camera: str, state: bytes) -> None:
        self.states[camera] = state
        self.saved.append(state)

    def load(self, camera: str) -> bytes | None:
        return self.states.get(camera)

    def set_aside(self, camera: str) -> None:
        self.states.pop(camera)

    def take_accepted_view(self, camera: str) -> bool:
        return False


class Watched:
    """A runner over a scripted watch; `allowed_s`: until when it may watch."""

    def __init__(
        self,
        seconds: tuple[int, int],
        *,
        memory: DictMemory | None = None,
        evidence: MemoryEvidence | None = None,
        sink: MemorySink | None = None,
        allowed_s: float = float("inf"),
    ) -> None:
        self.rig = Rig(stands(2, 1000), evidence=evidence, sink=sink)
        self.memory = memory or DictMemory()
        self.now_s = 0.0
        self.told: list[Report] = []
        setup = CameraSetup(
            name="gate",
            live=False,
            source=lambda _notices: Seconds(*seconds),
            watch=lambda _source: self.rig.watch,
            memory=self.memory,
            may_watch=lambda: self.now_s < allowed_s,
        )
        self.runner = CameraRunner(setup, self._seen)

    def _seen(self, camera: str, frame: Frame, step: WatchStep) -> None:
        self.now_s = frame.at_s
        self.told.extend(step.reports)

    def run(self) -> Watched:
        self.runner.run(threading.Event())
        return self


def test_footage_that_ends_is_over_and_judged() -> None:
    watched = Watched((0, 15)).run()
    assert watched.runner.footage_over
    assert watched.rig.states == [ReportState.TEMPORARY, ReportState.REJECTED]


def test_what_is_judged_at_the_end_of_a_file_is_told_like_the_rest() -> None:
    """The log and the summary knew nothing of reports that were made or rejected once a file had ended."""
    watched = Watched((0, 15)).run()
    assert [report.state for report in watched.told] == watched.rig.states


def test_pictures_that_the_source_itself_refused_are_counted_as_damaged() -> None:
    """The summary said `damaged 0` beside a log full of damaged pictures: they never came as frames."""
    rig = Rig(stands(2, 1000))

    def refusing(sink: NoticeSink) -> Seconds:
        clocks = Clocks(monotonic=lambda: 1000.0)
        notifier = Notifier("gate", sink, clocks)
        for _ in range(3):
            notifier.damaged("the camera sent a cut JPEG")
        return Seconds(0, 3)

    setup = CameraSetup(name="gate", live=False, source=refusing, watch=lambda _: rig.watch, memory=None)
    runner = CameraRunner(setup, lambda *_: None)
    runner.run(threading.Event())
    assert runner.counts.damaged == 3
    assert runner.counts.frames == 3


def test_a_damaged_picture_that_was_opened_on_demand_counts_once() -> None:
    """It counted twice: its source told of it while the watch failed over it."""
    rig = Rig(stands(2, 1000))

    class Damaged(Seconds):
        def __init__(self, sink: NoticeSink | None) -> None:
            super().__init__(0, 4)
            self._notifier = Notifier("gate", sink, Clocks(monotonic=lambda: 1000.0))

        def _opened(self) -> VideoPicture:
            self._notifier.damaged("a damaged h264 keyframe")
            raise PictureError("a damaged h264 keyframe")

        def frames(self, stop: threading.Event) -> Iterator[Frame]:
            for one in super().frames(stop):
                picture = OnDemandPicture(self._opened)
                yield replace(one, picture=picture, detail=picture) if one.index in (1, 3) else one

    for told in (True, False):
        setup = CameraSetup(
            name="gate",
            live=False,
            source=lambda sink, told=told: Damaged(sink if told else None),  # type: ignore[misc]
            watch=lambda _: rig.watch,
            memory=None,
        )
        runner = CameraRunner(setup, lambda *_: None)
        runner.run(threading.Event())
        assert runner.counts.frames == 4
        assert runner.counts.damaged == 2


def test_who_may_no_longer_watch_stops_at_the_next_frame_and_judges_nothing() -> None:
    watched = Watched((0, 60), allowed_s=15.0).run()
    assert watched.runner.counts.frames == 16
    assert not watched.runner.footage_over
    assert watched.rig.states == [ReportState.TEMPORARY]
    assert watched.memory.states.keys() == {"gate"}


def test_who_may_not_watch_at_all_looks_at_nothing_and_keeps_nothing() -> None:
    watched = Watched((0, 60), allowed_s=0.0).run()
    assert watched.runner.counts.frames == 0
    assert watched.memory.saved == []


def test_a_case_is_kept_in_the_step_that_opened_it() -> None:
    """A program killed right after photo 1 must go on with that report, not make another."""
    first = Watched((0, 9), allowed_s=7.0)
    reported = first.run().rig.sink.reports
    assert [report.state for report in reported] == [ReportState.TEMPORARY]
    # As if it had been killed there: what the step kept, not what the end of the run did.
    kept = DictMemory({"gate": first.memory.saved[-2]})
    second = Watched((9, 60), memory=kept, evidence=first.rig.evidence, sink=first.rig.sink).run()
    finals = [report for report in second.rig.sink.reports if report.state is ReportState.FINAL]
    assert {report.id for report in finals} == {reported[0].id}
