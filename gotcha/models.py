"""The models the cameras share (they are safe in several threads), opened once from the configuration."""

from __future__ import annotations

import threading
from pathlib import Path

from gotcha.config import Config
from pipeline.detection import Detector
from pipeline.plate import PlateScanner
from vision.backend import Backend
from vision.open_detector import open_detector
from vision.open_reader import ReaderChoice, open_reader
from vision.plate_finder import PlateGates
from vision.plate_scanner import open_scanner
from vision.yolo_detector import DetectorOptions

BUNDLED = Path(__file__).resolve().parent.parent / "models"
# The one-to-many head: more recall at the same score and cost (docs/decisions/0009).
VEHICLE_WEIGHTS = BUNDLED / "vehicle_detector_o2m.onnx"
PLATE_WEIGHTS = BUNDLED / "plate_detector.onnx"
READER_WEIGHTS = BUNDLED / "plate_ocr.onnx"


class Models:
    """Detector and plate scanners of one program.

    Args:
        config: what to open; plate readers are opened for each region that a camera names.

    Raises:
        ModelError: weights are missing or damaged, or a chosen extra is not installed.
    """

    def __init__(self, config: Config) -> None:
        self.detector: Detector = detector(config)
        self._config = config
        self._scanners: dict[str, PlateScanner] = {}
        self._opening = threading.Lock()
        if config.plates.enabled:
            regions = {config.region_of(name) for name in config.cameras} or {config.region}
            self._scanners = {region: scanner(config, region) for region in regions}

    def scanner(self, region: str) -> PlateScanner | None:
        """The plate scanner for a region, or None where plates are not read.

        That of a region which no camera had at the start is opened now, which takes a second.

        Raises:
            ModelError: see `Models`.
        """
        if not self._config.plates.enabled:
            return None
        with self._opening:
            if region not in self._scanners:
                self._scanners[region] = scanner(self._config, region)
            return self._scanners[region]


def detector(config: Config) -> Detector:
    """A detector as configured.

    Raises:
        ModelError: see `Models`.
    """
    wanted = config.detector
    return open_detector(
        Path(wanted.weights) if wanted.weights else VEHICLE_WEIGHTS,
        backend=Backend(wanted.backend),
        options=DetectorOptions(
            long_side=wanted.input_px, min_score=wanted.min_score, close_pass=wanted.close_pass
        ),
    )


def scanner(config: Config, region: str) -> PlateScanner:
    """A plate scanner as configured, for the plates of `region`.

    Raises:
        ModelError: see `Models`.
    """
    # Plate networks are ours whatever finds the vehicles, so Ultralytics is no choice for them.
    backend = Backend.AUTO if config.detector.backend == "ultralytics" else Backend(config.detector.backend)
    reader = open_reader(
        ReaderChoice(config.plates.reader),
        region=region,
        weights=READER_WEIGHTS,
        backend=backend,
        languages=config.plates.languages,
        model_directory=config.plates.model_directory,
    )
    gates = PlateGates(min_height_px=config.plates.min_height_px)
    return open_scanner(PLATE_WEIGHTS, reader, backend=backend, gates=gates)
