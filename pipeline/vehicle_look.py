"""What a vehicle looks like, as values that can be kept and compared: a vector and a colour."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from pipeline.errors import InvalidValueError

# How far from 1 the length of a vector may be that was written with few decimals.
_UNIT_TOLERANCE = 1e-2


class VehicleColour(StrEnum):
    """The colours people name in a description of a vehicle; silver is grey."""

    BLACK = "black"
    WHITE = "white"
    GREY = "grey"
    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    BLUE = "blue"
    BROWN = "brown"


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleLook:
    """A vehicle's appearance at one moment.

    Attributes:
        model: which network and pooling made the vector; only vectors of one model can be compared.
        vector: of unit length; the dot product of two is their likeness, -1 to 1.
        colour: the name of its colour, or None where the light shows none (night, infrared).
    """

    model: str
    vector: tuple[float, ...]
    colour: VehicleColour | None = None

    def __post_init__(self) -> None:
        length = math.sqrt(math.fsum(value * value for value in self.vector))
        if not abs(length - 1.0) <= _UNIT_TOLERANCE:
            raise InvalidValueError(f"expected a vector of length 1, got one of length {length:.4f}")
        if not self.model:
            raise InvalidValueError("expected the name of a model, got ''")
