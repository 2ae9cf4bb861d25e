"""What vehicles look like to the detector: its own early features, pooled over each box.

The bundled detector has a second output, `look`, (n, 96, H / 16, W / 16), made by `bench.look_output`: the
outputs of the backbone's first two stages (`model.1`, 32 channels, and `model.2`, 64 channels, both at a
sixteenth of the picture's pixels), averaged over 4 x 4 cells, each channel less its mean over the simulator's
vehicles and divided by its deviation. Features of the neck and the later stages tell classes and poses, which
all cars share, and hardly paint: `gotcha bench looks` prints how each separates vehicles.

The vector of a box is the average of that map over the box's inner four fifths (its rim shows the street),
cells at the rim counted by the share that lies inside, made unit length: region-of-interest average pooling
(He et al., "Spatial pyramid pooling", 2014; R. Girshick, "Fast R-CNN", 2015).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

# Where an ONNX file says which map its `look` is: vectors of different maps cannot be compared.
METADATA_KEY = "look"
INNER = 0.8
_LEAST_LENGTH = 1e-6


def pooled(look: Floats, boxes: Floats, *, width: int, height: int) -> Floats:
    """The vectors of `boxes`.

    Args:
        look: (channels, rows, columns), the map of one picture.
        boxes: (n, 4) xyxy pixels of the network's input.
        width: of the network's input, pixels.
        height: the same.

    Returns:
        (n, channels) of unit length; zeros for a box that covers nothing of the map.
    """
    found = averages(look, boxes, width=width, height=height)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    unit: Floats = np.where(lengths > _LEAST_LENGTH, found / np.maximum(lengths, _LEAST_LENGTH), 0.0)
    return unit.astype(np.float32, copy=False)


def averages(look: Floats, boxes: Floats, *, width: int, height: int) -> Floats:
    """The averages of `look` over the inner parts of `boxes`, (n, channels); arguments as in `pooled`."""
    channels, rows, columns = look.shape
    middle, half = (boxes[:, :2] + boxes[:, 2:]) / 2, INNER * (boxes[:, 2:] - boxes[:, :2]) / 2
    low, high = middle - half, middle + half
    scale_x, scale_y = columns / width, rows / height
    found = np.zeros((len(boxes), channels), dtype=np.float32)
    # One box after the other, only the cells it touches: a product over the whole map costs ten times more.
    for number in range(len(boxes)):
        across = _shares(low[number, 0] * scale_x, high[number, 0] * scale_x, columns)
        down = _shares(low[number, 1] * scale_y, high[number, 1] * scale_y, rows)
        if across is not None and down is not None:
            part = look[:, down.cells, across.cells]
            found[number] = (part @ across.weights) @ down.weights
    return found


@dataclass(frozen=True, slots=True)
class _Shares:
    """The cells of one direction that a box touches, and how much of it lies in each; sums to 1."""

    cells: slice
    weights: Floats


def _shares(low: float, high: float, cells: int) -> _Shares | None:
    """The shares of a box from `low` to `high`, in cells; None when it lies outside."""
    low, high = max(0.0, float(low)), min(float(cells), float(high))
    if not low < high:
        return None
    first, after = int(low), math.ceil(high)
    begin = np.arange(first, after, dtype=np.float32)
    inside = np.minimum(begin + 1, high) - np.maximum(begin, low)
    weights: Floats = (inside / (high - low)).astype(np.float32)
    return _Shares(slice(first, after), weights)
