"""Whether two plates, each read with doubts, are one."""

from __future__ import annotations

from enum import StrEnum

from pipeline.plate import UNKNOWN, PlateText

# Characters that must agree before an incomplete text says "the same": with the serial's four digits alone,
# one pair of cars in ten thousand would pass.
_AGREEING = 5
# A difference counts as one when both sides are at least this sure of their character.
_SURE = 0.9


class PlateMatch(StrEnum):
    """What comparing two plates says."""

    SAME = "same"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


def same_plate(first: PlateText, second: PlateText) -> PlateMatch:
    """Whether `first` and `second` are readings of one plate.

    Two accepted texts are compared as they are. Otherwise positions count that both sides know: all agree and
    at least five do → the same; two or more sure differences → different; all else, other lengths included,
    leaves it unknown (a reading may have lost a character at the edge).
    """
    if first.accepted and second.accepted:
        return PlateMatch.SAME if first.text == second.text else PlateMatch.DIFFERENT
    if not first.text or len(first.text) != len(second.text):
        return PlateMatch.UNKNOWN
    known = [
        (a, b, min(p, q))
        for a, p, b, q in zip(first.text, first.confidences, second.text, second.confidences, strict=True)
        if UNKNOWN not in (a, b)
    ]
    agreeing = sum(1 for a, b, _ in known if a == b)
    if agreeing == len(known):
        return PlateMatch.SAME if agreeing >= _AGREEING else PlateMatch.UNKNOWN
    sure = sum(1 for a, b, certainty in known if a != b and certainty >= _SURE)
    return PlateMatch.DIFFERENT if sure >= 2 else PlateMatch.UNKNOWN
