"""Whether the bundled detector finds the simulator's vehicles as it finds real ones: recall at score 0.35.

python -m bench.simulator_recall [--seeds 2] [--every 6]
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from dataclasses import dataclass

import cv2

from gotcha.models import VEHICLE_WEIGHTS
from pipeline.detection import VEHICLES, Detector
from pipeline.geometry import Box
from simulator.damage import FaultKind
from simulator.scene import Scene
from simulator.scenes import SCENE_KINDS, build_scene
from simulator.truth import VisibleBox
from vision.yolo_detector import OnnxDetector

SCORE, IOU = 0.35, 0.5
MIN_VISIBLE, MIN_WIDTH_AT_640 = 0.5, 24.0
GOAL = 0.95
_BLINDING = {FaultKind.BLOCKED, FaultKind.DARK, FaultKind.BLURRED, FaultKind.FROZEN}


@dataclass(slots=True)
class Tally:
    """Vehicles to be found, those found, and boxes on nothing."""

    wanted: int = 0
    found: int = 0
    false: int = 0

    @property
    def recall(self) -> float:
        """Share found, 1.0 when there was nothing to find."""
        return self.found / self.wanted if self.wanted else 1.0


def is_wanted(item: VisibleBox, scene: Scene) -> bool:
    """Vehicles that count: at least half visible, wholly in the picture, 24 px wide at width 640."""
    wide = item.box.width * 640 / scene.size.width >= MIN_WIDTH_AT_640
    return item.label in VEHICLES and item.whole and item.visible >= MIN_VISIBLE and wide


def blind(scene: Scene, t_s: float) -> bool:
    """Whether the camera cannot see at `t_s` (covered, dark, blurred, frozen)."""
    return any(f.kind in _BLINDING and f.active(t_s) for f in scene.script.faults)


def measure(detector: Detector, kind: str, seeds: int, every_s: float, by_class: dict[str, Tally]) -> Tally:
    """Look at one picture of each scene of `kind` every `every_s` seconds; also adds to `by_class`."""
    tally = Tally()
    for seed in range(seeds):
        scene = build_scene(kind, 1000 + seed)
        t_s = 1.0 + seed * 0.7
        while t_s < scene.duration_s:
            if not blind(scene, t_s):
                _count(detector, scene, t_s, tally, by_class)
            t_s += every_s
    return tally


def _count(detector: Detector, scene: Scene, t_s: float, tally: Tally, by_class: dict[str, Tally]) -> None:
    truth = scene.boxes(t_s)
    seen = [d for d in detector.detect(scene.frame(t_s)) if d.score >= SCORE and d.label in VEHICLES]
    free: list[Box] = [d.box for d in seen]
    for item in (i for i in truth if is_wanted(i, scene)):
        tally.wanted += 1
        by_class[str(item.label)].wanted += 1
        best = max(free, key=item.box.iou, default=None)
        if best is not None and best.iou(item.box) >= IOU:
            free.remove(best)
            tally.found += 1
            by_class[str(item.label)].found += 1
    anything = [i.box for i in truth]
    tally.false += sum(1 for box in free if all(box.iou(other) < 0.3 for other in anything))


def main(arguments: list[str] | None = None) -> int:
    """Print recall by kind and class; 0 when the goal of 0.95 over everything is met, else 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2, help="scenes of each kind")
    parser.add_argument("--every", type=float, default=6.0, help="seconds between the pictures looked at")
    parser.add_argument(
        "--kind", action="append", choices=SCENE_KINDS, help="only this kind (may be repeated)"
    )
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    detector = OnnxDetector(VEHICLE_WEIGHTS)
    total, by_class = Tally(), defaultdict[str, Tally](Tally)
    for kind in options.kind or SCENE_KINDS:
        tally = measure(detector, kind, options.seeds, options.every, by_class)
        total.wanted, total.found = total.wanted + tally.wanted, total.found + tally.found
        total.false += tally.false
        sys.stdout.write(
            f"{kind:20s} recall {tally.recall:6.3f}  ({tally.found}/{tally.wanted})  false {tally.false}\n"
        )
        sys.stdout.flush()
    for name, tally in sorted(by_class.items()):
        sys.stdout.write(f"  {name:18s} recall {tally.recall:6.3f}  ({tally.found}/{tally.wanted})\n")
    sys.stdout.write(
        f"{'all':20s} recall {total.recall:6.3f}  ({total.found}/{total.wanted})  false {total.false}\n"
    )
    return 0 if total.recall >= GOAL else 1


if __name__ == "__main__":
    raise SystemExit(main())
