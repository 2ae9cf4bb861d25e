"""CPU seconds per camera-minute by stage, beside the usual loop on the same video and weights.

gotcha bench cameras [--video FILE] [--backend onnx|openvino|auto] [--peer-seconds 20]

Without --video a minute of a typical simulated street is drawn (1080p30 H.264, a keyframe a second, something
moves a quarter of the time), and the minute before it, in which the camera starts: its cost has a row of its
own. The engine runs as wired for a camera, with zones, plates and evidence: once on keyframes only, once with
every frame decoded. The usual loop decodes every frame to BGR, detects on each and tracks ByteTrack-like;
each of its frames costs the same, so a part of the minute is measured and scaled.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from bench.peer_loop import PeerLoop
from bench.stopwatch import Stopwatch
from bench.street_video import LEAD_S, write_minute, zones
from bench.timed_parts import TimedDetector, TimedScanner, TimedTracker, timed
from gotcha.config import Config, parse_config
from gotcha.models import Models
from gotcha.wiring import build_watch
from pipeline.detection import Detector
from pipeline.idle_pace import IdlePace, longest_wait_s
from pipeline.plate import PlateScanner
from pipeline.report import CameraEvent, Report
from pipeline.watch import CameraWatch
from sources.decode_mode import DecodeMode, DecodeOptions
from sources.video_file import FileOptions, FileSource
from storage.evidence_folder import EvidenceFolder

_CAMERA = "street"
_STAGES = ("decode", "gate", "detect", "track", "plates", "evidence", "rest")
_DWELL_S = 10.0
_ANALYSIS_FPS = 2.0
_WIDTH = 120


class _TimedModels(Models):
    """The bundled models with a stopwatch around each."""

    def __init__(self, config: Config, watch: Stopwatch) -> None:
        super().__init__(config)
        self.plain: Detector = self.detector
        self.detector = TimedDetector(self.plain, watch)
        self._watch = watch

    def scanner(self, region: str) -> PlateScanner | None:
        inner = super().scanner(region)
        return None if inner is None else TimedScanner(inner, self._watch)


class _Nowhere:
    def offer(self, item: Report | CameraEvent) -> None:
        """Reports are not what is measured."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="gotcha bench cameras", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--video", type=Path, help="another video than the simulated street")
    parser.add_argument("--backend", choices=["onnx", "openvino", "auto"], default="onnx")
    parser.add_argument("--peer-seconds", type=float, default=20.0, help="of the video for the usual loop")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        video, lead_s = options.video, 0.0
        if video is None:
            lead_s = LEAD_S
            video = folder / "street.mp4"
            console.print(f"something moves {write_minute(video):.0%} of the time")
        run(console, video, folder, backend=options.backend, peer_s=options.peer_seconds, lead_s=lead_s)
    return 0


def run(
    console: Console, video: Path, folder: Path, *, backend: str, peer_s: float, lead_s: float = 0.0
) -> dict[str, float]:
    """Measure and print; returns CPU seconds per camera-minute by way.

    The first `lead_s` seconds of the video, in which a camera starts, are measured apart.
    """
    config = _config(folder, backend)
    ways: dict[str, Stopwatch] = {}
    minutes: dict[str, float] = {}
    modes: dict[str, DecodeMode] = {"keyframes only": "keyframes", "every frame decoded": "all"}
    for name, mode in modes.items():
        start, steady = _engine(config, video, folder / mode, mode, lead_s)
        if lead_s:
            ways[f"{name}, start"], minutes[f"{name}, start"] = start, lead_s / 60.0
        ways[name], minutes[name] = steady
    detector = _TimedModels(config, Stopwatch()).plain
    ways["usual loop"], minutes["usual loop"] = _peer(video, detector, peer_s)
    table = Table(title=f"CPU seconds per camera-minute, {video.name}, {backend}")
    table.add_column("way")
    for head in (*_STAGES, "all", "pictures", "looks", "less than usual"):
        table.add_column(head, justify="right")
    usual = ways["usual loop"].total / minutes["usual loop"]
    totals: dict[str, float] = {}
    for name, watch in ways.items():
        totals[name] = watch.total / minutes[name]
        table.add_row(
            name,
            *(f"{watch.seconds[stage] / minutes[name]:.2f}" for stage in _STAGES),
            f"{totals[name]:.2f}",
            f"{watch.calls['pictures'] / minutes[name]:.0f}",
            f"{watch.calls['look'] / minutes[name]:.0f}",
            f"{usual / totals[name]:.0f} x",
        )
    console.print(table)
    return totals


def _engine(
    config: Config, video: Path, folder: Path, mode: DecodeMode, lead_s: float
) -> tuple[Stopwatch, tuple[Stopwatch, float]]:
    """The cost of the first `lead_s` seconds, and that of the rest with its length in minutes."""
    stopwatch, start = Stopwatch(), Stopwatch()
    models = _TimedModels(config, stopwatch)
    watch = build_watch(
        config,
        _CAMERA,
        models=models,
        evidence=EvidenceFolder(folder),
        sink=_Nowhere(),
        cut=lambda _from_s, _to_s: None,
    )
    watch.parts.detector.detect(np.zeros((384, 640, 3), np.uint8))  # the first run allocates
    stopwatch.seconds.clear()
    watch = CameraWatch(
        camera=_CAMERA,
        zones=config.zones_of(_CAMERA),
        masks=(),
        analysis_long_side=config.detector.input_px,
        parts=replace(watch.parts, tracker=TimedTracker(watch.parts.tracker, stopwatch)),
        pace=IdlePace(longest_s=longest_wait_s(config.zones_of(_CAMERA))),
    )
    decode = DecodeOptions(
        mode=mode, analysis_fps=None if mode == "keyframes" else _ANALYSIS_FPS, on_demand=True
    )
    frames = FileSource(_CAMERA, FileOptions(path=video, decode=decode)).frames(threading.Event())
    last_s = 0.0
    while True:
        with stopwatch.stage("decode"):
            frame = next(frames, None)
        if frame is None:
            break
        if last_s < lead_s <= frame.at_s:
            start = stopwatch.taken()
        last_s = frame.at_s
        with stopwatch.stage("rest"):
            step = watch.step(timed(frame, stopwatch))
        stopwatch.calls["look"] += step.detections is not None
    with stopwatch.stage("rest"):
        watch.finish()
    return start, (stopwatch, max(last_s - lead_s, 1.0) / 60.0)


def _peer(video: Path, detector: Detector, length_s: float) -> tuple[Stopwatch, float]:
    """The usual loop over the first `length_s` seconds."""
    stopwatch, loop = Stopwatch(), PeerLoop(_DWELL_S)
    at_s = 0.0
    with av.open(str(video)) as container:
        container.streams.video[0].thread_count = 1
        pictures = container.decode(video=0)
        while at_s < length_s:
            with stopwatch.stage("decode"):
                picture = next(pictures, None)
                image = None if picture is None else picture.to_ndarray(format="bgr24")
            if picture is None or image is None:
                break
            at_s = float(picture.time or 0.0)
            with stopwatch.stage("detect"):
                detections = detector.detect(np.asarray(image, dtype=np.uint8))
            stopwatch.calls["look"] += 1
            with stopwatch.stage("track"):
                loop.update(at_s, detections)
    return stopwatch, max(at_s, 1.0) / 60.0


def _config(folder: Path, backend: str) -> Config:
    """The configuration of a camera that watches the street's zones, as a user writes it."""
    lines = [
        "region: KR",
        "state_dir: state",
        f"detector: {{backend: {backend}}}",
        "cameras:",
        f"  {_CAMERA}:",
        "    kind: file",
        "    path: street.mp4",
        "    zones:",
    ]
    for zone in zones():
        corners = ", ".join(f"[{point.x:.4f}, {point.y:.4f}]" for point in zone.polygon.points)
        lines += [f"      - name: {zone.name}", f"        kind: {zone.kind}"]
        lines += [f"        polygon: [{corners}]", f"        dwell_s: {_DWELL_S:g}", "        photo_gap_s: 5"]
    return parse_config("\n".join(lines) + "\n", name="street.yaml", folder=folder, environment={})
