"""Which runtime runs a network here: measured, not guessed."""

from __future__ import annotations

import importlib.util
import logging
import time
from enum import StrEnum
from pathlib import Path

import numpy as np

from pipeline.errors import ModelError
from vision.inference import Inference, OnnxRuntimeInference, Tensor
from vision.openvino_inference import OpenVinoInference

_log = logging.getLogger(__name__)

_WARM_UPS = 2
_RUNS = 5


class Backend(StrEnum):
    """The runtimes a configuration may name."""

    AUTO = "auto"
    ONNX = "onnx"
    OPENVINO = "openvino"
    ULTRALYTICS = "ultralytics"


def open_inference(weights: Path, backend: Backend, dummy: Tensor) -> Inference:
    """Load `weights` in the runtime that `backend` names.

    `auto` takes OpenVINO where it is installed and, on `dummy`, faster than ONNX Runtime; measured in CPU
    time, because the machine may be busy.

    Args:
        weights: an ONNX file.
        backend: `auto`, `onnx` or `openvino`.
        dummy: an input of the size and type the network will be given.

    Raises:
        ModelError: the weights are missing or damaged, or the runtime is not installed or cannot run ONNX.
    """
    match backend:
        case Backend.ONNX:
            return OnnxRuntimeInference(weights)
        case Backend.OPENVINO:
            return OpenVinoInference(weights)
        case Backend.AUTO:
            return _faster(weights, dummy)
        case _:
            raise ModelError(f"The backend {backend} cannot run {weights}: expected auto, onnx or openvino.")


def _faster(weights: Path, dummy: Tensor) -> Inference:
    onnx = OnnxRuntimeInference(weights)
    if importlib.util.find_spec("openvino") is None:
        _log.info("%s runs in onnxruntime; openvino is not installed", weights.name)
        return onnx
    try:
        openvino = OpenVinoInference(weights)
        openvino_ms = _cpu_ms(openvino, dummy)
    except ModelError as error:
        _log.warning("%s runs in onnxruntime; openvino failed: %s", weights.name, error)
        return onnx
    onnx_ms = _cpu_ms(onnx, dummy)
    chosen: Inference = openvino if openvino_ms < onnx_ms else onnx
    _log.info(
        "%s runs in %s: openvino takes %.1f ms, onnxruntime %.1f ms of CPU",
        weights.name,
        chosen.runtime,
        openvino_ms,
        onnx_ms,
    )
    return chosen


def _cpu_ms(inference: Inference, dummy: Tensor) -> float:
    """The median CPU time of a run, milliseconds; the first runs compile and allocate and do not count."""
    for _ in range(_WARM_UPS):
        inference.run(dummy)
    spent = []
    for _ in range(_RUNS):
        begun = time.process_time()
        inference.run(dummy)
        spent.append((time.process_time() - begun) * 1000)
    return float(np.median(spent))
