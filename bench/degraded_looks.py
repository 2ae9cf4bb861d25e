"""How the vote over several looks does on plates that are small, blurred and noisy.

python -m bench.degraded_looks --truth DIR [--vehicles 1498] [--looks 5]

Each "vehicle" is one of the Korean crops of DIR/plates_val, scaled to 12-34 px of plate height and blurred;
its looks, some seconds apart, differ in their noise, their exact scale and a little in their blur. What the
vote says after each look is compared with the truth: accepted and wrong is the figure to drive to zero.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from bench.plates import MODELS, LabelledCrop, korean_crops
from pipeline.korean_plates import KoreanPlates
from pipeline.picture import Image
from pipeline.plate import UNKNOWN, PlateReading
from pipeline.plate_vote import PlateVote
from vision.backend import Backend
from vision.korean_reader import OnnxPlateReader
from vision.plate_crop import PLATE_MARGIN, sharpness

# When a standing vehicle's plate is looked at (`pipeline.read_schedule`), seconds.
_AT_S = (0.0, 1.0, 3.0, 7.0, 15.0, 31.0, 63.0, 123.0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--vehicles", type=int, default=1498)
    parser.add_argument("--looks", type=int, default=5, choices=range(1, len(_AT_S) + 1))
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    crops = korean_crops(options.truth / "plates_val")
    reader = OnnxPlateReader(MODELS / "plate_ocr.onnx", backend=Backend.ONNX)
    random = np.random.default_rng(1)
    outcomes = [Counter[str]() for _ in range(options.looks)]
    for number in range(options.vehicles):
        labelled = crops[number % len(crops)]
        height_px, blur = random.uniform(12.0, 34.0), random.uniform(0.0, 1.6)
        vote = PlateVote(KoreanPlates())
        for look, outcome in enumerate(outcomes):
            vote.add(_look(reader, labelled, height_px, blur, random), _AT_S[look])
            said = vote.result()
            right = said.text == labelled.text
            outcome["exact" if right else "wrong"] += said.accepted
            known = [(a, b) for a, b in zip(said.text, labelled.text, strict=False) if a != UNKNOWN]
            outcome["characters"] += len(known)
            outcome["wrong characters"] += sum(a != b for a, b in known)
    _print(outcomes, options.vehicles)
    return 0


def _look(
    reader: OnnxPlateReader,
    labelled: LabelledCrop,
    height_px: float,
    blur: float,
    random: np.random.Generator,
) -> PlateReading:
    image = labelled.image
    plate_px = height_px * random.uniform(0.95, 1.05)
    scale = plate_px * (1 + 2 * PLATE_MARGIN) / image.shape[0]
    size = (max(8, round(image.shape[1] * scale)), max(8, round(image.shape[0] * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    sigma = max(0.0, blur + random.normal(0.0, 0.15))
    if sigma > 0.2:
        small = cv2.GaussianBlur(small, (0, 0), sigma)
    noisy = small + random.normal(0.0, 5.0, small.shape)
    crop: Image = np.asarray(np.clip(noisy, 0, 255), dtype=np.uint8)
    return PlateReading(characters=reader.read(crop), sharpness=sharpness(crop), height_px=plate_px)


def _print(outcomes: list[Counter[str]], vehicles: int) -> None:
    table = Table(title=f"What the vote says of {vehicles} small, blurred, noisy plates")
    for head in ("looks", "accepted", "wrong", "characters said", "of them wrong"):
        table.add_column(head, justify="right")
    for looks, outcome in enumerate(outcomes, start=1):
        table.add_row(
            str(looks),
            str(outcome["exact"] + outcome["wrong"]),
            str(outcome["wrong"]),
            str(outcome["characters"]),
            str(outcome["wrong characters"]),
        )
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
