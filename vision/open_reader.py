"""One call from a configuration to a plate reader."""

from __future__ import annotations

import logging
from enum import StrEnum
from pathlib import Path

from pipeline.plate import PlateReader
from vision.backend import Backend
from vision.easyocr_reader import EasyOcrReader
from vision.korean_reader import OnnxPlateReader
from vision.rapidocr_reader import RapidOcrReader

_log = logging.getLogger(__name__)


class ReaderChoice(StrEnum):
    """The readers a configuration may name."""

    AUTO = "auto"
    KOREAN = "korean"
    RAPIDOCR = "rapidocr"
    EASYOCR = "easyocr"


def open_reader(
    choice: ReaderChoice,
    *,
    region: str,
    weights: Path,
    backend: Backend = Backend.AUTO,
    languages: tuple[str, ...] = ("en",),
    model_directory: Path | None = None,
) -> PlateReader:
    """The reader for the plates of a region.

    Args:
        choice: `auto` takes the bundled Korean reader for the region KR and RapidOCR for all others.
        region: ISO 3166 country code of the camera.
        weights: of the Korean reader; unused by the others.
        backend: of the Korean reader and RapidOCR.
        languages: EasyOCR's codes.
        model_directory: EasyOCR's weights; see `EasyOcrReader`.

    Raises:
        ModelError: the reader's weights are missing or damaged, or its extra is not installed.
    """
    if choice is ReaderChoice.AUTO:
        choice = ReaderChoice.KOREAN if region.upper() == "KR" else ReaderChoice.RAPIDOCR
        _log.info("plates of region %s are read by %s", region, choice)
    match choice:
        case ReaderChoice.KOREAN:
            return OnnxPlateReader(weights, backend=backend)
        case ReaderChoice.EASYOCR:
            return EasyOcrReader(languages, model_directory=model_directory)
        case _:
            return RapidOcrReader(backend=backend)
