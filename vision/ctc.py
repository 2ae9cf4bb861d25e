"""Characters with their probabilities out of a CTC recogniser's frames."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from pipeline.plate import CharacterGuess

# Printed between the groups of a plate and no part of its text.
_SEPARATORS = frozenset(" -.·•∙・:_|'\"`~,")
_KEPT_ALTERNATIVES = 5

Probabilities = npt.NDArray[np.float32]


def characters(frames: Probabilities, alphabet: Sequence[str]) -> tuple[CharacterGuess, ...]:
    """The most probable path, collapsed, with each character's alternatives.

    A. Graves et al., "Connectionist temporal classification", ICML 2006, best path decoding. A character's
    probabilities are those of its most certain frame; lower case counts as upper case; separators are left
    out. What may hide in the blanks around a character lowers its probability, so that a character the
    recogniser nearly saw shows in the least certain one.

    Args:
        frames: float32 (time, classes), each row sums to 1; class 0 is the blank.
        alphabet: the character of each class, the blank included.
    """
    best = frames.argmax(axis=1)
    runs = _runs(best)
    spoken = [i for i, (start, _) in enumerate(runs) if best[start] != 0]
    doubts = [_hidden(frames, runs, i, best) for i in range(len(runs))]
    guesses: list[CharacterGuess] = []
    for i in spoken:
        start, stop = runs[i]
        if alphabet[best[start]] in _SEPARATORS:
            continue
        frame = frames[start + int(frames[start:stop, best[start]].argmax())]
        # Each blank belongs to the character before it; the first also to the one after it.
        around = [doubts[j] for j in (i + 1, i - 1) if 0 <= j < len(runs) and best[runs[j][0]] == 0]
        certainty = 1.0 - max(around, default=0.0)
        guesses.append(_guess(frame, alphabet, certainty))
    return tuple(guesses)


def mean_of(readings: Sequence[tuple[CharacterGuess, ...]]) -> tuple[CharacterGuess, ...]:
    """Several readings of one plate as one: those of the most frequent length, averaged by position.

    Readings of another length, and empty ones, count as no support: they lower every probability.
    """
    lengths = [len(r) for r in readings if r]
    if not lengths:
        return ()
    common = max(set(lengths), key=lambda n: (lengths.count(n), _mean_least(readings, n), n))
    alike = [r for r in readings if len(r) == common]
    merged = []
    for position in zip(*alike, strict=True):
        sums: dict[str, float] = {}
        for guess in position:
            for text, probability in guess.alternatives:
                sums[text] = sums.get(text, 0.0) + probability
        ranked = sorted(sums.items(), key=lambda item: -item[1])[:_KEPT_ALTERNATIVES]
        merged.append(CharacterGuess(alternatives=tuple((t, min(1.0, s / len(readings))) for t, s in ranked)))
    return tuple(merged)


def _mean_least(readings: Sequence[tuple[CharacterGuess, ...]], length: int) -> float:
    return float(np.mean([min(c.probability for c in r) for r in readings if len(r) == length]))


def _runs(best: npt.NDArray[np.intp]) -> list[tuple[int, int]]:
    """Start and stop of each stretch of frames with the same best class."""
    if not len(best):
        return []
    edges = [0, *(np.flatnonzero(np.diff(best)) + 1).tolist(), len(best)]
    return list(pairwise(edges))


def _hidden(frames: Probabilities, runs: list[tuple[int, int]], i: int, best: npt.NDArray[np.intp]) -> float:
    """How probable a character is that a run of blanks swallowed: other than its neighbours', whose flanks
    reach into the blanks.
    """
    start, stop = runs[i]
    if best[start] != 0:
        return 0.0
    known = {0}
    if i > 0:
        known.add(int(best[runs[i - 1][0]]))
    if i + 1 < len(runs):
        known.add(int(best[runs[i + 1][0]]))
    unheard = 1.0 - frames[start:stop, sorted(known)].sum(axis=1)
    return float(np.clip(unheard.max(), 0.0, 1.0))


def _guess(frame: Probabilities, alphabet: Sequence[str], certainty: float) -> CharacterGuess:
    sums: dict[str, float] = {}
    for number in np.argsort(-frame)[: 3 * _KEPT_ALTERNATIVES].tolist():
        # "ß" has no upper case of one letter.
        upper = alphabet[number].upper()
        text = upper if len(upper) == 1 else alphabet[number]
        if number != 0 and frame[number] > 0 and text and text not in _SEPARATORS:
            sums[text] = sums.get(text, 0.0) + float(frame[number])
    ranked = sorted(sums.items(), key=lambda item: -item[1])[:_KEPT_ALTERNATIVES]
    return CharacterGuess(alternatives=tuple((t, min(1.0, s) * certainty) for t, s in ranked))
