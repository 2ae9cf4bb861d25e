"""What a vehicle looks like as a part of a report's payload (see `jobs.payloads`)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from pipeline.vehicle_look import VehicleColour, VehicleLook

# A unit vector's values to so many decimals: likenesses change by less than a thousandth.
_DECIMALS = 5


class LookV3(BaseModel):
    """A `VehicleLook`."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    model: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*\z")]
    vector: Annotated[
        tuple[Annotated[float, Field(ge=-1.0, le=1.0)], ...], Field(min_length=1, max_length=1024)
    ]
    colour: VehicleColour | None


def look_v3(look: VehicleLook) -> LookV3:
    """The payload of `look`."""
    vector = tuple(round(value, _DECIMALS) for value in look.vector)
    return LookV3(model=look.model, vector=vector, colour=look.colour)


def look_of(payload: LookV3) -> VehicleLook:
    """The look a payload was made of.

    Raises:
        InvalidValueError: its vector is not of unit length.
    """
    return VehicleLook(model=payload.model, vector=payload.vector, colour=payload.colour)
