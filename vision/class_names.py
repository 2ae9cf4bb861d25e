"""What foreign class names mean here."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

from pipeline.detection import ObjectClass
from pipeline.errors import ModelError

# Names used by COCO, VisDrone, UA-DETRAC and common vehicle data sets.
_MEANINGS: Mapping[str, ObjectClass] = {
    **{label.value: label for label in ObjectClass},
    "bike": ObjectClass.BICYCLE,
    "coach": ObjectClass.BUS,
    "cyclist": ObjectClass.BICYCLE,
    "lorry": ObjectClass.TRUCK,
    "minibus": ObjectClass.BUS,
    "motor": ObjectClass.MOTORCYCLE,
    "motorbike": ObjectClass.MOTORCYCLE,
    "pedestrian": ObjectClass.PERSON,
    "people": ObjectClass.PERSON,
    "pickup": ObjectClass.TRUCK,
    "scooter": ObjectClass.MOTORCYCLE,
    "suv": ObjectClass.CAR,
    "taxi": ObjectClass.CAR,
    "trailer": ObjectClass.TRUCK,
    "tricycle": ObjectClass.MOTORCYCLE,
    "van": ObjectClass.CAR,
    "vehicle": ObjectClass.CAR,
}

# What a six-class network without names is taken for: the order of the bundled detector.
_OURS = dict(enumerate(label.value for label in ObjectClass))


def stored_names(metadata: Mapping[str, str], weights: Path) -> dict[int, str] | None:
    """The class names that Ultralytics writes into an ONNX file, by class number; None when there are none.

    Raises:
        ModelError: the entry is there but is no table of names.
    """
    text = metadata.get("names")
    if text is None:
        return None
    try:
        table = ast.literal_eval(text)
        numbered = dict(enumerate(table)) if isinstance(table, list) else dict(table)
        return {int(number): str(name) for number, name in numbered.items()}
    except (ValueError, SyntaxError, TypeError) as error:
        raise ModelError(f"The class names stored in {weights} cannot be read: {text[:60]!r}.") from error


def meanings(names: Mapping[int, str] | None, weights: Path) -> dict[int, ObjectClass]:
    """Our class for each class number that has one; the others are dropped.

    Args:
        names: the network's names, or None for the bundled detector's six.
        weights: for the message.

    Raises:
        ModelError: no name is one of a vehicle or person.
    """
    names = _OURS if names is None else names
    known = {
        number: _MEANINGS[name.strip().lower()]
        for number, name in names.items()
        if name.strip().lower() in _MEANINGS
    }
    if not known:
        listed = ", ".join(list(names.values())[:5])
        raise ModelError(f"The network in {weights} knows no vehicles: its classes are {listed}.")
    return known
