"""Small real networks with known answers, built where they are needed.

A network of this kind sees six pure colours, one for each class: it averages how much of each colour is in
every cell of 32 x 32 pixels and calls each cell a box. So what is drawn is what must be found.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from pipeline.detection import ObjectClass
from pipeline.picture import Image

CELL = 32
OUR_NAMES = {number: label.value for number, label in enumerate(ObjectClass)}
# BGR, 0 or 255 in each channel; black and white are no class.
COLORS = {
    ObjectClass.CAR: (0, 0, 255),
    ObjectClass.MOTORCYCLE: (0, 255, 0),
    ObjectClass.BUS: (255, 0, 0),
    ObjectClass.TRUCK: (0, 255, 255),
    ObjectClass.PERSON: (255, 0, 255),
    ObjectClass.BICYCLE: (255, 255, 0),
}


def color_network(
    path: Path,
    *,
    end_to_end: bool,
    width: int = 640,
    height: int = 384,
    names: dict[int, str] | None = OUR_NAMES,
    box_cells: float = 1.0,
) -> Path:
    """Write a network for pictures of `width` x `height`; boxes are `box_cells` cells wide and high."""
    kernel = np.zeros((6, 3, 1, 1), dtype=np.float32)
    bias = np.zeros(6, dtype=np.float32)
    for number, label in enumerate(ObjectClass):
        rgb = COLORS[label][::-1]
        for channel, value in enumerate(rgb):
            kernel[number, channel, 0, 0] = 1.0 if value else -1.0
        bias[number] = 1.0 - sum(1 for value in rgb if value)
    columns, rows = width // CELL, height // CELL
    xs, ys = np.meshgrid((np.arange(columns) + 0.5) * CELL, (np.arange(rows) + 0.5) * CELL)
    sides = np.full(xs.size, CELL * box_cells)
    centers = np.stack([xs.ravel(), ys.ravel(), sides, sides]).astype(np.float32)[None]
    constants = {
        "kernel": kernel,
        "bias": bias,
        "flat": np.array([1, 6, -1], dtype=np.int64),
    }
    nodes = [
        helper.make_node("Conv", ["images", "kernel", "bias"], ["color"]),
        helper.make_node("Relu", ["color"], ["lit"]),
        helper.make_node("AveragePool", ["lit"], ["cells"], kernel_shape=[CELL] * 2, strides=[CELL] * 2),
        helper.make_node("Reshape", ["cells", "flat"], ["scores"]),
    ]
    anchors = xs.size
    if end_to_end:
        half = centers[:, 2:] / 2
        constants["boxes"] = np.concatenate([centers[:, :2] - half, centers[:, :2] + half], axis=1)
        nodes += [
            helper.make_node("ReduceMax", ["scores"], ["best"], axes=[1], keepdims=1),
            helper.make_node("ArgMax", ["scores"], ["number"], axis=1, keepdims=1),
            helper.make_node("Cast", ["number"], ["class"], to=TensorProto.FLOAT),
            helper.make_node("Concat", ["boxes", "best", "class"], ["columns"], axis=1),
            helper.make_node("Transpose", ["columns"], ["output0"], perm=[0, 2, 1]),
        ]
        shape = [1, anchors, 6]
    else:
        constants["boxes"] = centers
        nodes.append(helper.make_node("Concat", ["boxes", "scores"], ["output0"], axis=1))
        shape = [1, 10, anchors]
    graph = helper.make_graph(
        nodes,
        "colors",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, height, width])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in constants.items()],
    )
    return _saved(graph, path, {} if names is None else {"names": str(names)})


def constant_network(path: Path, output: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Path:
    """Write a network that says `output` of every picture of 640 x 384."""
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["constant", "nothing"], ["output0"]),
    ]
    graph = helper.make_graph(
        nodes,
        "constant",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 384, 640])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, list(output.shape))],
        [
            numpy_helper.from_array(output, "constant"),
            numpy_helper.from_array(np.zeros((), dtype=np.float32), "zero"),
        ],
    )
    return _saved(graph, path, {})


def draw(image: Image, label: ObjectClass, x1: int, y1: int, x2: int, y2: int) -> None:
    """Paint a rectangle in the colour of `label`."""
    image[y1:y2, x1:x2] = COLORS[label]


def _saved(graph: onnx.GraphProto, path: Path, metadata: dict[str, str]) -> Path:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    for key, value in metadata.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path
