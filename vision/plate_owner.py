"""Whose plate is it: of the vehicle whose lower part contains it, and of no other."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.geometry import Box

# Plates hang between bumper and tailgate; from a mast even a rear plate stays below the upper third.
_LOWER_FROM = 0.35
_SLACK = 0.04
_INSIDE = 0.8
# 520 mm on a 1.7 m wide car is 0.31; a car seen from aside shows less, a motorcycle's 210 mm more.
_WIDEST = 0.6
# Boxes that overlap so much are two of one vehicle.
_SAME_VEHICLE_IOU = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How well a plate sits on a vehicle.

    Attributes:
        distance: of the plate from where plates hang, in sizes of the vehicle; 0 is best.
    """

    distance: float


def fit(plate: Box, vehicle: Box) -> Fit | None:
    """How `plate` sits on `vehicle`; None when the vehicle's lower part does not contain it."""
    lower = Box(
        x1=vehicle.x1 - _SLACK * vehicle.width,
        y1=vehicle.y1 + _LOWER_FROM * vehicle.height,
        x2=vehicle.x2 + _SLACK * vehicle.width,
        y2=vehicle.y2 + _SLACK * vehicle.height,
    )
    if plate.share_inside(lower) < _INSIDE or plate.width > _WIDEST * vehicle.width:
        return None
    # Front plates hang at about an eighth of the height from the ground, rear plates higher: a quarter.
    hangs_at = vehicle.y2 - 0.25 * vehicle.height
    across = (plate.center.x - vehicle.center.x) / vehicle.width
    along = (plate.center.y - hangs_at) / vehicle.height
    return Fit(distance=(across**2 + along**2) ** 0.5)


def owned_by(plate: Box, vehicle: Box, others: tuple[Box, ...]) -> Fit | None:
    """The fit when `plate` is `vehicle`'s; None when it is nobody's or sits better on one of `others`.

    Second boxes of the same vehicle among `others` do not count.
    """
    own = fit(plate, vehicle)
    if own is None:
        return None
    for other in others:
        if other.iou(vehicle) >= _SAME_VEHICLE_IOU:
            continue
        rival = fit(plate, other)
        if rival is not None and rival.distance <= own.distance:
            return None
    return own
