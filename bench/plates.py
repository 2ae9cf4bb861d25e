"""How well plates are found and read.

gotcha bench plates --truth DIR

DIR holds plate_boxes_val/ (images/, labels/) and plates_val/ (crops, labels.csv with file, text, country).
Accepted is a text that is valid in its region's grammar and whose least certain character reaches the gate;
accepted and wrong is the figure to drive to zero. A crop is one look: the vote over several is in
`bench.degraded_looks`.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from bench.labelled_pictures import Matches, load
from bench.truth_folder import truth_folder
from pipeline.errors import ModelError, PictureError
from pipeline.korean_plates import KoreanPlates
from pipeline.latin_plates import LatinPlates
from pipeline.picture import Image
from pipeline.plate import PlateGrammar, PlateReader
from vision.backend import Backend
from vision.easyocr_reader import EasyOcrReader
from vision.inference import OnnxRuntimeInference
from vision.korean_reader import OnnxPlateReader
from vision.plate_crop import PLATE_MARGIN
from vision.rapidocr_reader import RapidOcrReader
from vision.yolo_network import YoloNetwork

MODELS = Path(__file__).resolve().parent.parent / "models"
_GATES = (0.6, 0.7, 0.8, 0.9)
_DETECTOR_THRESHOLDS = (0.15, 0.25, 0.4, 0.6)
_LONG_SIDES = (416, 640)
# The crops were cut with about this much around the plate; the rest of the margin is made up from their rim.
_MARGIN_OF_CROPS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledCrop:
    """A plate crop, grown to the margin that readers expect, and its text."""

    image: Image
    text: str


@dataclass(slots=True)
class Outcome:
    """What became of the crops of one reader at one gate."""

    exact: int = 0
    wrong: int = 0
    rejected: int = 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    truth = truth_folder(arguments, name="plates", about=__doc__, needs="plates_val")
    cv2.setNumThreads(1)
    console = Console()
    _print_finding(console, truth / "plate_boxes_val")
    korean, latin = _crops(truth / "plates_val")
    koreans: dict[str, PlateReader] = {
        f"korean, {count} window{'s' * (count > 1)}": OnnxPlateReader(
            MODELS / "plate_ocr.onnx", backend=Backend.ONNX, windows_per_crop=count
        )
        for count in (1, 3, 5, 7)
    }
    latins: dict[str, PlateReader] = {
        f"rapidocr, {count} window{'s' * (count > 1)}": RapidOcrReader(
            backend=Backend.ONNX, windows_per_crop=count
        )
        for count in (1, 3)
    }
    latins["korean, 5 windows"] = koreans["korean, 5 windows"]
    try:
        latins["easyocr"] = EasyOcrReader(("en",))
    except ModelError as error:
        console.print(f"EasyOCR is left out: {error}", style="dim", soft_wrap=True)
    _print_reading(console, "Korean plates", korean, koreans, KoreanPlates())
    _print_reading(console, "Latin plates of many countries", latin, latins, LatinPlates())
    return 0


def _print_finding(console: Console, folder: Path) -> None:
    pictures = load(folder, frozenset({0}))
    network = YoloNetwork(OnnxRuntimeInference(MODELS / "plate_detector.onnx"), classes=1)
    table = Table(title=f"Plates on {len(pictures)} whole pictures, IoU 0.5")
    for head in ("long side", "AP50", *(f"P / R at {t}" for t in _DETECTOR_THRESHOLDS)):
        table.add_column(head, justify="right")
    for long_side in _LONG_SIDES:
        matches = Matches()
        for picture in pictures:
            found = network.find(picture.image, long_side=long_side, min_score=0.01)
            matches.add(list(zip(found.as_boxes(), found.scores.tolist(), strict=True)), picture)
        cells = (matches.at(t) for t in _DETECTOR_THRESHOLDS)
        table.add_row(
            str(long_side), f"{matches.average_precision():.3f}", *(f"{p:.2f} / {r:.2f}" for p, r in cells)
        )
    console.print(table)


def _print_reading(
    console: Console,
    title: str,
    crops: list[LabelledCrop],
    readers: dict[str, PlateReader],
    grammar: PlateGrammar,
) -> None:
    table = Table(title=f"{title}: {len(crops)} crops; exact / wrong / rejected behind the gate")
    for head in ("reader", "ungated exact", *(f"gate {g}" for g in _GATES), "CPU ms"):
        table.add_column(head, justify="left" if head == "reader" else "right")
    for name, reader in readers.items():
        outcomes = {gate: Outcome() for gate in _GATES}
        exact = 0
        begun = time.process_time()
        readings = [reader.read(crop.image) for crop in crops]
        ms = (time.process_time() - begun) * 1000 / len(crops)
        for crop, characters in zip(crops, readings, strict=True):
            text = "".join(c.text for c in characters)
            least = min((c.probability for c in characters), default=0.0)
            exact += text == crop.text
            for gate, outcome in outcomes.items():
                if least < gate or not grammar.is_valid(text):
                    outcome.rejected += 1
                elif text == crop.text:
                    outcome.exact += 1
                else:
                    outcome.wrong += 1
        cells = (f"{o.exact} / {o.wrong} / {o.rejected}" for o in outcomes.values())
        table.add_row(name, f"{exact / len(crops):.1%}", *cells, f"{ms:.0f}")
    console.print(table)


def korean_crops(folder: Path) -> list[LabelledCrop]:
    """The crops of Korean plates in `folder` (crops, labels.csv).

    Raises:
        PictureError: a crop cannot be decoded.
    """
    return _crops(folder)[0]


def _crops(folder: Path) -> tuple[list[LabelledCrop], list[LabelledCrop]]:
    """The crops with Korean and with other plates."""
    korean: list[LabelledCrop] = []
    others: list[LabelledCrop] = []
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            image = cv2.imread(str(folder / row["file"]))
            if image is None:
                raise PictureError(f"Expected a picture, {folder / row['file']} cannot be decoded.")
            y = round(image.shape[0] * (PLATE_MARGIN - _MARGIN_OF_CROPS))
            x = round(image.shape[1] * (PLATE_MARGIN - _MARGIN_OF_CROPS))
            grown = cv2.copyMakeBorder(image, y, y, x, x, cv2.BORDER_REPLICATE)
            crop = LabelledCrop(image=np.asarray(grown, dtype=np.uint8), text=row["text"])
            (korean if row["country"] == "KR" else others).append(crop)
    return korean, others


if __name__ == "__main__":
    sys.exit(main())
