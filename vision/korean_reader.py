"""The bundled plate recogniser: fixed character slots, Korean syllables, two-line plates in reading order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.errors import ModelError
from pipeline.picture import Image
from pipeline.plate import CharacterGuess
from vision.backend import Backend, open_inference
from vision.inference import existing
from vision.plate_crop import windows

_KEPT_ALTERNATIVES = 5
_DEFAULT_WINDOWS = 5
# Noise and blank walls give a mean of 0.1, the worst of 147 real crops 0.5.
_LEGIBLE_MEAN = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotAlphabet:
    """The recogniser's contract, from the file beside its weights.

    Attributes:
        characters: the character of each class.
        pad: the one that means "no character here".
        slots: how many characters a text can have.
        height, width: of the input, pixels.
    """

    characters: str
    pad: str
    slots: int
    height: int
    width: int

    @staticmethod
    def load(path: Path) -> SlotAlphabet:
        """Read a fast-plate-ocr configuration.

        Raises:
            ModelError: the file is missing or lacks what is needed.
        """
        existing(path)
        try:
            table = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
            return SlotAlphabet(
                characters=str(table["alphabet"]),
                pad=str(table["pad_char"]),
                slots=int(table["max_plate_slots"]),
                height=int(table["img_height"]),
                width=int(table["img_width"]),
            )
        except (YAMLError, KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"The plate recogniser's configuration {path} cannot be used: {error}."
            ) from error


class OnnxPlateReader:
    """Reads Korean plates; the mean over a few windows of one crop.

    Args:
        weights: ONNX, uint8 RGB (n, 64, 192, 3) to probabilities (n, slots, classes).
        alphabet: the `.yaml` of the weights; by default the file of the same name beside them.
        backend: `auto`, `onnx` or `openvino`.
        windows_per_crop: 1 to 7; one is faster and errs four times as often.

    Raises:
        ModelError: weights or alphabet are missing, damaged or do not fit each other.
    """

    def __init__(
        self,
        weights: Path,
        *,
        alphabet: Path | None = None,
        backend: Backend = Backend.AUTO,
        windows_per_crop: int = _DEFAULT_WINDOWS,
    ) -> None:
        self._alphabet = SlotAlphabet.load(alphabet or weights.with_suffix(".yaml"))
        self._windows = windows_per_crop
        a = self._alphabet
        dummy = np.zeros((windows_per_crop, a.height, a.width, 3), dtype=np.uint8)
        self._inference = open_inference(weights, backend, dummy)
        shape = self._inference.run(dummy).shape
        expected = (windows_per_crop, a.slots, len(a.characters))
        if shape != expected:
            raise ModelError(f"Expected an output of {expected} from {weights}, got {shape}.")

    def read(self, crop: Image) -> tuple[CharacterGuess, ...]:
        """Characters of `crop`, BGR uint8, the plate grown by `PLATE_MARGIN` on each side."""
        a = self._alphabet
        batch = np.empty((self._windows, a.height, a.width, 3), dtype=np.uint8)
        for row, view in zip(batch, windows(crop, self._windows), strict=True):
            shrinking = view.shape[0] >= a.height and view.shape[1] >= a.width
            how = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
            row[:] = cv2.resize(view, (a.width, a.height), interpolation=how)[:, :, ::-1]
        mean = self._inference.run(batch).mean(axis=0)
        return self._characters(mean)

    def _characters(self, slots: npt.NDArray[np.float32]) -> tuple[CharacterGuess, ...]:
        characters, pad = self._alphabet.characters, self._alphabet.characters.index(self._alphabet.pad)
        filled = slots.argmax(axis=1) != pad
        if not filled.any() or slots[filled].max(axis=1).mean() < _LEGIBLE_MEAN:
            return ()
        # An empty slot that may hold a character makes the whole text doubtful, though no character of it:
        # the last one carries the doubt, so that the least certain character tells it.
        ends_here = float(slots[~filled, pad].min()) if not filled.all() else 1.0
        last = int(np.flatnonzero(filled)[-1])
        guesses = []
        for number in np.flatnonzero(filled):
            factor = ends_here if number == last else 1.0
            order = [n for n in np.argsort(-slots[number], kind="stable") if n != pad][:_KEPT_ALTERNATIVES]
            guesses.append(
                CharacterGuess(
                    alternatives=tuple(
                        (characters[n], min(1.0, max(0.0, float(slots[number, n]))) * factor) for n in order
                    )
                )
            )
        return tuple(guesses)
