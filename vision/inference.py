"""One loaded network behind one small Protocol, so that detectors and readers do not know their runtime."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from pipeline.errors import ModelError

Tensor = npt.NDArray[Any]

# ONNX Runtime's exceptions share no base of their own but Exception.
_ORT_ERRORS: tuple[type[Exception], ...] = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoModel,
    ort_errors.NoSuchFile,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)


class Inference(Protocol):
    """A network with one input and one output, safe to be run from several threads."""

    @property
    def runtime(self) -> str:
        """The library behind it, for messages."""
        ...

    @property
    def weights(self) -> Path:
        """The file it was loaded from, for messages."""
        ...

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """The input's shape, None where any length is taken."""
        ...

    @property
    def metadata(self) -> Mapping[str, str]:
        """The texts stored beside the graph in the ONNX file."""
        ...

    def run(self, batch: Tensor) -> Tensor:
        """The network's output for `batch`.

        Raises:
            ModelError: the network refuses the batch.
        """
        ...


class OnnxRuntimeInference:
    """A network run by ONNX Runtime on one core.

    One thread, because a machine watches many cameras at once and two threads on one picture scale badly.

    Args:
        weights: an ONNX file.

    Raises:
        ModelError: the file is missing or is no ONNX network with one input and one output.
    """

    runtime = "onnxruntime"

    def __init__(self, weights: Path) -> None:
        self.weights = existing(weights)
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        # What goes wrong is raised; printing it too would only frighten.
        options.log_severity_level = 4
        try:
            self._session = ort.InferenceSession(
                str(weights), sess_options=options, providers=["CPUExecutionProvider"]
            )
        except _ORT_ERRORS as error:
            raise unreadable(weights, self.runtime) from error
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        one_input_one_output(weights, len(inputs), len(outputs))
        self._input: str = inputs[0].name
        self.input_shape: tuple[int | None, ...] = tuple(
            n if isinstance(n, int) and n > 0 else None for n in inputs[0].shape
        )
        self.metadata: Mapping[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)

    def run(self, batch: Tensor) -> Tensor:
        try:
            (output,) = self._session.run(None, {self._input: batch})
        except _ORT_ERRORS as error:
            raise refused(self, batch) from error
        return np.asarray(output)


def existing(weights: Path) -> Path:
    """`weights`, when there is such a file.

    Raises:
        ModelError: there is none.
    """
    if not weights.is_file():
        raise ModelError(f"Model weights are missing: there is no file {weights}.")
    return weights


def unreadable(weights: Path, runtime: str) -> ModelError:
    """The error for a file that `runtime` cannot load."""
    return ModelError(f"Model weights are damaged or no ONNX network: {runtime} cannot load {weights}.")


def one_input_one_output(weights: Path, inputs: int, outputs: int) -> None:
    """Refuse networks of another form than ours.

    Raises:
        ModelError: not exactly one input and one output.
    """
    if (inputs, outputs) != (1, 1):
        raise ModelError(
            f"Expected a network with one input and one output, got {inputs} and {outputs} in {weights}."
        )


def refused(inference: Inference, batch: Tensor) -> ModelError:
    """The error for a batch that does not fit the network."""
    return ModelError(
        f"{inference.weights} expects an input of {_spelled(inference.input_shape)}, "
        f"got {batch.dtype} {_spelled(batch.shape)}."
    )


def _spelled(shape: tuple[int | None, ...]) -> str:
    return "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
