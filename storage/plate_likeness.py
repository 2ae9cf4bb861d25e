"""How well many plates fit a pattern, all at once: an edit distance that knows how sure each character is.

The recurrence is Levenshtein's (R. A. Wagner, M. J. Fischer, "The string-to-string correction problem", 1974)
with weights: a character that differs costs as much as its reader was sure of it, one the reader left open
costs little, one that is missing or too many costs a whole one.
"""

from __future__ import annotations

import unicodedata

import numpy as np
import numpy.typing as npt

from pipeline.plate import UNKNOWN

MOST_CHARACTERS = 16
ANY_ONE, ANY_NUMBER = "?", "*"
# A character the reader did not tell may be any: it neither fits nor contradicts.
_OPEN_COST = 0.3
# Even a doubtful character that differs says something; one that agrees says less than a sure one.
_LEAST_DIFFERENCE, _DOUBT = 0.3, 0.25
_PADDING = 0

Codes = npt.NDArray[np.uint32]
Floats = npt.NDArray[np.float32]


def normal(pattern: str) -> str:
    """A pattern or plate as it is compared: composed, capitals, no spaces, dashes or dots."""
    composed = unicodedata.normalize("NFC", pattern).upper()
    return "".join(character for character in composed if character not in " -·.\t")


def encoded(text: str) -> Codes:
    """The code points of a plate, uint32 (16,), zeros behind its end; longer ones are cut."""
    codes = np.zeros(MOST_CHARACTERS, dtype=np.uint32)
    kept = normal(text)[:MOST_CHARACTERS]
    codes[: len(kept)] = [ord(character) for character in kept]
    return codes


def signatures(codes: Codes) -> npt.NDArray[np.uint64]:
    """Which characters stand in each plate, a bit for each (some share one), uint64 (n,)."""
    bits = np.left_shift(np.uint64(1), codes.astype(np.uint64) % np.uint64(64))
    bits[codes == _PADDING] = 0
    found: npt.NDArray[np.uint64] = np.bitwise_or.reduce(bits, axis=1)
    return found


def least_costs(codes: Codes, confidences: Floats) -> Floats:
    """The least that a character which differs costs in each plate, float32 (n,)."""
    costs = np.where(codes == ord(UNKNOWN), _OPEN_COST, np.maximum(confidences, _LEAST_DIFFERENCE))
    costs[codes == _PADDING] = 1.0
    least: Floats = costs.min(axis=1, initial=1.0).astype(np.float32)
    return least


def may_fit(
    pattern: str, least_likeness: float, characters: npt.NDArray[np.uint64], costs: Floats
) -> npt.NDArray[np.bool_]:
    """Which plates can reach `least_likeness` at all; rules out most of them at a hundredth of the cost.

    Each character of the pattern that does not stand in a plate must be another or be left out.

    Args:
        pattern: as for `likenesses`.
        least_likeness: 0-1.
        characters: of `signatures`.
        costs: of `least_costs`.
    """
    wanted = normal(pattern)
    told = sum(character != ANY_NUMBER for character in wanted)
    mine = signatures(encoded("".join(c for c in wanted if c not in (ANY_ONE, ANY_NUMBER)))[None])[0]
    missing = np.bitwise_count(mine & ~characters)
    fitting: npt.NDArray[np.bool_] = missing * costs <= (1.0 - least_likeness) * told + 1e-6
    return fitting


def likenesses(pattern: str, codes: Codes, confidences: Floats) -> Floats:
    """The likeness of each plate to `pattern`, float32 (n,), 0-1; 0 for unread plates.

    Args:
        pattern: characters; `?` stands for any one, `*` for any number of them.
        codes: (n, 16) of `encoded`.
        confidences: (n, 16), 0-1.
    """
    wanted = normal(pattern)
    lengths = (codes != _PADDING).sum(axis=1)
    longest = int(lengths.max(initial=0))
    told = sum(character != ANY_NUMBER for character in wanted)
    if not longest or not told:
        return np.asarray(lengths > 0, dtype=np.float32)
    columns = np.ascontiguousarray(codes[:, :longest].T)
    sure = np.ascontiguousarray(confidences[:, :longest].T)
    unread = columns == ord(UNKNOWN)
    # The distance of no pattern to the first characters of the plates: each is one too many.
    last: list[Floats] = [np.full(len(codes), float(count), np.float32) for count in range(longest + 1)]
    for character in wanted:
        last = _next(character, last, columns, sure, unread)
    distance = np.take_along_axis(np.stack(last), lengths[None, :], axis=0)[0]
    found: Floats = np.clip(1.0 - distance / told, 0.0, 1.0).astype(np.float32)
    found[lengths == 0] = 0.0
    return found


def _next(
    character: str,
    last: list[Floats],
    columns: Codes,
    sure: Floats,
    unread: npt.NDArray[np.bool_],
) -> list[Floats]:
    """The distances with one more character of the pattern, for each number of characters of the plates."""
    one = np.float32(1.0)
    if character == ANY_NUMBER:
        row = [last[0]]
        for count in range(1, len(last)):
            row.append(np.minimum(last[count], row[-1]))
        return row
    row = [last[0] + one]
    for count in range(1, len(last)):
        fits = last[count - 1] + _cost(character, columns[count - 1], sure[count - 1], unread[count - 1])
        row.append(np.minimum(np.minimum(fits, last[count] + one), row[-1] + one))
    return row


def _cost(character: str, column: Codes, sure: Floats, unread: npt.NDArray[np.bool_]) -> Floats:
    if character == ANY_ONE:
        return np.zeros(len(column), np.float32)
    agrees = _DOUBT * (1.0 - sure)
    differs = np.maximum(sure, _LEAST_DIFFERENCE)
    cost: Floats = np.where(column == ord(character), agrees, differs).astype(np.float32)
    cost[unread] = _OPEN_COST
    return cost
