"""Analysing one video through the engine that watches the cameras: the same footage, the same events."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gotcha.config import Config
from gotcha.config_cameras import FileCamera
from gotcha.models import Models
from gotcha.source_wiring import build_source
from gotcha.video_findings import Findings, Halt, ParkedInterval, ZoneEvent
from gotcha.wiring import build_watch
from jobs.evidence_outage import OutageWatch
from pipeline.errors import PictureError, SourceError
from pipeline.frame import Frame
from pipeline.report import CameraEvent, EvidenceStore, Report
from sources.frame_buffer import FrameBuffer
from sources.video_date import DateFrom, who_dates
from sources.video_length import video_length_s


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisResult:
    """What was found in a video.

    Attributes:
        path: the video.
        started_at: when it was filmed, as far as known.
        started_from: who says so.
        analysed_s: media time of the last frame that was looked at.
        frames: how many frames were looked at.
        halts: every standing vehicle, by arrival.
        events: the steps of vehicles in zones, in the order they happened.
        parked: the time of every vehicle in every zone, by arrival.
        reports: the last revision of every report.
        revisions: every revision, in the order they were made.
        camera_events: moved, blocked, dark, ...
        notices: what the source had to say (decode mode, damage, where it ended).
    """

    path: Path
    started_at: datetime | None
    started_from: DateFrom
    analysed_s: float
    frames: int
    halts: tuple[Halt, ...]
    events: tuple[ZoneEvent, ...]
    parked: tuple[ParkedInterval, ...]
    reports: tuple[Report, ...]
    revisions: tuple[Report, ...]
    camera_events: tuple[CameraEvent, ...]
    notices: tuple[str, ...]


def analyze_file(
    config: Config,
    path: Path,
    progress: Callable[[float, float], None],
    stop: threading.Event,
    *,
    evidence: EvidenceStore,
    root: str,
    annotated: Path | None = None,
    models: Models | None = None,
) -> AnalysisResult:
    """Analyse a video.

    Args:
        config: settings whose one camera is the video (see `Config.for_file`).
        path: the video.
        progress: is told the media time and the length of the video, seconds, after every frame; a length of
            0 is unknown.
        stop: ends the analysis early; the result says how far it came.
        evidence: takes photos and clips.
        root: names video and settings; the ids of the reports follow from it.
        annotated: where to write a copy with boxes, zones and clocks drawn, if wanted.
        models: models that are open already.

    Raises:
        SourcePermanentError: the file is no video.
        SourceError: it is one, but nothing of it can be decoded, or the annotated copy cannot be written.
        ModelError: the models cannot be opened.
        EvidenceUnavailableError: photos and clips could not be kept; then nothing that was found is good.
    """
    (name,) = config.cameras
    length_s = video_length_s(path)
    found = Findings(root)
    source = build_source(config, name, notices=found.notice)
    kept = OutageWatch(evidence)
    watch = build_watch(
        config,
        name,
        models=models or Models(config),
        evidence=kept,
        sink=found,
        cut=source.clip,
    )
    frames, last = 0, None
    with contextlib.ExitStack() as stack:
        drawing = None
        if annotated is not None:
            # What draws takes half a second and 60 MB to import.
            from gotcha.annotation import AnnotatedVideo

            drawing = stack.enter_context(
                AnnotatedVideo(annotated, config.zones_of(name), config.time_zone_of(name))
            )
        for frame in FrameBuffer(source, live=False).frames(stop):
            if last is None:
                found.begin(frame.started_at)
            frames, last = frames + 1, frame
            try:
                step = watch.step(frame)
            except PictureError as error:
                found.notices.append(f"damaged: {error}")
                continue
            kept.check()
            found.step(step)
            if drawing is not None:
                drawing.add(frame, step, found.reports)
            progress(frame.at_s, length_s)
    if last is None and not stop.is_set():
        raise SourceError(f"{path} holds no frame that can be decoded. {' '.join(found.notices)}".strip())
    if last is not None and not stop.is_set():
        watch.finish()
        kept.check()
    given = isinstance(camera := config.camera(name), FileCamera) and camera.started_at is not None
    return _result(path, found, last, frames, DateFrom.SENDER if given else who_dates(path))


def _result(
    path: Path, found: Findings, last: Frame | None, frames: int, started_from: DateFrom
) -> AnalysisResult:
    return AnalysisResult(
        path=path,
        started_at=None if last is None else last.started_at,
        started_from=started_from,
        analysed_s=0.0 if last is None else last.at_s,
        frames=frames,
        halts=found.halts(),
        events=tuple(found.zone_events),
        parked=found.parked(),
        reports=found.reports,
        revisions=tuple(found.revisions),
        camera_events=tuple(found.camera_events),
        notices=tuple(found.notices),
    )
