"""Whether plates of readable size in simulated scenes are read, after voting over several looks.

    python -m bench.simulator_plates [--scenes 60] [--looks 5]

The vehicle's true box is used, so that the figure tells of plate finder, reader and vote alone.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2

from pipeline.geometry import Box
from pipeline.korean_plates import KoreanPlates
from pipeline.plate_vote import PlateVote
from simulator.scene import Scene
from simulator.scenes import build_scene, sixty_scenes
from simulator.truth import StandingTruth
from vision.backend import Backend
from vision.korean_reader import OnnxPlateReader
from vision.plate_scanner import VehiclePlateScanner, open_scanner

MODELS = Path(__file__).resolve().parent.parent / "models"
_BLINDING = {"blocked", "dark", "blurred", "frozen", "moved"}


def read_plate(scanner: VehiclePlateScanner, scene: Scene, entry: StandingTruth, looks: int) -> str:
    """The text the vote gives for a standing vehicle seen `looks` times over its halt, `?` where unsure."""
    vote = PlateVote(KoreanPlates())
    x1, y1, x2, y2 = entry.bbox_xyxy
    vehicle = Box(x1=x1, y1=y1, x2=x2, y2=y2)
    taken, step = 0, (entry.t1 - entry.t0) / (2 * looks)
    t_s = entry.t0 + step
    while t_s < entry.t1 and taken < looks:
        seen = {b.name: b for b in scene.boxes(t_s)}
        blind = any(f.kind in _BLINDING and f.active(t_s) for f in scene.script.faults)
        if not blind and seen[entry.vehicle].visible > 0.95:
            others = tuple(b.box for n, b in seen.items() if n != entry.vehicle)
            sighting = scanner.scan(scene.frame(t_s), vehicle, others)
            taken += 1
            if sighting is not None:
                vote.add(sighting.reading, t_s)
        t_s += step
    return vote.result().text


def main(arguments: list[str] | None = None) -> int:
    """Print exact, unsure and wrong plates; 0 when 99 % are exact and none is wrong, else 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=60)
    parser.add_argument("--looks", type=int, default=5)
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    reader = OnnxPlateReader(MODELS / "plate_ocr.onnx", backend=Backend.ONNX)
    scanner = open_scanner(MODELS / "plate_detector.onnx", reader, backend=Backend.ONNX)
    exact = unsure = wrong = 0
    for kind, seed in sixty_scenes()[: options.scenes]:
        scene = build_scene(kind, seed)
        for entry in scene.truth().stationary:
            if not entry.plate_readable or entry.plate is None:
                continue
            text = read_plate(scanner, scene, entry, options.looks)
            if text == entry.plate:
                exact += 1
                continue
            told = "wrong" if "?" not in text and text else "unsure"
            wrong, unsure = wrong + (told == "wrong"), unsure + (told == "unsure")
            sys.stdout.write(f"{kind} {seed} {entry.id}: {told}, {entry.plate} read as {text or 'nothing'}\n")
            sys.stdout.flush()
    total = max(1, exact + unsure + wrong)
    sys.stdout.write(
        f"{total} plates of readable size: exact {exact / total:.3f}, unsure {unsure}, wrong {wrong}\n"
    )
    return 0 if wrong == 0 and exact >= 0.99 * total else 1


if __name__ == "__main__":
    raise SystemExit(main())
