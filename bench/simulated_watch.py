"""A simulated scene through the whole engine: the watch of the wiring, frames straight from the scene."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gotcha.analysis import analyze_file
from gotcha.config import Config, parse_config
from gotcha.models import Models
from gotcha.video_findings import Halt
from gotcha.wiring import build_watch
from pipeline.errors import PictureError
from pipeline.frame import Frame
from pipeline.picture import ArrayPicture
from pipeline.report import CameraEvent, Report
from pipeline.standing import StandingVehicle
from pipeline.watch import CameraWatch
from pipeline.watch_step import WatchStep
from simulator.scene import Scene
from simulator.truth import SceneTruth
from simulator.video import write_video
from storage.evidence_folder import EvidenceFolder

CAMERA = "street"
STARTED_AT = datetime(2026, 5, 4, 1, 0, tzinfo=UTC)
"""When second 0 of a scene is filmed; 10:00 in Seoul."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a zone of a scene forbids; None takes the zone kind's own.

    Attributes:
        dwell_s: seconds a vehicle may stand.
        photo_gap_s: least seconds between the photos.
        report_unread: whether a vehicle whose plate stays unread is reported too.
    """

    dwell_s: float | None
    photo_gap_s: float | None
    report_unread: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What the engine made of a scene.

    Attributes:
        halts: every standing vehicle, by arrival.
        reports: the last revision of every report.
        camera_events: moved, blocked, dark, ... and back.
        problems: what went wrong, one sentence each.
        frames: how many frames were looked at.
        engine_cpu_s: CPU seconds of the engine (with `--video`, of decoding and engine).
        drawing_cpu_s: CPU seconds of the simulator.
    """

    halts: tuple[Halt, ...]
    reports: tuple[Report, ...]
    camera_events: tuple[CameraEvent, ...]
    problems: tuple[str, ...]
    frames: int
    engine_cpu_s: float
    drawing_cpu_s: float


class Ledger:
    """Takes what the engine says, as sink and observer, and keeps the last word on each."""

    def __init__(self) -> None:
        self.reports: dict[str, Report] = {}
        self.camera_events: list[CameraEvent] = []
        self.problems: list[str] = []
        self._standing: dict[str, StandingVehicle] = {}
        self._left_s: dict[str, float] = {}

    def offer(self, item: Report | CameraEvent) -> None:
        """Keep a report or camera event."""
        if isinstance(item, Report):
            self.reports[item.id] = item
        else:
            self.camera_events.append(item)

    def step(self, step: WatchStep) -> None:
        """Keep what a frame led to."""
        self.problems += step.problems
        for vehicle in step.standing:
            self._standing[vehicle.id] = vehicle
        for departure in step.departed:
            self._standing[departure.vehicle.id] = departure.vehicle
            self._left_s[departure.vehicle.id] = departure.left_s

    def halts(self) -> tuple[Halt, ...]:
        """Every vehicle that stood, by arrival."""
        found = (
            Halt(
                vehicle_id=vehicle.id,
                label=vehicle.label,
                score=vehicle.score,
                box=vehicle.box,
                from_s=vehicle.arrived_s,
                to_s=self._left_s.get(vehicle.id),
                since_start=vehicle.since_start,
            )
            for vehicle in self._standing.values()
        )
        return tuple(sorted(found, key=lambda halt: (halt.from_s, halt.vehicle_id)))


def scene_config(truth: SceneTruth, rules: Rules, *, fps: float, path: Path) -> Config:
    """The configuration that watches a scene, written and checked as a user's is.

    Args:
        truth: of the scene; its zones are watched.
        rules: of every zone.
        fps: frames a second to look at.
        path: of the scene's video; need not exist when its frames are given by hand.
    """
    lines = [
        "region: KR",
        "state_dir: state",
        "evidence: {clip_before_s: 1, clip_after_s: 1}",
        "cameras:",
        f"  {CAMERA}:",
        "    kind: file",
        f"    path: {path}",
        f"    started_at: {STARTED_AT.isoformat()}",
        "    decode: all",
        f"    analysis_fps: {fps:g}",
        "    zones:",
    ]
    for zone in truth.zones:
        corners = ", ".join(f"[{p.x:.4f}, {p.y:.4f}]" for p in zone.polygon.points)
        lines += [f"      - name: {zone.name}", f"        kind: {zone.kind}", f"        polygon: [{corners}]"]
        lines += [f"        report_unread: {str(rules.report_unread).lower()}"]
        if rules.dwell_s is not None:
            lines.append(f"        dwell_s: {rules.dwell_s:g}")
        if rules.photo_gap_s is not None:
            lines.append(f"        photo_gap_s: {rules.photo_gap_s:g}")
    return parse_config("\n".join(lines) + "\n", name="scene.yaml", folder=path.parent, environment={})


def scene_watch(config: Config, models: Models, ledger: Ledger, folder: Path) -> CameraWatch:
    """The watch of a scene; evidence goes to `folder`, and no clips are cut as nothing is encoded."""
    return build_watch(
        config,
        CAMERA,
        models=models,
        evidence=EvidenceFolder(folder),
        sink=ledger,
        cut=lambda _from_s, _to_s: None,
    )


def scene_frames(scene: Scene, fps: float) -> Iterator[Frame]:
    """The scene's frames, `fps` a second, drawn one at a time."""
    for index in range(max(1, round(scene.duration_s * fps))):
        at_s = index / fps
        picture = ArrayPicture(scene.frame(at_s))
        yield Frame(
            camera=CAMERA,
            index=index,
            at_s=at_s,
            taken_at=STARTED_AT + timedelta(seconds=at_s),
            picture=picture,
            detail=picture,
        )


def watch_scene(scene: Scene, models: Models, rules: Rules, *, fps: float, folder: Path) -> Watched:
    """Run a scene through the engine; no video is encoded."""
    config = scene_config(scene.truth(fps=fps), rules, fps=fps, path=folder / "scene.mp4")
    ledger = Ledger()
    watch = scene_watch(config, models, ledger, folder / "evidence")
    frames, engine_s, begun = 0, 0.0, time.process_time()
    for frame in scene_frames(scene, fps):
        frames += 1
        before = time.process_time()
        try:
            ledger.step(watch.step(frame))
        except PictureError as error:
            ledger.problems.append(str(error))
        engine_s += time.process_time() - before
    watch.finish()
    return Watched(
        halts=ledger.halts(),
        reports=tuple(ledger.reports.values()),
        camera_events=tuple(ledger.camera_events),
        problems=tuple(dict.fromkeys(ledger.problems)),
        frames=frames,
        engine_cpu_s=engine_s,
        drawing_cpu_s=time.process_time() - begun - engine_s,
    )


def watch_scene_video(scene: Scene, models: Models, rules: Rules, *, fps: float, folder: Path) -> Watched:
    """The same through an H.264 file and the file source: compression and clips included."""
    path = folder / "scene.mp4"
    begun = time.process_time()
    truth = write_video(scene, path)
    drawn = time.process_time()
    result = analyze_file(
        scene_config(truth, rules, fps=fps, path=path),
        path,
        lambda _at_s, _length_s: None,
        threading.Event(),
        evidence=EvidenceFolder(folder / "evidence"),
        root="scene",
        models=models,
    )
    return Watched(
        halts=result.halts,
        reports=result.reports,
        camera_events=result.camera_events,
        problems=tuple(n for n in result.notices if n.startswith("damaged")),
        frames=result.frames,
        engine_cpu_s=time.process_time() - drawn,
        drawing_cpu_s=drawn - begun,
    )
