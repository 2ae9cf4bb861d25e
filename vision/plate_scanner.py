"""Finding and reading in one: the plate of one vehicle in one picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.geometry import Box
from pipeline.picture import Image
from pipeline.plate import PlateReader, PlateReading, PlateSighting
from vision.backend import Backend, open_inference
from vision.plate_finder import PlateFinder, PlateGates


class VehiclePlateScanner:
    """The plate finder in front of a reader.

    Args:
        finder: finds the plate.
        reader: reads its crop.
    """

    def __init__(self, finder: PlateFinder, reader: PlateReader) -> None:
        self._finder = finder
        self._reader = reader

    def scan(self, image: Image, vehicle: Box, others: tuple[Box, ...]) -> PlateSighting | None:
        """The plate that belongs to `vehicle`, never one of `others`'; None when none passes the gates."""
        found = self._finder.find(image, vehicle, others)
        if found is None:
            return None
        return PlateSighting(
            box=found.box,
            score=found.score,
            crop=found.crop,
            reading=PlateReading(
                characters=self._reader.read(found.crop),
                sharpness=found.sharpness,
                height_px=found.box.height,
            ),
        )


def open_scanner(
    weights: Path,
    reader: PlateReader,
    *,
    backend: Backend = Backend.AUTO,
    gates: PlateGates | None = None,
) -> VehiclePlateScanner:
    """The scanner with the plate detector in `weights` (ONNX) in front of `reader`.

    Raises:
        ModelError: the weights are missing, damaged or of another kind.
    """
    dummy = np.zeros((1, 3, 416, 416), dtype=np.float32)
    return VehiclePlateScanner(PlateFinder(open_inference(weights, backend, dummy), gates), reader)
