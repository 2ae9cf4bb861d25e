from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from pipeline.errors import InvalidValueError
from pipeline.korean_plates import PRIVATE, KoreanPlates
from pipeline.plate import UNREAD, CharacterGuess, PlateReading, PlateText
from pipeline.plate_vote import AGREEING_GATE, APART_S, MOST_CERTAIN, PlateVote, TimedReading

GRAMMAR = KoreanPlates()


def guess(*pairs: tuple[str, float]) -> CharacterGuess:
    return CharacterGuess(alternatives=tuple(sorted(pairs, key=lambda pair: -pair[1])))


def reading(
    text: str,
    p: float | list[float] = 0.95,
    *,
    sharpness: float = 800.0,
    height_px: float = 30.0,
    second: str = "",
) -> PlateReading:
    """A reading of `text` with `p` for each character; `second` gives the runners-up, which get the rest."""
    each = [p] * len(text) if isinstance(p, float) else p
    characters = []
    for i, (character, certainty) in enumerate(zip(text, each, strict=True)):
        pairs = [(character, certainty)]
        if second and second[i] != character:
            pairs.append((second[i], (1 - certainty) * 0.9))
        characters.append(guess(*pairs))
    return PlateReading(characters=tuple(characters), sharpness=sharpness, height_px=height_px)


def vote(*readings: PlateReading, every_s: float = 1.0) -> PlateText:
    votes = PlateVote(GRAMMAR)
    for i, one in enumerate(readings):
        votes.add(one, i * every_s)
    return votes.result()


def test_nothing_read_is_unread() -> None:
    nothing = PlateReading(characters=(), sharpness=0.0, height_px=0.0)
    assert vote() == UNREAD
    assert vote(nothing) == UNREAD


def test_two_sure_readings_are_accepted_with_the_readers_own_confidence() -> None:
    result = vote(reading("12가3456", 0.9), reading("12가3456", 0.9))
    assert result.accepted
    assert result.text == "12가3456"
    assert result.confidences == pytest.approx([0.9] * 7)


def test_one_look_is_never_accepted_however_sure_it_is() -> None:
    """A frozen camera has only one, and a reader is sure of a look-alike now and then."""
    assert vote(reading("12가3456", 0.94)).text == "???????"
    surest = vote(reading("12가3456", 0.99))
    assert surest.text == "12가3456"
    assert not surest.accepted
    assert not vote(*[reading("12가3456", 0.99)] * 5, every_s=0.0).accepted


def test_one_unsure_character_is_said_to_be_unknown() -> None:
    unsure = reading("12가3456", [0.95, 0.95, 0.68, 0.95, 0.95, 0.95, 0.95])
    result = vote(unsure, unsure)
    assert result.text == "12?3456"
    assert not result.accepted


def test_two_moments_that_agree_pass_at_the_lower_gate() -> None:
    unsure = [0.95, 0.95, 0.72, 0.95, 0.95, 0.95, 0.95]
    result = vote(reading("12가3456", unsure), reading("12가3456", unsure))
    assert result.accepted
    assert result.text == "12가3456"


def test_two_crops_of_one_moment_are_one_look() -> None:
    unsure = [0.95, 0.95, 0.72, 0.95, 0.95, 0.95, 0.95]
    same_frame = vote(reading("12가3456", unsure), reading("12가3456", unsure), every_s=0.0)
    neighbours = vote(reading("12가3456", unsure), reading("12가3456", unsure), every_s=APART_S / 2)
    assert not same_frame.accepted
    assert not neighbours.accepted


def test_the_same_wrong_reading_many_times_does_not_become_certain() -> None:
    result = vote(*[reading("12가3456", 0.62, second="12거3456")] * 20)
    assert max(result.confidences) <= 0.62
    assert not result.accepted


def blurred(text: str, p: float) -> PlateReading:
    return reading(text, p, sharpness=20.0, height_px=14.0)


def test_the_readers_word_is_not_taken_on_a_blurred_crop() -> None:
    sure = blurred("16루7331", 0.96)
    assert not vote(sure).accepted
    assert not vote(sure, sure).accepted, "two blurred looks at 무 both see 루"
    assert not vote(sure, sure, sure, every_s=APART_S / 2).accepted
    assert vote(sure, sure, sure).accepted
    assert not vote(*[blurred("16루7331", 0.93)] * 9).accepted


def test_three_looks_that_agree_on_a_small_plate_may_be_wrong_together() -> None:
    """At 16 px 모 was read 오 three times, the least certain character at 0.93, and the text was reported."""
    seen = [
        reading("689오7412", p, sharpness=270.0, height_px=15.7)
        for p in ([0.95, 0.93, *[0.98] * 6], [0.93, 0.93, *[0.98] * 6], [0.95, 0.9, *[0.98] * 6])
    ]
    assert not vote(*seen).accepted


def test_a_clear_look_makes_up_for_blurred_ones() -> None:
    assert vote(blurred("16무7331", 0.91), reading("16무7331", 0.91)).accepted


def test_disagreement_lowers_the_confidence_and_blocks_the_lower_gate() -> None:
    one, other = reading("12가3456", 0.9, second="12거3456"), reading("12거3456", 0.9, second="12가3456")
    result = vote(one, one, one, other, other)
    assert result.text[2] == "?"
    assert not result.accepted


def test_a_sharp_large_crop_outvotes_blurred_small_ones() -> None:
    sharp = reading("12가3456", 0.97, sharpness=1500, height_px=40, second="12거3456")
    dim = reading("12거3456", 0.75, sharpness=15, height_px=10, second="12가3456")
    assert vote(sharp, dim, dim).text == "12가3456"


def test_the_length_is_voted_first_and_lengths_never_mix() -> None:
    # The short reading has lost its first character: by position it would spoil every other one.
    result = vote(*[reading("123가4567")] * 3, reading("23가4567"))
    assert result.accepted
    assert result.text == "123가4567"
    assert max(result.confidences) < 0.8, "a contested length makes every character less certain"


def test_a_contested_length_is_not_accepted() -> None:
    assert not vote(reading("123가4567"), reading("23가4567")).accepted


def test_the_grammar_filters_and_never_repairs() -> None:
    # The runners-up would make a valid plate; the reading as it is does not.
    one = reading("12이3456", 0.9, second="12아3456")
    result = vote(one, one)
    assert not result.accepted
    assert result.text == "12이3456"


def test_a_text_that_no_reading_saw_is_not_accepted() -> None:
    certain, vague = 0.95, 0.55
    first = reading("11가3456", [certain, vague, *[certain] * 5], second="12가3456")
    second = reading("22가3456", [vague, certain, *[certain] * 5], second="12가3456")
    result = vote(first, second, first, second)
    assert not result.accepted


def test_the_best_dozen_is_kept_and_survives_json() -> None:
    votes = PlateVote(GRAMMAR)
    for i in range(40):
        votes.add(reading("12가3456", 0.9, sharpness=10.0 * i), float(i))
    assert [t.at_s for t in votes.kept] == [float(i) for i in range(28, 40)]
    adapter = TypeAdapter(tuple[TimedReading, ...])
    again = PlateVote(GRAMMAR, adapter.validate_json(adapter.dump_json(votes.kept)))
    assert again.result() == votes.result()


def test_a_media_time_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="nan"):
        PlateVote(GRAMMAR).add(reading("12가3456"), math.nan)


guesses = st.lists(
    st.tuples(st.sampled_from("0123가거?"[:-1]), st.floats(0.01, 1.0)),
    min_size=1,
    max_size=4,
    unique_by=lambda pair: pair[0],
).map(lambda pairs: guess(*((c, p / max(1.0, sum(q for _, q in pairs))) for c, p in pairs)))
readings = st.builds(
    lambda cs, s, h: PlateReading(characters=tuple(cs), sharpness=s, height_px=h),
    st.lists(guesses, max_size=8),
    st.floats(0, 5000),
    st.floats(0, 100),
)


@given(st.lists(st.tuples(readings, st.floats(0, 100)), max_size=16))
def test_no_vote_claims_more_than_its_readings_and_its_gate_allow(
    timed: list[tuple[PlateReading, float]],
) -> None:
    votes = PlateVote(GRAMMAR)
    for one, at_s in timed:
        votes.add(one, at_s)
    result = votes.result()
    lengths = {len(r.characters) for r, _ in timed}
    assert len(result.text) in lengths | {0}
    for i, (character, certainty) in enumerate(zip(result.text, result.confidences, strict=True)):
        heard = [
            p
            for t in votes.kept
            if len(t.reading.characters) == len(result.text)
            for _, p in t.reading.characters[i].alternatives
        ]
        assert 0.0 <= certainty <= min(MOST_CERTAIN, max(heard)) + 1e-9
        assert character == "?" or certainty >= AGREEING_GATE
    if result.accepted:
        assert GRAMMAR.is_valid(result.text)
        assert result.text in {t.reading.text for t in votes.kept}


@given(st.lists(st.tuples(readings, st.floats(0, 100)), max_size=10), st.randoms())
def test_the_order_of_readings_does_not_matter(
    timed: list[tuple[PlateReading, float]], random: object
) -> None:
    shuffled = list(timed)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = PlateVote(GRAMMAR), PlateVote(GRAMMAR)
    for one, at_s in timed:
        first.add(one, at_s)
    for one, at_s in shuffled:
        second.add(one, at_s)
    assert first.result().confidences == pytest.approx(second.result().confidences)


class NoisyReader:
    """A reader whose errors are like a real one's: they belong to the vehicle as much as to the crop.

    For each position a vehicle has a fixed look-alike and a fixed difficulty; a crop adds noise of its own.
    The scores become probabilities by a softmax that is too confident by a fifth.
    """

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)

    def plate(self) -> str:
        digits = "".join(self.random.choice(list("0123456789"), 5))
        return f"{self.random.integers(1, 10)}{digits[0]}{self.random.choice(list(PRIVATE))}{digits[1:]}"

    def vehicle(self, text: str) -> list[tuple[str, str, float]]:
        looks = []
        for character in text:
            pool = "0123456789" if character.isdigit() else PRIVATE
            twin = str(self.random.choice([c for c in pool if c != character]))
            looks.append((character, twin, float(self.random.normal(6.0, 1.5))))
        return looks

    def read(self, looks: list[tuple[str, str, float]]) -> PlateReading:
        blur = float(self.random.uniform(0.0, 1.0))
        characters = []
        for character, twin, margin in looks:
            noise = float(self.random.normal(0.0, 0.4 + 1.6 * blur))
            gap = 1.2 * (margin * (1.1 - 1.0 * blur) + noise)
            p = 1.0 / (1.0 + math.exp(-gap))
            characters.append(guess((character, p * 0.99), (twin, (1 - p) * 0.99)))
        return PlateReading(characters=tuple(characters), sharpness=600 * (1 - blur) ** 3, height_px=28.0)


def test_accepted_and_wrong_is_next_to_nothing_where_single_readings_often_err() -> None:
    reader = NoisyReader(seed=7)
    plates, wrong, accepted, single_wrong, singles = 1500, 0, 0, 0, 0
    for _ in range(plates):
        text = reader.plate()
        looks = reader.vehicle(text)
        votes = PlateVote(GRAMMAR)
        for at_s in (0.0, 1.0, 3.0, 7.0, 15.0):
            one = reader.read(looks)
            singles += 1
            single_wrong += one.text != text
            votes.add(one, at_s)
            if votes.result().accepted:
                break
        result = votes.result()
        accepted += result.accepted
        wrong += result.accepted and result.text != text
    assert single_wrong / singles > 0.15, "the simulated reader is too good to test anything"
    assert accepted / plates > 0.8
    assert wrong / accepted < 0.002
