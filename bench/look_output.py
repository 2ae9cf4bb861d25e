"""Gives the bundled detector its second output, `look` (what it is: `vision.look_map`).

python -m bench.look_output [--weights models/vehicle_detector_o2m.onnx]

Needs the `onnx` package (extra `dev`). The graph that finds vehicles is left as it is; an output that an
earlier run added is made anew. Mean and deviation of the channels come from the simulator's vehicles.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from pipeline.detection import VEHICLES
from pipeline.geometry import Size
from simulator.scenes import build_scene
from vision.inference import LOOK_OUTPUT
from vision.letterbox import Letterbox, network_size
from vision.look_map import METADATA_KEY, averages

WEIGHTS = Path(__file__).resolve().parent.parent / "models" / "vehicle_detector_o2m.onnx"
NAME = "yolo26n-o2m-stages-1-2"
STAGES = ("/model.1/act/Mul_output_0", "/model.2/cv2/act/Mul_output_0")
_POOL = 4
_LONG_SIDE = 640
_OURS = "/look/"
_KINDS = ("day", "day_close", "overcast", "shadows", "dusk")
_SEED, _EVERY_S, _UNTIL_S = 11, 2.0, 60.0
_LEAST_VISIBLE, _LEAST_SHARE = 0.6, 0.04

Floats = npt.NDArray[np.float32]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.look_output")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    weights: Path = parser.parse_args(arguments).weights
    model = onnx.load(str(weights))
    _without_look(model)
    channels = _channels(model)
    plain = _with_look(model, np.zeros(sum(channels), np.float32), np.ones(sum(channels), np.float32))
    mean, deviation = _statistics(plain)
    # Each stage counts the same, however many channels it has.
    share = np.concatenate([np.full(count, count**-0.5, np.float32) for count in channels])
    finished = _with_look(model, mean, np.asarray(share / deviation, dtype=np.float32))
    onnx.checker.check_model(finished)
    weights.write_bytes(finished.SerializeToString())
    return 0


def _without_look(model: onnx.ModelProto) -> None:
    graph = model.graph
    for kept in (graph.node, graph.initializer, graph.output):
        ours = [item for item in kept if item.name.startswith(_OURS) or item.name == LOOK_OUTPUT]
        for item in ours:
            kept.remove(item)
    for entry in [entry for entry in model.metadata_props if entry.key == METADATA_KEY]:
        model.metadata_props.remove(entry)


def _channels(model: onnx.ModelProto) -> list[int]:
    """How many channels each stage has: those of its last convolution."""
    convolutions = [re.sub(r"/act/Mul_output_0$", "/conv/Conv", stage) for stage in STAGES]
    weights = {node.name: node.input[1] for node in model.graph.node if node.name in convolutions}
    shapes = {item.name: item.dims[0] for item in model.graph.initializer if item.dims}
    return [shapes[weights[name]] for name in convolutions]


def _with_look(model: onnx.ModelProto, mean: Floats, weight: Floats) -> onnx.ModelProto:
    new = onnx.ModelProto()
    new.CopyFrom(model)
    graph = new.graph
    pooled = [f"{_OURS}pooled_{number}" for number in range(len(STAGES))]
    for stage, name in zip(STAGES, pooled, strict=True):
        graph.node.append(
            helper.make_node(
                "AveragePool",
                [stage],
                [name],
                name=f"{name}_node",
                kernel_shape=[_POOL, _POOL],
                strides=[_POOL, _POOL],
            )
        )
    for name, values in (("mean", mean), ("weight", weight)):
        shaped = np.asarray(values, dtype=np.float32).reshape(1, -1, 1, 1)
        graph.initializer.append(numpy_helper.from_array(shaped, f"{_OURS}{name}"))
    graph.node.append(helper.make_node("Concat", pooled, [f"{_OURS}all"], name=f"{_OURS}concat", axis=1))
    graph.node.append(
        helper.make_node("Sub", [f"{_OURS}all", f"{_OURS}mean"], [f"{_OURS}less"], name=f"{_OURS}sub")
    )
    graph.node.append(
        helper.make_node("Mul", [f"{_OURS}less", f"{_OURS}weight"], [LOOK_OUTPUT], name=f"{_OURS}mul")
    )
    shape: list[str | int | None] = ["batch", len(mean), "look_rows", "look_columns"]
    graph.output.append(helper.make_tensor_value_info(LOOK_OUTPUT, TensorProto.FLOAT, shape))
    new.metadata_props.append(onnx.StringStringEntryProto(key=METADATA_KEY, value=NAME))
    return new


def _statistics(model: onnx.ModelProto) -> tuple[Floats, Floats]:
    """Mean and deviation of each channel, over the simulator's vehicles."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    vectors: list[Floats] = []
    for kind in _KINDS:
        scene = build_scene(kind, _SEED)
        for at_s in np.arange(0.0, _UNTIL_S, _EVERY_S):
            image = scene.frame(float(at_s))
            size = Size(width=image.shape[1], height=image.shape[0])
            letterbox = Letterbox(picture=size, network=network_size(size, _LONG_SIDE))
            boxes = [
                (seen.box.x1, seen.box.y1, seen.box.x2, seen.box.y2)
                for seen in scene.boxes(float(at_s))
                if seen.label in VEHICLES
                and seen.visible >= _LEAST_VISIBLE
                and min(seen.box.width, seen.box.height) >= _LEAST_SHARE * size.width
            ]
            if boxes:
                (look,) = session.run([LOOK_OUTPUT], {"images": letterbox.tensor(image)})
                inside = np.asarray(boxes, dtype=np.float32) * np.float32(letterbox.scale)
                inside += np.asarray([letterbox.left, letterbox.top] * 2, dtype=np.float32)
                network = letterbox.network
                vectors += list(averages(look[0], inside, width=network.width, height=network.height))
    everything = np.stack(vectors)
    return everything.mean(axis=0), everything.std(axis=0) + 1e-3


if __name__ == "__main__":
    import sys

    raise SystemExit(main(sys.argv[1:]))
