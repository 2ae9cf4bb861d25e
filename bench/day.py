"""Whether the engine stays the same over an 8-hour day: memory, tracker time, state, reports.

gotcha bench day [--hours 8] [--fps 1] [--wide] [--seed 1] [--details]

A simulated street from 10:00 on goes through the watch that the wiring builds, motion gate on, as fast as
it can be drawn (by a process of its own, so that memory and time are the engine's). Zones allow 60 s, photos
are 60 s apart. In the close view every report needs its plate; in the wide view plates are too small.
Resident memory is sampled every minute; medians of the first and the last hour are compared. The state is
dumped as often as a running program does it.
"""

from __future__ import annotations

import argparse
import functools
import gc
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import psutil  # type: ignore[import-untyped]
from rich.console import Console
from rich.table import Table

from bench.drawn_frames import drawn_frames
from bench.hourly import HOUR_S, Hour, TimedTracker, tracker_ratio
from bench.report_scoring import ReportScore, score_reports
from bench.scene_truth import viewed_halts
from bench.simulated_watch import CAMERA, STARTED_AT, Ledger, Rules, scene_config, scene_watch
from gotcha.camera_runner import SAVE_EVERY_S
from gotcha.models import Models
from pipeline.watch import CameraWatch
from pipeline.watch_state import dump_watch
from simulator.demo import simulated_day
from simulator.scene import Scene
from simulator.scenes import CLOSE_SIZE, WIDE_SIZE

DWELL_S, PHOTO_GAP_S = 60.0, 60.0
MOST_GROWTH, MOST_SLOWER = 1.05, 1.25
# Memory is looked up this often, and what can be seen of a halt; seconds of media time.
_SAMPLE_S = 60.0
_VIEW_STEP_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DayResult:
    """A day's measurements by hour, and its reports beside the truth."""

    hours: tuple[Hour, ...]
    reports: ReportScore
    camera_events: int
    problems: tuple[str, ...]

    @property
    def growth(self) -> float:
        """Memory of the last hour relative to the first."""
        return self.hours[-1].memory / self.hours[0].memory

    @property
    def slower(self) -> float | None:
        """Tracker time of the last hour relative to like frames of the first."""
        return tracker_ratio(self.hours[0], self.hours[-1])

    @property
    def reports_equal(self) -> bool:
        """Every report that is due is there once, and no other."""
        told = self.reports
        return not (told.missing or told.false or told.doubled or told.wrong)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when memory and time are flat and the reports equal the truth, else 1."""
    parser = argparse.ArgumentParser(
        prog="gotcha bench day", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, default=8.0, help="length of the day, 0.1-24")
    parser.add_argument("--fps", type=float, default=1.0, help="frames a second of media time")
    parser.add_argument("--wide", action="store_true", help="five places, plates too small to be read")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--details", action="store_true", help="name everything that is not as it should be")
    options = parser.parse_args(arguments)
    size, close = (WIDE_SIZE, False) if options.wide else (CLOSE_SIZE, True)
    make = functools.partial(
        simulated_day, options.seed, options.hours, size=size, close=close, fps=options.fps
    )
    # Piped output has 80 columns by default, which would fold the lines.
    console = Console(width=max(110, Console().width))
    result = measure(
        make, fps=options.fps, needs_plate=close, say=lambda text: console.print(f"[dim]{text}[/]")
    )
    _print(console, result, details=options.details)
    flat = result.growth <= MOST_GROWTH and (result.slower is None or result.slower <= MOST_SLOWER)
    return 0 if flat and result.reports_equal else 1


def measure(
    make: Callable[[], Scene], *, fps: float, needs_plate: bool, say: Callable[[str], None]
) -> DayResult:
    """Run the day that `make` (picklable) makes through the engine."""
    cv2.setNumThreads(1)
    scene = make()
    truth = scene.truth(fps=fps)
    hours = [Hour() for _ in range(max(1, round(scene.duration_s / HOUR_S)))]
    ledger = Ledger()
    with tempfile.TemporaryDirectory(prefix="gotcha-day-") as folder:
        rules = Rules(dwell_s=DWELL_S, photo_gap_s=PHOTO_GAP_S, report_unread=not needs_plate)
        config = scene_config(truth, rules, fps=fps, path=Path(folder) / "day.mp4")
        built = scene_watch(config, Models(config), ledger, Path(folder) / "evidence")
        tracker = TimedTracker(built.parts.tracker)
        watch = CameraWatch(
            camera=CAMERA,
            zones=config.zones_of(CAMERA),
            masks=(),
            analysis_long_side=config.detector.input_px,
            parts=replace(built.parts, tracker=tracker),
        )
        _run(watch, tracker, ledger, hours, make, fps, say)
    return DayResult(
        hours=tuple(hours),
        reports=score_reports(
            tuple(ledger.reports.values()),
            viewed_halts(scene, truth, _VIEW_STEP_S),
            dwell_s=DWELL_S,
            needs_plate=needs_plate,
            started_at=STARTED_AT,
        ),
        camera_events=len(ledger.camera_events),
        problems=tuple(dict.fromkeys(ledger.problems)),
    )


def _run(
    watch: CameraWatch,
    tracker: TimedTracker,
    ledger: Ledger,
    hours: list[Hour],
    make: Callable[[], Scene],
    fps: float,
    say: Callable[[str], None],
) -> None:
    process = psutil.Process()
    sampled_s = saved_s = 0.0
    number = 0
    with drawn_frames(make, fps) as frames:
        for frame in frames:
            now = min(len(hours) - 1, int(frame.at_s / HOUR_S))
            if now != number:
                say(_line(number, hours[number]))
                number = now
            hour = hours[now]
            begun = time.thread_time()
            step = watch.step(frame)
            hour.engine_s += time.thread_time() - begun
            ledger.step(step)
            hour.frames += 1
            hour.looks += step.detections is not None
            hour.tracker_s[len(step.standing), step.detections is not None].append(tracker.take_s())
            if frame.at_s - saved_s >= SAVE_EVERY_S:
                saved_s = frame.at_s
                hour.state_bytes = len(dump_watch(watch) or b"")
            if frame.at_s - sampled_s >= _SAMPLE_S:
                sampled_s = frame.at_s
                # What waits for the collector is no leak.
                gc.collect()
                hour.rss.append(process.memory_info().rss)
    watch.finish()
    say(_line(number, hours[number]))


def _line(number: int, hour: Hour) -> str:
    return (
        f"hour {number + 1}: {hour.memory / 1e6:.1f} MB, state {hour.state_bytes / 1e3:.0f} kB, "
        f"engine {1000 * hour.engine_s / hour.frames:.1f} ms a frame, "
        f"detector on {hour.looks / hour.frames:.0%}, "
        f"tracker {hour.tracker_ms:.2f} ms with {hour.standing:.1f} standing"
    )


def _print(console: Console, result: DayResult, *, details: bool) -> None:
    table = Table(title=f"A simulated day of {len(result.hours)} h")
    heads = ("hour", "memory MB", "state kB", "engine ms", "detector runs", "tracker ms", "standing")
    for head in heads:
        table.add_column(head, justify="right")
    for number, hour in enumerate(result.hours, start=1):
        table.add_row(
            str(number),
            f"{hour.memory / 1e6:.1f}",
            f"{hour.state_bytes / 1e3:.0f}",
            f"{1000 * hour.engine_s / hour.frames:.1f}",
            f"{hour.looks / hour.frames:.0%}",
            f"{hour.tracker_ms:.2f}",
            f"{hour.standing:.1f}",
        )
    console.print(table)
    slower = "not comparable" if result.slower is None else f"{result.slower:.2f}"
    console.print(f"Last hour to first: memory {result.growth:.3f}, tracker time for like frames {slower}.")
    told = result.reports
    console.print(
        f"Reports: due {told.due}, right {told.right}, missing {len(told.missing)}, false {len(told.false)}, "
        f"doubled {len(told.doubled)}; repeats suppressed {told.repeats}. "
        f"Plates: {told.plates}, exact {told.exact}, unread {len(told.unread)}, wrong {len(told.wrong)}."
    )
    console.print("Rejected: " + (", ".join(f"{why} {n}" for why, n in told.rejected.items()) or "nothing"))
    if result.camera_events:
        console.print(f"Camera events: {result.camera_events}, where none is true.")
    if details:
        for name in ("missing", "false", "doubled", "unread", "wrong"):
            for line in getattr(told, name):
                console.print(f"{name}: {line}", markup=False, highlight=False)
        for problem in result.problems:
            console.print(f"problem: {problem}", markup=False, highlight=False)
