"""One call from a configuration to a detector."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.detection import Detector
from vision.backend import Backend, open_inference
from vision.ultralytics_detector import UltralyticsDetector
from vision.yolo_detector import DetectorOptions, YoloDetector

# The aspect of most cameras, 16:9, for the trial that chooses a runtime.
_TRIAL_ASPECT = 0.6


def open_detector(
    weights: Path,
    *,
    backend: Backend = Backend.AUTO,
    options: DetectorOptions | None = None,
    device: str | None = None,
) -> Detector:
    """The detector for `weights`.

    Args:
        weights: an ONNX file, or with Ultralytics any of its checkpoints; a file that is not `.onnx` is
            Ultralytics' under `auto`.
        backend: `auto` measures OpenVINO, where installed, against ONNX Runtime and takes the faster one.
        options: how to look.
        device: for Ultralytics only: `cpu`, `cuda:0`, or None for its own choice.

    Raises:
        ModelError: the weights are missing, damaged or of another kind, or the backend is not installed.
    """
    options = options or DetectorOptions()
    if backend is Backend.ULTRALYTICS or (backend is Backend.AUTO and weights.suffix != ".onnx"):
        return UltralyticsDetector(weights, options, device=device)
    return YoloDetector(open_inference(weights, backend, _trial(options.long_side)), options)


def _trial(long_side: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    height = round(long_side * _TRIAL_ASPECT / 32) * 32
    return np.zeros((1, 3, max(96, height), long_side), dtype=np.float32)
