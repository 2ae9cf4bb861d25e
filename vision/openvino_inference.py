"""Networks run by OpenVINO, which on newer x86 processors computes in bfloat16 by itself."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pipeline.errors import ModelError
from vision.inference import Tensor, existing, looks_besides, refused, unreadable

# Texts of an ONNX file that our networks use; OpenVINO keeps them under "framework".
_METADATA_KEYS = ("names", "task", "character", "end2end", "look")


class OpenVinoInference:
    """A network run by OpenVINO on one core (extra `openvino`).

    Args:
        weights: an ONNX file.

    Raises:
        ModelError: OpenVINO is not installed, or the file is missing or is no ONNX network of our
            form.
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
            names = [output.get_any_name() for output in model.outputs]
            self.has_look: bool = looks_besides(weights, len(model.inputs), names)
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
        return self._run(batch, 1)[0]

    def run_all(self, batch: Tensor) -> tuple[Tensor, ...]:
        return self._run(batch, 1 + self.has_look)

    def _run(self, batch: Tensor, outputs: int) -> tuple[Tensor, ...]:
        request = getattr(self._requests, "own", None)
        if request is None:
            request = self._requests.own = self._compiled.create_infer_request()
        try:
            # The memory of `batch` is used as it lies; it stays alive through the call.
            results = request.infer([np.ascontiguousarray(batch)], share_inputs=True)
        except (RuntimeError, TypeError) as error:
            raise refused(self, batch) from error
        # Copies: the request's own buffers are overwritten by the next call.
        return tuple(np.array(results[number]) for number in range(outputs))
