"""Several readings of one vehicle's plate make one text, or honestly none."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

from pipeline.errors import InvalidValueError
from pipeline.plate import UNKNOWN, UNREAD, PlateGrammar, PlateReading, PlateText

# Gates on the least certain character of an accepted text. The reader is over-confident on blurred crops:
# of readings at 0.8 and above, 6 % were wrong at a sharpness below 16 and 0.1 % above 64. So two looks at
# different moments of which one is clear need 0.8, two clear ones 0.7, and blurred or small ones, which tend
# to agree on the same look-alike (무 and 루; at 16 px three times 오 for 모), three moments and 0.95.
# One look alone is never enough: it may be all a frozen camera has. `bench.degraded_looks` measures it.
GATE = 0.8
AGREEING_GATE = 0.7
UNCLEAR_GATE = 0.95
_FEWEST_LOOKS = 2
_CLEAR_LOOKS = 2
_UNCLEAR_LOOKS = 3
# What is said of a character that no second look at the whole text bears out.
LONE_GATE = 0.95
CLEAR_SHARPNESS = 60.0
CLEAR_HEIGHT_PX = 18.0
# Readings of moments closer than this count as one look at the plate: the same shadow, dirt or blur.
APART_S = 0.9
# Looks only agree when at least this share of the weight reads the whole text as it is.
AGREEING_SHARE = 2 / 3
# Crops of one vehicle share their errors (angle, dirt, glare), so no number of them makes certainty.
MOST_CERTAIN = 0.995
# Share of a reading's unlisted probability that an alternative it does not list may have at most.
_FLOOR = 1e-3
# A crop counts half at this sharpness (variance of the Laplacian at height 64) and below this height in full
# proportion: the reader wants 24 px for a one-line and 32 px for a two-line plate (model card).
_HALF_SHARPNESS = 150.0
_FULL_HEIGHT_PX = 32.0
_KEPT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedReading:
    """A reading and the media time of its frame, seconds."""

    reading: PlateReading
    at_s: float

    @property
    def weight(self) -> float:
        """How much the reading counts, 0-1, by what its crop was like."""
        sharpness = max(0.0, self.reading.sharpness)
        height = min(1.0, max(0.0, self.reading.height_px) / _FULL_HEIGHT_PX)
        return max(1e-3, height * sharpness / (sharpness + _HALF_SHARPNESS))

    @property
    def clear(self) -> bool:
        """Whether the crop was sharp and large enough for the reader's confidence to be taken at its word."""
        return self.reading.sharpness >= CLEAR_SHARPNESS and self.reading.height_px >= CLEAR_HEIGHT_PX


class PlateVote:
    """Collects the readings of one vehicle's plate and says what they amount to.

    The length is voted first; then each position by the weighted mean of the readings' log-probabilities (a
    logarithmic opinion pool: Genest and Zidek, "Combining probability distributions", 1986), over readings of
    that length alone. The pooled certainty of a character never exceeds what the best single reading gave it,
    nor the share of weight that voted for the length. The grammar only says yes or no to the pooled text.

    Args:
        grammar: which texts can be plates here.
        readings: what an earlier run kept.
    """

    def __init__(self, grammar: PlateGrammar, readings: tuple[TimedReading, ...] = ()) -> None:
        self._grammar = grammar
        self._kept: list[TimedReading] = []
        self._result: PlateText | None = None
        for timed in readings:
            self.add(timed.reading, timed.at_s)

    def add(self, reading: PlateReading, at_s: float) -> None:
        """Take in a reading of the frame of media time `at_s`; of many, the best dozen by crop are kept.

        Raises:
            InvalidValueError: `at_s` is not a number.
        """
        if not math.isfinite(at_s):
            raise InvalidValueError(f"expected a finite media time, got {at_s}")
        if not reading.characters:
            return
        self._kept.append(TimedReading(reading=reading, at_s=at_s))
        if len(self._kept) > _KEPT:
            # The newest wins a tie: the plate may have been dirty or dark before.
            worst = min(range(len(self._kept)), key=lambda i: (self._kept[i].weight, i))
            del self._kept[worst]
        self._result = None

    @property
    def kept(self) -> tuple[TimedReading, ...]:
        """The readings that vote, to be kept over a restart."""
        return tuple(self._kept)

    def result(self) -> PlateText:
        """The text the readings amount to."""
        if self._result is None:
            self._result = self._count()
        return self._result

    def _count(self) -> PlateText:
        if not self._kept:
            return UNREAD
        length, length_share = _voted_length(self._kept)
        voters = [t for t in self._kept if len(t.reading.characters) == length]
        pooled = [_pool(voters, position) for position in range(length)]
        text = "".join(character for character, _ in pooled)
        confidences = tuple(min(MOST_CERTAIN, p * length_share) for _, p in pooled)
        # A text that no single reading saw, put together from pieces of several, is never accepted.
        agreeing = [t for t in voters if t.reading.text == text]
        gate = self._gate(agreeing)
        accepted = gate is not None and min(confidences) >= gate and self._grammar.is_valid(text)
        said_from = LONE_GATE if gate is None else gate
        said = "".join(c if p >= said_from else UNKNOWN for c, p in zip(text, confidences, strict=True))
        return PlateText(text=said, confidences=confidences, accepted=accepted, readings=len(self._kept))

    def _gate(self, agreeing: list[TimedReading]) -> float | None:
        """The lowest gate the readings that agree on the whole text have earned, None for no gate at all."""
        if _looks(agreeing) < _FEWEST_LOOKS:
            return None
        clear = [t for t in agreeing if t.clear]
        gates = [GATE] if clear else []
        weight = sum(t.weight for t in agreeing)
        if weight >= AGREEING_SHARE * sum(t.weight for t in self._kept):
            if _looks(clear) >= _CLEAR_LOOKS:
                gates.append(AGREEING_GATE)
            if _looks(agreeing) >= _UNCLEAR_LOOKS:
                gates.append(UNCLEAR_GATE)
        return min(gates, default=None)


def _looks(readings: list[TimedReading]) -> int:
    """How many moments at least `APART_S` apart the readings are of."""
    count, last_s = 0, -math.inf
    for at_s in sorted(t.at_s for t in readings):
        if at_s - last_s >= APART_S:
            count, last_s = count + 1, at_s
    return count


def _voted_length(readings: list[TimedReading]) -> tuple[int, float]:
    votes: defaultdict[int, float] = defaultdict(float)
    for timed in readings:
        # A reading unsure of its characters is unsure of how many there are, too.
        characters = timed.reading.characters
        certainty = math.prod(c.probability for c in characters) ** (1 / len(characters))
        votes[len(characters)] += timed.weight * max(certainty, 1e-6)
    best = max(votes, key=lambda length: (votes[length], length))
    return best, votes[best] / sum(votes.values())


def _pool(voters: list[TimedReading], position: int) -> tuple[str, float]:
    total = sum(t.weight for t in voters)
    seen: list[tuple[float, dict[str, float], float]] = []
    for timed in voters:
        guesses = dict(timed.reading.characters[position].alternatives)
        # What a reading does not list got at most its rest, and no more than its least listed alternative.
        rest = max(0.0, 1.0 - sum(guesses.values()))
        unlisted = max(_FLOOR, min(rest, min(guesses.values())))
        seen.append((timed.weight / total, guesses, unlisted))
    candidates = sorted({character for _, guesses, _ in seen for character in guesses})
    logs = {
        c: sum(w * math.log(max(guesses.get(c, unlisted), _FLOOR)) for w, guesses, unlisted in seen)
        for c in candidates
    }
    best = max(candidates, key=lambda c: logs[c])
    mass = sum(math.exp(value) for value in logs.values())
    # Probability no reading listed stays unlisted: it is not shared out among the listed.
    mass += math.exp(sum(w * math.log(max(unlisted, _FLOOR)) for w, _, unlisted in seen))
    single = max(guesses.get(best, 0.0) for _, guesses, _ in seen)
    return best, min(math.exp(logs[best]) / mass, single)
