"""Networks run by OpenVINO, which on newer x86 processors computes in bfloat16 by itself."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pipeline.errors import ModelError
from vision.inference import Tensor, existing, one_input_one_output, refused, unreadable

# Texts of an ONNX file that our networks use; OpenVINO keeps them under "framework".
_METADATA_KEYS = ("names", "task", "character", "end2end")


class OpenVinoInference:
    """A network run by OpenVINO on one core (extra `openvino`).

    Args:
        weights: an ONNX file.

    Raises:
        ModelError: OpenVINO is not installed, or the file is missing or is no ONNX network with one input
            and one output.
    """

    runtime = "openvino"

    def __init__(self, weights: Path) -> None:
        try:
            # Imported here because the default install does without it.
            import openvino as ov
        except ImportError as error:
            raise ModelError(
                "OpenVINO is not installed: install the extra `openvino` or choose the backend `onnx`."
            ) from error
        self.weights = existing(weights)
        core = ov.Core()
        try:
            model = core.read_model(str(weights))
            one_input_one_output(weights, len(model.inputs), len(model.outputs))
            self._compiled = core.compile_model(
                model,
                "CPU",
                {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"},
            )
        except RuntimeError as error:
            raise unreadable(weights, self.runtime) from error
        self.input_shape: tuple[int | None, ...] = tuple(
            d.get_length() if d.is_static else None for d in model.inputs[0].partial_shape
        )
        self.metadata: Mapping[str, str] = {
            key: str(model.get_rt_info(["framework", key]).value)
            for key in _METADATA_KEYS
            if model.has_rt_info(["framework", key])
        }
        # A request holds buffers and must not be shared between threads.
        self._requests = threading.local()

    def run(self, batch: Tensor) -> Tensor:
        request = getattr(self._requests, "own", None)
        if request is None:
            request = self._requests.own = self._compiled.create_infer_request()
        try:
            # The memory of `batch` is used as it lies; it stays alive through the call.
            results = request.infer([np.ascontiguousarray(batch)], share_inputs=True)
        except (RuntimeError, TypeError) as error:
            raise refused(self, batch) from error
        # A copy: the request's own buffer is overwritten by the next call.
        return np.array(results[0])
