"""How well the whole engine judges the simulated scenes: events, reports, plates, camera events.

gotcha bench scenes [--limit N] [--kind KIND] [--fps 2] [--faults 2] [--video] [--workers 1] [--details]

Every scene goes through the watch that the wiring builds, with its kerbs as no-parking zones (dwell 10 s,
photo gap 5 s). Zones of the close view report only vehicles whose plate is read; plates of the wide view are
too small for that, so its zones report without. See `bench.scene_truth` for the halts that count, and
`bench.report_scoring` for the reports that are due. The faults of the 60 scenes last 8-12 s, shorter than
most have to before they are declared: they show that reports survive them. `--faults` adds scenes whose
fault lasts 20 s, for the camera events; they are not part of the totals.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import functools
import multiprocessing
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
from rich.console import Console

from bench.event_scoring import FoundHalt, Score, score
from bench.report_scoring import ReportScore, ViewScore, score_reports, score_view
from bench.scene_table import goals_met, print_scenes
from bench.scene_truth import BLINDING, clip_truth, frozen_places, viewed_halts
from bench.simulated_watch import STARTED_AT, Rules, Watched, watch_scene, watch_scene_video
from gotcha.config import parse_config
from gotcha.models import Models
from simulator.scene import Scene
from simulator.scenes import CLOSE_SIZE, SCENE_KINDS, build_scene, sixty_scenes

DWELL_S, PHOTO_GAP_S = 10.0, 5.0
EVENT_DWELLS_S = (3.0, 10.0)
FAULTY_KINDS, FAULT_S = ("nudge", "blocked", "dark", "blurred", "frozen"), 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneJob:
    """A scene to measure; with `fault_s` its camera's fault lasts that long."""

    kind: str
    seed: int
    fault_s: float | None = None

    @property
    def name(self) -> str:
        """What its row of the tables is called."""
        return self.kind if self.fault_s is None else f"{self.kind} {self.fault_s:g} s"

    def build(self) -> Scene:
        """The scene, ready to be drawn."""
        scene = build_scene(self.kind, self.seed)
        if self.fault_s is None:
            return scene
        faults = tuple(
            replace(fault, t1=fault.t0 + self.fault_s) if fault.kind in BLINDING else fault
            for fault in scene.script.faults
        )
        return Scene(replace(scene.script, faults=faults))


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneResult:
    """One scene's scores; `events` by dwell in seconds."""

    job: SceneJob
    events: dict[float, Score]
    reports: ReportScore
    view: ViewScore
    problems: tuple[str, ...]
    frames: int
    engine_cpu_s: float
    drawing_cpu_s: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when the goals are met, else 1."""
    parser = argparse.ArgumentParser(
        prog="gotcha bench scenes", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--limit", type=int, default=60, metavar="N", help="only the first N scenes")
    parser.add_argument("--kind", action="append", choices=SCENE_KINDS, help="only this kind; repeatable")
    parser.add_argument("--fps", type=float, default=2.0, help="frames a second to look at")
    parser.add_argument("--faults", type=int, default=2, metavar="N", help="scenes of each long fault")
    parser.add_argument("--video", action="store_true", help="go through H.264 files and the file source")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--details", action="store_true", help="name everything that is not as it should be")
    options = parser.parse_args(arguments)
    chosen = [SceneJob(kind=k, seed=s) for k, s in sixty_scenes() if _wanted(k, options.kind)][
        : options.limit
    ]
    chosen += [
        SceneJob(kind=kind, seed=400 + number, fault_s=FAULT_S)
        for kind in FAULTY_KINDS
        for number in range(options.faults)
        if _wanted(kind, options.kind)
    ]
    # Piped output has 80 columns by default, which would cut the tables.
    console = Console(width=max(100, Console().width))
    results: list[SceneResult] = []
    for result in _measured(
        functools.partial(measure, fps=options.fps, video=options.video), chosen, options.workers
    ):
        results.append(result)
        done = f"{len(results)}/{len(chosen)} {result.job.name} {result.job.seed}"
        console.print(f"[dim]{done}[/]", highlight=False)
    print_scenes(console, results, details=options.details)
    return 0 if goals_met(results) else 1


def measure(job: SceneJob, *, fps: float, video: bool) -> SceneResult:
    """Run one scene through the engine and compare it with its truth."""
    built = job.build()
    close = built.size == CLOSE_SIZE
    rules = Rules(dwell_s=DWELL_S, photo_gap_s=PHOTO_GAP_S, report_unread=not close)
    run = watch_scene_video if video else watch_scene
    with tempfile.TemporaryDirectory(prefix="gotcha-scene-") as folder:
        watched = run(built, _models(), rules, fps=fps, folder=Path(folder))
    truth = built.truth(fps=fps)
    halts = viewed_halts(built, truth)
    found = found_halts(watched, ends_s=(watched.frames - 1) / fps)
    frozen = frozen_places(built)
    return SceneResult(
        job=job,
        events={d: score(clip_truth(job.name, halts, d, frozen), found, d) for d in EVENT_DWELLS_S},
        reports=score_reports(
            watched.reports, halts, dwell_s=DWELL_S, needs_plate=close, started_at=STARTED_AT
        ),
        view=score_view(
            watched.camera_events, truth.camera_events, started_at=STARTED_AT, ends_s=built.duration_s
        ),
        problems=watched.problems,
        frames=watched.frames,
        engine_cpu_s=watched.engine_cpu_s,
        drawing_cpu_s=watched.drawing_cpu_s,
    )


def found_halts(watched: Watched, *, ends_s: float) -> list[FoundHalt]:
    """The standing vehicles of a run that ends at `ends_s`, as `bench.event_scoring` takes them."""
    return [
        FoundHalt(
            box=halt.box,
            arrived_s=halt.from_s,
            left_s=max(halt.from_s, ends_s if halt.to_s is None else halt.to_s),
            left=halt.to_s is not None,
        )
        for halt in watched.halts
    ]


@functools.cache
def _models() -> Models:
    """The models, opened once in each process."""
    cv2.setNumThreads(1)
    return Models(parse_config("region: KR\n", environment={}))


def _wanted(kind: str, kinds: list[str] | None) -> bool:
    return not kinds or kind in kinds


def _measured(
    job: functools.partial[SceneResult], scenes: list[SceneJob], workers: int
) -> Iterator[SceneResult]:
    if workers <= 1:
        yield from map(job, scenes)
        return
    # Spawned, not forked: the runtimes of the models have threads.
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(workers, mp_context=context) as pool:
        yield from pool.map(job, scenes)
