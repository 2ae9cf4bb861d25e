"""Analysing one video through the engine that watches the cameras: the same footage, the same events."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gotcha.annotation import AnnotatedVideo
from gotcha.config import Config
from gotcha.models import Models
from gotcha.source_wiring import build_source
from gotcha.wiring import build_watch
from pipeline.detection import ObjectClass
from pipeline.errors import PictureError, SourceError
from pipeline.frame import Frame, SourceNotice
from pipeline.geometry import Box
from pipeline.report import CameraEvent, Report
from pipeline.standing import StandingVehicle
from pipeline.watch import WatchStep
from sources.frame_buffer import FrameBuffer
from sources.video_length import video_length_s
from storage.evidence_folder import EvidenceFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """A vehicle that stood somewhere in the video, in a zone or not.

    Attributes:
        vehicle_id: its id within the video.
        label: its class.
        score: best detector score, 0-1.
        box: where it stood, pixels of the full frame.
        from_s, to_s: media times of the first and last moment it stood; `to_s` None when it still stood at
            the end.
        since_start: it stood there in the first frame already.
    """

    vehicle_id: str
    label: ObjectClass
    score: float
    box: Box
    from_s: float
    to_s: float | None
    since_start: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisResult:
    """What was found in a video.

    Attributes:
        path: the video.
        started_at: when it was filmed, as far as known.
        analysed_s: media time of the last frame that was looked at.
        frames: how many frames were looked at.
        halts: every standing vehicle, by arrival.
        reports: the last revision of every report.
        camera_events: moved, blocked, dark, ...
        notices: what the source had to say (decode mode, damage, where it ended).
        evidence: the folder the reports' evidence lies in.
    """

    path: Path
    started_at: datetime | None
    analysed_s: float
    frames: int
    halts: tuple[Halt, ...]
    reports: tuple[Report, ...]
    camera_events: tuple[CameraEvent, ...]
    notices: tuple[str, ...]
    evidence: Path


class _Collector:
    """Takes what the engine says and keeps the last word on each."""

    def __init__(self) -> None:
        self.reports: dict[str, Report] = {}
        self.events: list[CameraEvent] = []
        self.notices: list[str] = []
        self._standing: dict[str, StandingVehicle] = {}
        self._left_s: dict[str, float] = {}

    def offer(self, item: Report | CameraEvent) -> None:
        if isinstance(item, Report):
            self.reports[item.id] = item
        else:
            self.events.append(item)

    def notice(self, notice: SourceNotice) -> None:
        self.notices.append(f"{notice.kind}: {notice.text}")

    def step(self, step: WatchStep) -> None:
        for vehicle in step.standing:
            self._standing[vehicle.id] = vehicle
        for departure in step.departed:
            self._standing[departure.vehicle.id] = departure.vehicle
            self._left_s[departure.vehicle.id] = departure.left_s

    def halts(self) -> tuple[Halt, ...]:
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


def analyze_file(
    config: Config,
    path: Path,
    progress: Callable[[float, float], None],
    stop: threading.Event,
    *,
    annotated: Path | None = None,
    evidence: Path | None = None,
    models: Models | None = None,
) -> AnalysisResult:
    """Analyse a video.

    Args:
        config: settings whose one camera is the video (see `Config.for_file`).
        path: the video.
        progress: is told the media time and the length of the video, seconds, after every frame; a length of
            0 is unknown.
        stop: ends the analysis early; the result says how far it came.
        annotated: where to write a copy with boxes, zones and clocks drawn, if wanted.
        evidence: folder for photos and clips; by default one of the video's name in the state folder.
        models: models that are open already.

    Raises:
        SourcePermanentError: the file is no video.
        SourceError: it is one, but nothing of it can be decoded, or the annotated copy cannot be written.
        ModelError: the models cannot be opened.
    """
    (name,) = config.cameras
    evidence = evidence or config.state_dir / "analyses" / path.stem
    length_s = video_length_s(path)
    found = _Collector()
    source = build_source(config, name, notices=found.notice)
    watch = build_watch(
        config,
        name,
        models=models or Models(config),
        evidence=EvidenceFolder(evidence),
        sink=found,
        cut=source.clip,
    )
    frames, last = 0, None
    with contextlib.ExitStack() as stack:
        drawing = None
        if annotated is not None:
            drawing = stack.enter_context(
                AnnotatedVideo(annotated, config.zones_of(name), config.time_zone_of(name))
            )
        for frame in FrameBuffer(source, live=False).frames(stop):
            frames, last = frames + 1, frame
            try:
                step = watch.step(frame)
            except PictureError as error:
                found.notices.append(f"damaged: {error}")
                continue
            found.step(step)
            if drawing is not None:
                drawing.add(frame, step, tuple(found.reports.values()))
            progress(frame.at_s, length_s)
    if last is None and not stop.is_set():
        raise SourceError(f"{path} holds no frame that can be decoded. {' '.join(found.notices)}".strip())
    if last is not None and not stop.is_set():
        watch.finish()
    return _result(path, found, last, frames, evidence)


def _result(path: Path, found: _Collector, last: Frame | None, frames: int, evidence: Path) -> AnalysisResult:
    return AnalysisResult(
        path=path,
        started_at=None if last is None else last.started_at,
        analysed_s=0.0 if last is None else last.at_s,
        frames=frames,
        halts=found.halts(),
        reports=tuple(found.reports.values()),
        camera_events=tuple(found.events),
        notices=tuple(found.notices),
        evidence=evidence,
    )
