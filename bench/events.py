"""How well standing vehicles are found in clips with truth, beside the usual loop.

gotcha bench events --truth DIR [--weights FILE] [--fps 0 2 1] [--dwell 3 10]

DIR holds NAME.mp4 with NAME.json beside it. Each clip goes the real way: decoding, motion gate, detector,
place memory; the usual loop (every frame, ByteTrack-like tracker, centre within 20 px) runs on the same
detector. Detections are computed once a frame and used by both; each way is given only those it asks for.
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from bench.event_scoring import FoundHalt, Score, score, total
from bench.event_truth import ClipTruth, load_truth
from bench.kept_picture import KeptPicture
from bench.peer_loop import PeerLoop
from pipeline.detection import Detection, Detector
from pipeline.frame import Frame
from pipeline.picture import ArrayPicture
from sources.decode_mode import DecodeOptions
from sources.video_file import FileOptions, FileSource
from trackers.place_tracker import PlaceTracker
from vision.open_detector import open_detector

WEIGHTS = Path(__file__).resolve().parent.parent / "models" / "vehicle_detector_o2m.onnx"
_LONG_SIDE = 640
_WIDTH = 150  # columns of the tables when they go into a file


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What one way made of a clip: the halts, and on how many of its frames the detector ran."""

    halts: list[FoundHalt]
    looks: int
    frames: int


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
    parser.add_argument("--details", action="store_true", help="name what was missed and what is false")
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
    clips = load_truth(truth)
    rows: dict[tuple[str, float], list[tuple[str, Score, str]]] = {}
    for clip in clips:
        frames = list(_frames(clip, detector))
        for rate in rates:
            watched = watch(_thinned(frames, rate))
            name = "places, every frame" if rate == 0.0 else f"places, {rate:g} a second"
            for dwell in dwells:
                made = score(clip, watched.halts, dwell)
                rows.setdefault((name, dwell), []).append(
                    (clip.name, made, f"{watched.looks}/{watched.frames}")
                )
        for dwell in dwells:
            loop = PeerLoop(dwell)
            for frame, detections in frames:
                loop.update(frame.at_s, detections)
            made = score(clip, loop.finish(), dwell)
            rows.setdefault(("usual loop", dwell), []).append(
                (clip.name, made, f"{len(frames)}/{len(frames)}")
            )
    totals = {key: total(made for _, made, _ in clip_rows) for key, clip_rows in rows.items()}
    for dwell in dwells:
        _print(console, dwell, {k[0]: v for k, v in rows.items() if k[1] == dwell}, totals, details=details)
    return totals


def watch(frames: list[tuple[Frame, tuple[Detection, ...]]]) -> Watched:
    """Run the place memory over `frames`; it gets detections only where it asks for them."""
    tracker = PlaceTracker()
    halts: dict[str, FoundHalt] = {}
    looks = 0
    end_s = frames[-1][0].at_s
    for frame, detections in frames:
        wanted = tracker.needs_detection(frame)
        looks += wanted
        update = tracker.update(frame, detections if wanted else None)
        for vehicle in update.standing:
            halts[vehicle.id] = FoundHalt(
                box=vehicle.box, arrived_s=vehicle.arrived_s, left_s=end_s, left=False
            )
        for departure in update.departed:
            halts[departure.vehicle.id] = FoundHalt(
                box=departure.vehicle.box,
                arrived_s=departure.vehicle.arrived_s,
                left_s=departure.left_s,
                left=True,
            )
    return Watched(halts=list(halts.values()), looks=looks, frames=len(frames))


def _frames(clip: ClipTruth, detector: Detector) -> Iterator[tuple[Frame, tuple[Detection, ...]]]:
    """Every frame of a clip with its detections; kept small, so that a whole clip fits into memory."""
    source = FileSource(
        clip.name, FileOptions(path=clip.video, decode=DecodeOptions(mode="all", analysis_fps=None))
    )
    for frame in source.frames(threading.Event()):
        size = frame.picture.size
        analysed = size.fitted(_LONG_SIDE)
        image = np.ascontiguousarray(frame.picture.bgr(analysed))
        x, y = size.width / analysed.width, size.height / analysed.height
        detections = tuple(
            Detection(box=d.box.scaled(x, y), score=d.score, label=d.label) for d in detector.detect(image)
        )
        picture = KeptPicture(ArrayPicture(image), size)
        yield (
            Frame(
                camera=frame.camera,
                index=frame.index,
                at_s=frame.at_s,
                taken_at=frame.taken_at,
                picture=picture,
                detail=picture,
                discontinuity=frame.discontinuity,
            ),
            detections,
        )


def _thinned(
    frames: list[tuple[Frame, tuple[Detection, ...]]], rate: float
) -> list[tuple[Frame, tuple[Detection, ...]]]:
    """The frames a source hands over at `rate` frames a second; all of them for 0."""
    if rate == 0.0:
        return frames
    kept: list[tuple[Frame, tuple[Detection, ...]]] = []
    due_s = 0.0
    for frame, detections in frames:
        if frame.at_s >= due_s - 1e-6:
            kept.append((frame, detections))
            due_s += 1.0 / rate
    return kept


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
