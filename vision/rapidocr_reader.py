"""Latin plates, read by the recogniser that the `rapidocr` wheel carries (PP-OCR, no Hangul)."""

from __future__ import annotations

import math
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import cv2
import numpy as np

from pipeline.errors import ModelError
from pipeline.picture import Image
from pipeline.plate import CharacterGuess
from vision.backend import Backend, open_inference
from vision.ctc import characters, mean_of
from vision.plate_crop import windows
from vision.text_lines import text_lines

# PP-OCR's recogniser: 48 px high, at least 320 wide, values -1 to 1 (rapidocr/config.yaml, rec_img_shape).
_HEIGHT = 48
_MIN_WIDTH = 320
_MAX_WIDTH = 960
_DEFAULT_WINDOWS = 3


class RapidOcrReader:
    """Reads Latin plates.

    The wheel's own interface gives one mean score a line, which hides the one wrong character that matters;
    so its network is run here and its frames are decoded character by character.

    Args:
        backend: `auto`, `onnx` or `openvino`.
        windows_per_crop: 1 to 7.

    Raises:
        ModelError: the wheel or its weights are missing or of another form.
    """

    def __init__(self, *, backend: Backend = Backend.AUTO, windows_per_crop: int = _DEFAULT_WINDOWS) -> None:
        weights = _bundled_weights()
        dummy = np.zeros((1, 3, _HEIGHT, _MIN_WIDTH), dtype=np.float32)
        self._inference = open_inference(weights, backend, dummy)
        self._windows = windows_per_crop
        shape = self._inference.run(dummy).shape
        listed = self._inference.metadata.get("character", "").splitlines()
        # The blank comes first, the space last; neither is in the list.
        self._alphabet = ("", *listed, " ")
        if len(shape) != 3 or shape[2] != len(self._alphabet):
            raise ModelError(
                f"Expected {len(self._alphabet)} classes from {weights}, got an output of {shape}."
            )

    def read(self, crop: Image) -> tuple[CharacterGuess, ...]:
        """Characters of `crop`, BGR uint8, the plate grown by `PLATE_MARGIN` on each side."""
        return mean_of([self._read_window(view) for view in windows(crop, self._windows)])

    def _read_window(self, view: Image) -> tuple[CharacterGuess, ...]:
        return tuple(guess for line in text_lines(view) for guess in self._read_line(line))

    def _read_line(self, line: Image) -> tuple[CharacterGuess, ...]:
        height, width = line.shape[:2]
        scaled = min(_MAX_WIDTH, max(1, math.ceil(_HEIGHT * width / height)))
        fitted = cv2.resize(line, (scaled, _HEIGHT), interpolation=cv2.INTER_LINEAR)
        batch = np.zeros((1, 3, _HEIGHT, max(scaled, _MIN_WIDTH)), dtype=np.float32)
        batch[0, :, :, :scaled] = fitted.transpose(2, 0, 1) * (2 / 255) - 1
        return characters(self._inference.run(batch)[0], self._alphabet)


def _bundled_weights() -> Path:
    try:
        listed = files("rapidocr") or []
    except PackageNotFoundError as error:
        raise ModelError("RapidOCR is not installed: install the package `rapidocr`.") from error
    for file in listed:
        if file.name.endswith(".onnx") and "_rec_" in file.name:
            return Path(str(file.locate()))
    raise ModelError("The installed rapidocr carries no recogniser: install rapidocr 3.10 or newer.")
