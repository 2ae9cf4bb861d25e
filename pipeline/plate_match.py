"""Whether two plates, each read with doubts, are one."""

from __future__ import annotations

from enum import StrEnum

from pipeline.plate import UNKNOWN, PlateText

# Characters that must agree before an incomplete text says "the same": with the serial's four digits alone,
# one pair of cars in ten thousand would pass.
_AGREEING = 5
# A difference counts as one when both sides are at least this sure of their character.
_SURE = 0.9
# Texts of other lengths differ when no way of lining them up explains it by lost characters alone: this many
# sure differences are left. One vehicle read twice lost one character in the most.
_SURE_APART = 3


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
    if len(first.text) != len(second.text):
        lost = abs(len(first.text) - len(second.text))
        apart = _sure_distance(first, second) - lost
        return PlateMatch.DIFFERENT if apart >= _SURE_APART else PlateMatch.UNKNOWN
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


def _sure_distance(first: PlateText, second: PlateText) -> int:
    """Edit distance (Levenshtein 1966); what either side is unsure of replaces anything for nothing."""
    row = list(range(len(second.text) + 1))
    for a, p in zip(first.text, first.confidences, strict=True):
        before, row[0] = row[0], row[0] + 1
        for j, (b, q) in enumerate(zip(second.text, second.confidences, strict=True), start=1):
            differ = a != b and UNKNOWN not in (a, b) and min(p, q) >= _SURE
            before, row[j] = row[j], min(before + differ, row[j] + 1, row[j - 1] + 1)
    return row[-1]
