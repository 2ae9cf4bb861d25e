"""Number plates: what a reader saw, character by character, and what may be said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pipeline.errors import InvalidValueError
from pipeline.geometry import Box
from pipeline.picture import Image

UNKNOWN = "?"


@dataclass(frozen=True, slots=True, kw_only=True)
class CharacterGuess:
    """One position of a plate: the alternatives a reader saw, most probable first, probabilities 0-1.

    Probabilities sum to at most 1 (the rest went to characters not kept).
    """

    alternatives: tuple[tuple[str, float], ...]

    def __post_init__(self) -> None:
        if not self.alternatives:
            raise InvalidValueError("expected at least one alternative for a character, got none")
        if any(not 0.0 <= p <= 1.0 for _, p in self.alternatives):
            raise InvalidValueError(f"expected probabilities of 0-1, got {self.alternatives}")

    @property
    def text(self) -> str:
        return self.alternatives[0][0]

    @property
    def probability(self) -> float:
        return self.alternatives[0][1]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateReading:
    """One reading of one plate crop.

    Attributes:
        characters: in reading order (two-line plates top line first); empty when nothing was legible.
        sharpness: of the crop, variance of the Laplacian on the crop at height 64; higher is sharper.
        height_px: height of the plate in the full-resolution frame, pixels.
    """

    characters: tuple[CharacterGuess, ...]
    sharpness: float
    height_px: float

    @property
    def text(self) -> str:
        return "".join(c.text for c in self.characters)

    @property
    def least(self) -> float:
        """The probability of the least certain character; 0 when nothing was read."""
        return min((c.probability for c in self.characters), default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateText:
    """What the vote says of a vehicle's plate.

    Attributes:
        text: one character per position, `?` where the gate was not passed; "" when unread.
        confidences: 0-1 for each character of `text`.
        accepted: the text is complete, valid in its region's grammar and passed the gate.
        readings: how many readings voted.
    """

    text: str
    confidences: tuple[float, ...]
    accepted: bool
    readings: int

    def __post_init__(self) -> None:
        if len(self.text) != len(self.confidences):
            raise InvalidValueError(
                f"expected a confidence for each of {len(self.text)} characters, got {len(self.confidences)}"
            )
        if self.accepted and (not self.text or UNKNOWN in self.text):
            raise InvalidValueError(f"expected a complete text on an accepted plate, got {self.text!r}")


UNREAD = PlateText(text="", confidences=(), accepted=False, readings=0)


class PlateReader(Protocol):
    """Reads the text of one plate crop."""

    def read(self, crop: Image) -> tuple[CharacterGuess, ...]:
        """Characters of `crop` (BGR uint8, the plate with little margin); () when nothing is legible."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateSighting:
    """A plate found on a vehicle: its box in full-frame pixels, detector score, crop (BGR) and reading."""

    box: Box
    score: float
    crop: Image
    reading: PlateReading


class PlateScanner(Protocol):
    """Finds and reads the plate of one vehicle in a full-resolution picture."""

    def scan(self, image: Image, vehicle: Box, others: tuple[Box, ...]) -> PlateSighting | None:
        """The plate that belongs to `vehicle` (pixels of `image`), never one of `others`' plates; None
        when there is none that passes the gates (edge contact, aspect, size, blur, score).
        """
        ...


class PlateGrammar(Protocol):
    """Which texts can be plates in a region. A filter, never a repair."""

    def is_valid(self, text: str) -> bool: ...
