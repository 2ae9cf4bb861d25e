"""Plates read by EasyOCR, for the scripts it knows (extra `easyocr`)."""

from __future__ import annotations

import math
import threading
from pathlib import Path

import cv2
import numpy as np

from pipeline.errors import ModelError
from pipeline.picture import Image
from pipeline.plate import CharacterGuess
from vision.ctc import Probabilities, characters
from vision.plate_crop import windows
from vision.text_lines import text_lines


class EasyOcrReader:
    """Reads plates with an EasyOCR recogniser. Safe in several threads, which take turns.

    EasyOCR's own interface gives one confidence a line; the recogniser's frames are decoded here instead,
    character by character.

    Args:
        languages: EasyOCR's codes, such as ("en",) or ("ko", "en").
        model_directory: where its weights lie and where missing ones are downloaded to; None for its own
            folder, and then nothing is downloaded.
        network: `standard`, or the name of an own recognition network.
        network_directory: where the own network's `.py` and `.yaml` lie.
        gpu: whether to run on a GPU where there is one.

    Raises:
        ModelError: the extra is not installed, weights are missing or damaged, or a language is unknown.
    """

    def __init__(
        self,
        languages: tuple[str, ...] = ("en",),
        *,
        model_directory: Path | None = None,
        network: str = "standard",
        network_directory: Path | None = None,
        gpu: bool = False,
    ) -> None:
        try:
            # Imported here because it brings torch, which the default install does without.
            import easyocr
            import easyocr.easyocr
            import torch
        except (ImportError, RuntimeError) as error:
            raise ModelError(
                "EasyOCR cannot be imported: install the extra `easyocr` or choose another reader."
            ) from error
        self._torch = torch
        if not gpu:
            # As in the other runtimes: many cameras at once, and two threads on one plate scale badly.
            torch.set_num_threads(1)
        try:
            self._reader = easyocr.Reader(
                list(languages),
                gpu=gpu,
                model_storage_directory=None if model_directory is None else str(model_directory),
                user_network_directory=None if network_directory is None else str(network_directory),
                recog_network=network,
                download_enabled=model_directory is not None,
                detector=False,
                verbose=False,
                quantize=False,
            )
        # Its weights are pickles and its networks foreign code: no list of exceptions would be complete.
        except Exception as error:
            raise ModelError(
                f"EasyOCR cannot load the network {network} for {', '.join(languages)}: {error}"
            ) from error
        # An own network is foreign code that may keep state between calls.
        self._lock = threading.Lock()
        self._height = int(easyocr.easyocr.imgH)
        self._reader.recognizer.eval()
        # Class 0 is the blank; EasyOCR names it in words.
        self._alphabet = ("", *self._reader.converter.character[1:])
        spoken = set(self._reader.lang_char)
        self._foreign = [i for i, c in enumerate(self._alphabet) if i and c not in spoken]

    def read(self, crop: Image) -> tuple[CharacterGuess, ...]:
        """Characters of `crop`, BGR uint8, the plate grown by `PLATE_MARGIN` on each side."""
        (view,) = windows(crop, 1)
        return tuple(guess for line in text_lines(view) for guess in self._read_line(line))

    def _read_line(self, line: Image) -> tuple[CharacterGuess, ...]:
        frames = self._frames(line)
        # Characters of other languages are struck out but their share is not handed to the rest, so that a
        # foreign sign stays doubtful.
        frames[:, self._foreign] = 0.0
        return characters(frames, self._alphabet)

    def _frames(self, line: Image) -> Probabilities:
        torch = self._torch
        gray = cv2.cvtColor(line, cv2.COLOR_BGR2GRAY)
        ratio = gray.shape[1] / gray.shape[0]
        fitted = cv2.resize(
            gray, (max(1, math.ceil(self._height * ratio)), self._height), interpolation=cv2.INTER_CUBIC
        )
        # EasyOCR's recognisers were trained on widths of whole heights, the last column repeated.
        missing = max(1, math.ceil(ratio)) * self._height - fitted.shape[1]
        padded = np.pad(fitted, ((0, 0), (0, max(0, missing))), mode="edge")
        batch = torch.from_numpy(padded.astype(np.float32) / 127.5 - 1.0)[None, None].to(self._reader.device)
        length = padded.shape[1] // 10
        with self._lock, torch.no_grad():
            logits = self._reader.recognizer(
                batch, torch.zeros((1, length + 1), dtype=torch.int64, device=batch.device)
            )
            return np.array(torch.softmax(logits, dim=2)[0].cpu().numpy(), dtype=np.float32)
