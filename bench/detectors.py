"""How well and how fast the bundled detector sees: by head, backend and pass.

gotcha bench detectors --truth DIR

DIR holds vehicles_val/ with images/, labels/ and ignore/ (YOLO text files). Quality is class-agnostic over
the vehicle classes; boxes in ignored regions do not count. Time is CPU time of one thread, a picture as the
camera gives it to boxes in its pixels, as a ratio to the usual way to run such a file: ONNX Runtime with
scaling to a float tensor in NumPy.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort
from rich.console import Console
from rich.table import Table

from bench.labelled_pictures import LabelledPicture, Matches, load
from bench.truth_folder import truth_folder
from pipeline.detection import VEHICLES, Detector
from pipeline.errors import ModelError
from pipeline.geometry import Size
from pipeline.picture import Image
from vision.letterbox import PADDING_GREY, Letterbox, network_size
from vision.yolo_detector import DetectorOptions, OnnxDetector, OpenVinoDetector

MODELS = Path(__file__).resolve().parent.parent / "models"
END_TO_END, RAW = MODELS / "vehicle_detector.onnx", MODELS / "vehicle_detector_o2m.onnx"
_VEHICLE_CLASSES = frozenset({0, 1, 2, 3})
_THRESHOLDS = (0.15, 0.25, 0.35, 0.5)
_TIMED = 12
_ROUNDS = 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    truth = truth_folder(arguments, name="detectors", about=__doc__, needs="vehicles_val")
    cv2.setNumThreads(1)
    pictures = load(truth / "vehicles_val", _VEHICLE_CLASSES)
    console = Console()
    table = Table(title=f"Vehicles on {len(pictures)} pictures, class-agnostic, IoU 0.5")
    for head in ("network", "AP50", *(f"P / R at {t}" for t in _THRESHOLDS)):
        table.add_column(head, justify="left" if head == "network" else "right")
    for name, detector in _detectors(DetectorOptions(min_score=0.01)).items():
        matches = _matches(detector, pictures)
        cells = (matches.at(t) for t in _THRESHOLDS)
        table.add_row(name, f"{matches.average_precision():.3f}", *(f"{p:.2f} / {r:.2f}" for p, r in cells))
    console.print(table)
    _print_times(console, pictures[:_TIMED])
    return 0


def _detectors(options: DetectorOptions) -> dict[str, Detector]:
    close = DetectorOptions(min_score=options.min_score, close_pass=True)
    detectors: dict[str, Detector] = {
        "end-to-end, onnx": OnnxDetector(END_TO_END, options),
        "end-to-end, onnx, close pass": OnnxDetector(END_TO_END, close),
        "raw, onnx": OnnxDetector(RAW, options),
    }
    try:
        detectors["end-to-end, openvino"] = OpenVinoDetector(END_TO_END, options)
        detectors["raw, openvino"] = OpenVinoDetector(RAW, options)
    except ModelError:
        pass
    return detectors


def _matches(detector: Detector, pictures: list[LabelledPicture]) -> Matches:
    matches = Matches()
    for picture in pictures:
        found = detector.detect(picture.image)
        matches.add([(d.box, d.score) for d in found if d.label in VEHICLES], picture)
    return matches


def _print_times(console: Console, pictures: list[LabelledPicture]) -> None:
    ways: dict[str, Callable[[Image], object]] = {"plain ONNX Runtime": _PlainOnnx(END_TO_END).detect}
    ways |= {name: detector.detect for name, detector in _detectors(DetectorOptions()).items()}
    table = Table(title="CPU per picture, one thread, long side 640")
    for head in ("way", "ms", "ratio"):
        table.add_column(head, justify="left" if head == "way" else "right")
    # The camera's pictures are larger than the network's input: scaling is part of the work.
    images = [np.asarray(cv2.resize(p.image, (1280, 720)), dtype=np.uint8) for p in pictures]
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(_ROUNDS):
        # In turns, so that a busy moment of the machine hits all alike.
        for name, detect in ways.items():
            detect(images[0])
            begun = time.process_time()
            for image in images:
                detect(image)
            spent[name].append((time.process_time() - begun) * 1000 / len(images))
    plain = float(np.median(spent["plain ONNX Runtime"]))
    for name, times in spent.items():
        median = float(np.median(times))
        table.add_row(name, f"{median:.1f}", f"{median / plain:.2f}")
    console.print(table)


class _PlainOnnx:
    """The usual way: letterbox, NumPy to float, run, threshold."""

    def __init__(self, weights: Path) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = ort.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])

    def detect(self, image: Image) -> object:
        picture = Size(width=image.shape[1], height=image.shape[0])
        box = Letterbox(picture=picture, network=network_size(picture, 640))
        scaled = cv2.resize(image, (box.scaled.width, box.scaled.height), interpolation=cv2.INTER_LINEAR)
        canvas = np.full((box.network.height, box.network.width, 3), PADDING_GREY, dtype=np.uint8)
        canvas[box.top : box.top + box.scaled.height, box.left : box.left + box.scaled.width] = scaled
        batch = np.ascontiguousarray(canvas[:, :, ::-1].transpose(2, 0, 1)[None]).astype(np.float32) / 255
        (output,) = self._session.run(None, {"images": batch})
        return output[0][output[0][:, 4] >= 0.1]


if __name__ == "__main__":
    sys.exit(main())
