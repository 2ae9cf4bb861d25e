"""One loaded network behind one small Protocol, so that detectors and readers do not know their runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


# A second output of this name is the vehicles' looks (`vision.look_map`); other networks have one output.
LOOK_OUTPUT = "look"


class Inference(Protocol):
    """A network with one input and one output, perhaps `look` besides; threads may share it."""

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

    @property
    def has_look(self) -> bool:
        """Whether there is a second output, `look`."""
        ...

    def run(self, batch: Tensor) -> Tensor:
        """The network's output for `batch`.

        Raises:
            ModelError: the network refuses the batch.
        """
        ...

    def run_all(self, batch: Tensor) -> tuple[Tensor, ...]:
        """The network's output for `batch`, and `look` where it has one; both from one run.

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
        inputs = self._session.get_inputs()
        names = [output.name for output in self._session.get_outputs()]
        self.has_look: bool = looks_besides(weights, len(inputs), names)
        self._input: str = inputs[0].name
        self._outputs: list[str] = names
        self.input_shape: tuple[int | None, ...] = tuple(
            n if isinstance(n, int) and n > 0 else None for n in inputs[0].shape
        )
        self.metadata: Mapping[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)

    def run(self, batch: Tensor) -> Tensor:
        return self._run(batch, self._outputs[:1])[0]

    def run_all(self, batch: Tensor) -> tuple[Tensor, ...]:
        return self._run(batch, self._outputs)

    def _run(self, batch: Tensor, outputs: list[str]) -> tuple[Tensor, ...]:
        try:
            return tuple(np.asarray(output) for output in self._session.run(outputs, {self._input: batch}))
        except _ORT_ERRORS as error:
            raise refused(self, batch) from error


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


def looks_besides(weights: Path, inputs: int, outputs: Sequence[str]) -> bool:
    """Whether a network of our form has the output `look` besides its first one.

    Raises:
        ModelError: not exactly one input, or other outputs.
    """
    if inputs != 1 or len(outputs) not in (1, 2) or outputs[1:] not in ([], [LOOK_OUTPUT]):
        raise ModelError(
            f"Expected a network with one input and one output (and perhaps {LOOK_OUTPUT!r}), got {inputs} "
            f"and {len(outputs)} in {weights}."
        )
    return len(outputs) == 2


def refused(inference: Inference, batch: Tensor) -> ModelError:
    """The error for a batch that does not fit the network."""
    return ModelError(
        f"{inference.weights} expects an input of {_spelled(inference.input_shape)}, "
        f"got {batch.dtype} {_spelled(batch.shape)}."
    )


def _spelled(shape: tuple[int | None, ...]) -> str:
    return "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
