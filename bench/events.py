"""How well standing vehicles are found in clips with truth, beside the usual loop.

gotcha bench events --truth DIR [--weights FILE] [--fps 0 2 1] [--dwell 3 10]

DIR holds NAME.mp4 with NAME.json beside it. Each clip goes the real way: decoding, motion gate, detector,
place memory; the usual loop (every frame, ByteTrack-like tracker, centre within 20 px) runs on the same
detector. Detections are computed once a frame and used by both; each way is given only those it asks for.
Looks are counted as WHOLE+CLOSER/FRAMES.
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from bench.event_scoring import FoundHalt, Score, score, total
from bench.event_truth import ClipTruth, load_truth
from bench.event_watch import EventWatch
from bench.peer_loop import PeerLoop
from pipeline.detection import Detector
from pipeline.frame_detector import FrameDetector
from sources.decode_mode import DecodeOptions
from sources.video_file import FileOptions, FileSource
from vision.open_detector import open_detector

WEIGHTS = Path(__file__).resolve().parent.parent / "models" / "vehicle_detector_o2m.onnx"
_LONG_SIDE = 640
_WIDTH = 150  # columns of the tables when they go into a file


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="gotcha bench events", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--truth", type=Path, required=True, metavar="DIR", help="holds NAME.mp4, NAME.json")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="of the vehicle detector")
    parser.add_argument(
        "--fps", type=float, nargs="+", default=[0.0, 2.0, 1.0], help="frames a second; 0 is every frame"
    )
    parser.add_argument("--dwell", type=float, nargs="+", default=[3.0, 10.0], help="seconds")
    parser.add_argument(
        "--details",
        action="store_true",
        help="name what was missed, what is false and how each arrival is dated",
    )
    options = parser.parse_args(arguments)
    run(options.truth, options.weights, options.fps, options.dwell, details=options.details)
    return 0


def run(
    truth: Path, weights: Path, rates: Sequence[float], dwells: Sequence[float], *, details: bool
) -> dict[tuple[str, float], Score]:
    """Measure all clips of `truth`; returns the total scores by way and dwell.

    Raises:
        ConfigError: `truth` holds no clips with truth.
        ModelError: the weights cannot be used.
    """
    cv2.setNumThreads(1)
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    detector = open_detector(weights)
    rows: dict[tuple[str, float], list[tuple[str, Score, str]]] = {}
    for clip in load_truth(truth):
        for (name, dwell), (halts, looks) in _watched(clip, detector, rates, dwells).items():
            rows.setdefault((name, dwell), []).append((clip.name, score(clip, halts, dwell), looks))
    totals = {key: total(made for _, made, _ in clip_rows) for key, clip_rows in rows.items()}
    for dwell in dwells:
        _print(console, dwell, {k[0]: v for k, v in rows.items() if k[1] == dwell}, totals, details=details)
    return totals


def _watched(
    clip: ClipTruth, detector: Detector, rates: Sequence[float], dwells: Sequence[float]
) -> dict[tuple[str, float], tuple[list[FoundHalt], str]]:
    """The halts that each way finds in a clip, and how often it looked, by way and dwell."""
    looking = FrameDetector(detector, long_side=_LONG_SIDE)
    watches = [EventWatch(looking, rate) for rate in rates]
    loops = [PeerLoop(dwell) for dwell in dwells]
    source = FileSource(
        clip.name, FileOptions(path=clip.video, decode=DecodeOptions(mode="all", analysis_fps=None))
    )
    frames = 0
    for frame in source.frames(threading.Event()):
        frames += 1
        whole = looking.whole(frame)
        for watch in watches:
            watch.step(frame, whole)
        for loop in loops:
            loop.update(frame.at_s, whole)
    found: dict[tuple[str, float], tuple[list[FoundHalt], str]] = {}
    for watch in watches:
        for dwell in dwells:
            found[watch.name, dwell] = (watch.halts, f"{watch.looks}+{watch.close_looks}/{watch.frames}")
    for loop, dwell in zip(loops, dwells, strict=True):
        found["usual loop", dwell] = (loop.finish(), f"{frames}/{frames}")
    return found


def _print(
    console: Console,
    dwell: float,
    rows: dict[str, list[tuple[str, Score, str]]],
    totals: dict[tuple[str, float], Score],
    *,
    details: bool,
) -> None:
    table = Table(title=f"Standing for {dwell:g} s or longer")
    heads = ("way", "clip", "true", "found", "false", "doubled", "precision", "recall", "F1")
    for head in (*heads, "start s", "begun late s", "end s", "looks"):
        table.add_column(head, justify="left" if head in ("way", "clip") else "right")
    for name, clips in rows.items():
        for clip, made, looks in clips:
            table.add_row(name, clip, *_cells(made), looks)
        table.add_row(name, "all", *_cells(totals[name, dwell]), "", style="bold", end_section=True)
    console.print(table)
    if details:
        for name, clips in rows.items():
            for clip, made, _ in clips:
                boxes = [f"[{b.x1:.0f}, {b.y1:.0f}, {b.x2:.0f}, {b.y2:.0f}]" for b in made.false_boxes]
                if made.starts:
                    dated = ", ".join(f"{halt} {late_s:+.2f}" for halt, late_s in made.starts)
                    console.print(f"{name}, {clip}: dated too late by seconds: {dated}", markup=False)
                if made.missed or boxes:
                    console.print(
                        f"{name}, {clip}: missed {list(made.missed)}, false at {boxes}", markup=False
                    )


def _cells(made: Score) -> tuple[str, ...]:
    counts = (made.true, made.found, made.false, made.duplicates)
    shares = (made.precision, made.recall, made.f1)
    errors = (made.start_errors, made.early_errors, made.end_errors)
    return (
        *(str(count) for count in counts),
        *(f"{share:.3f}" for share in shares),
        *(f"{np.mean(e):.2f}" if e else "–" for e in errors),
    )
