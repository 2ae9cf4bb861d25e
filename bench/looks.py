"""Whether what the detector says of a vehicle's look tells vehicles apart, and names its colour right.

gotcha bench looks [--seeds 1] [--footage DIR]

The simulator's scenes say which vehicle is which and how it is painted. In footage with its truth (see
bench/events), the standing vehicles are known by their places; pairs are a second apart at least. Printed for
each: the chance that a pair of pictures of one vehicle is more alike than a pair of two (the area under the
ROC curve; 50 % is chance), the same for pairs of places that overlap by less than half, and how often the
most alike other picture of the scene is of the same vehicle.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from bench.event_truth import ClipTruth, load_truth
from gotcha.models import VEHICLE_WEIGHTS
from pipeline.detection import VEHICLES, Detection
from pipeline.geometry import Box
from pipeline.vehicle_look import VehicleColour, VehicleLook
from simulator.mesh import Material, Mesh
from simulator.scene import Scene
from simulator.scenes import build_scene
from vision.yolo_detector import OnnxDetector

_KINDS = ("day", "day_close", "overcast", "shadows", "dusk", "rain")
_EVERY_S, _UNTIL_S, _APART_S = 1.5, 60.0, 1.0
_LEAST_IOU, _LEAST_SHARE, _MOVED_IOU, _LEAST_VISIBLE = 0.6, 0.04, 0.5, 0.6
_WIDTH = 110

# The paints of the simulator, BGR, by the names people give them; beige has none of ours.
_NAMED: tuple[tuple[tuple[int, int, int], VehicleColour | None], ...] = (
    ((237, 240, 240), VehicleColour.WHITE),
    ((18, 18, 18), VehicleColour.BLACK),
    ((107, 105, 102), VehicleColour.GREY),
    ((168, 168, 166), VehicleColour.GREY),
    ((107, 64, 36), VehicleColour.BLUE),
    ((36, 31, 148), VehicleColour.RED),
    ((51, 51, 184), VehicleColour.RED),
    ((153, 173, 189), None),
    ((66, 97, 51), VehicleColour.GREEN),
    ((82, 158, 56), VehicleColour.GREEN),
    ((184, 97, 31), VehicleColour.BLUE),
    ((140, 77, 31), VehicleColour.BLUE),
)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """One picture of a vehicle: which, when, where, its look, and the true colour where it is known."""

    vehicle: str
    at_s: float
    box: Box
    look: VehicleLook
    colour: VehicleColour | None = None


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="gotcha bench looks")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--footage", type=Path, help="a folder of clips with their truth")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    detector = OnnxDetector(VEHICLE_WEIGHTS)
    table = Table("clip", "pictures", "vehicles", "alike", "alike, moved", "most alike", title="looks")
    colours: list[_Seen] = []
    for kind in _KINDS:
        seen = [
            one
            for seed in range(options.seeds)
            for one in _simulated(detector, build_scene(kind, 500 + seed), f"{seed}/")
        ]
        colours += [one for one in seen if one.colour is not None]
        _row(table, f"simulated {kind}", seen)
    for clip in load_truth(options.footage) if options.footage else ():
        _row(table, clip.name, list(_filmed(detector, clip)))
    console = Console(width=_WIDTH)
    console.print(table)
    console.print(_colour_table(colours))
    return 0


def _simulated(detector: OnnxDetector, scene: Scene, prefix: str) -> Iterator[_Seen]:
    paints = {actor.name: _paint(actor.model.mesh) for actor in scene.script.actors}
    for at_s in np.arange(0.0, min(scene.duration_s, _UNTIL_S), _EVERY_S).tolist():
        found = detector.detect(scene.frame(at_s))
        for truth in scene.boxes(at_s):
            least = _LEAST_SHARE * scene.size.width
            if truth.label not in VEHICLES or truth.visible < _LEAST_VISIBLE:
                continue
            if min(truth.box.width, truth.box.height) < least:
                continue
            look = _look_at(found, truth.box)
            if look is not None:
                yield _Seen(
                    vehicle=prefix + truth.name,
                    at_s=at_s,
                    box=truth.box,
                    look=look,
                    colour=paints[truth.name],
                )


def _filmed(detector: OnnxDetector, clip: ClipTruth) -> Iterator[_Seen]:
    due_s = 0.0
    with av.open(str(clip.video)) as container:
        for frame in container.decode(video=0):
            at_s = float(frame.time or 0.0)
            if at_s < due_s:
                continue
            due_s = at_s + _EVERY_S
            found = detector.detect(np.asarray(frame.to_ndarray(format="bgr24"), dtype=np.uint8))
            for halt in clip.halts:
                look = _look_at(found, halt.box) if halt.t0 <= at_s <= halt.t1 else None
                if look is not None:
                    yield _Seen(vehicle=halt.id, at_s=at_s, box=halt.box, look=look)


def _paint(mesh: Mesh) -> VehicleColour | None:
    """What people call the colour of a simulated vehicle's bodywork; None for two-wheelers and beige."""
    painted = mesh.colours[mesh.materials == Material.PAINT]
    if not len(painted):
        return None
    blue, green, red = (255 * np.median(painted, axis=0)).tolist()
    nearest = min(
        _NAMED, key=lambda named: sum((a - b) ** 2 for a, b in zip((blue, green, red), named[0], strict=True))
    )
    return nearest[1]


def _look_at(found: Sequence[Detection], box: Box) -> VehicleLook | None:
    best = max((d for d in found if d.look is not None), key=lambda d: d.box.iou(box), default=None)
    return None if best is None or best.box.iou(box) < _LEAST_IOU else best.look


def _row(table: Table, name: str, seen: list[_Seen]) -> None:
    vectors = np.array([one.look.vector for one in seen])
    if len(seen) < 2:
        return
    likeness = vectors @ vectors.T
    names = np.array([one.vehicle for one in seen])
    times = np.array([one.at_s for one in seen])
    same = names[:, None] == names[None]
    apart = np.abs(times[:, None] - times[None]) >= _APART_S
    overlap = np.array([[a.box.iou(b.box) for b in seen] for a in seen])
    pairs, moved, others = same & apart, same & apart & (overlap < _MOVED_IOU), ~same
    right = []
    for number in range(len(seen)):
        candidates = np.flatnonzero(apart[number] | others[number])
        if (same[number] & apart[number]).any():
            right.append(same[number, candidates[likeness[number, candidates].argmax()]])
    table.add_row(
        name,
        str(len(seen)),
        str(len(set(names.tolist()))),
        _share(_area(likeness[pairs], likeness[others])),
        _share(_area(likeness[moved], likeness[others])),
        _share(float(np.mean(right)) if right else None),
    )


def _area(pairs: Floats, others: Floats) -> float | None:
    """The area under the ROC curve, from ranks (Mann, Whitney, 1947)."""
    if not pairs.size or not others.size:
        return None
    ranks = np.concatenate([pairs, others]).argsort().argsort() + 1.0
    above = ranks[: pairs.size].sum() - pairs.size * (pairs.size + 1) / 2
    return float(above / (pairs.size * others.size))


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _colour_table(seen: list[_Seen]) -> Table:
    """How often each colour was given which name."""
    whole = [one for one in seen if one.look.colour is not None]
    right = sum(one.look.colour is one.colour for one in whole)
    caption = f"{right / max(1, len(whole)):.0%} of {len(whole)} named right"
    columns = ("true colour", "pictures", "named right", "not named", "mostly else")
    table = Table(*columns, title="colours", caption=caption)
    for colour in VehicleColour:
        said = Counter(one.look.colour for one in seen if one.colour is colour)
        count = said.total()
        if not count:
            continue
        right, none = said.pop(colour, 0), said.pop(None, 0)
        wrong = ", ".join(f"{name} {n / count:.0%}" for name, n in said.most_common(2))
        table.add_row(colour.value, str(count), f"{right / count:.0%}", f"{none / count:.0%}", wrong)
    return table
