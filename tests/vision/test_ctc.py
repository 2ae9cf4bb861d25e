from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from pipeline.plate import CharacterGuess
from vision.ctc import characters, mean_of

ALPHABET = ("", "A", "B", "1", "-", "a", " ")


def _frames(*rows: dict[str, float]) -> npt.NDArray[np.float32]:
    """One row a frame; what is not given goes to the blank."""
    frames = np.zeros((len(rows), len(ALPHABET)), dtype=np.float32)
    for frame, row in zip(frames, rows, strict=True):
        for text, probability in row.items():
            frame[ALPHABET.index(text)] = probability
        frame[0] = 1.0 - frame.sum()
    return frames


def _guess(*alternatives: tuple[str, float]) -> CharacterGuess:
    return CharacterGuess(alternatives=alternatives)


def test_repeats_collapse_and_a_blank_parts_doubles() -> None:
    read = characters(_frames({"A": 0.8}, {"A": 0.9}, {}, {"A": 0.95}, {"B": 0.7, "1": 0.2}), ALPHABET)
    assert "".join(c.text for c in read) == "AAB"
    assert read[0].probability == pytest.approx(0.9)
    assert [text for text, _ in read[2].alternatives] == ["B", "1"]
    assert [p for _, p in read[2].alternatives] == pytest.approx([0.7, 0.2])


def test_separators_are_left_out_and_lower_case_counts_as_upper() -> None:
    read = characters(_frames({"A": 0.9}, {"-": 0.9}, {"a": 0.6, "A": 0.3}, {" ": 0.9}), ALPHABET)
    assert [c.text for c in read] == ["A", "A"]
    assert read[1].probability == pytest.approx(0.9)


def test_a_character_nearly_seen_makes_its_neighbour_doubtful() -> None:
    # "B" is probable at 0.45 between two sure letters: the text "A1" must not look sure.
    sure = characters(_frames({"A": 0.99}, {}, {"1": 0.99}), ALPHABET)
    doubtful = characters(_frames({"A": 0.99}, {"B": 0.45}, {"1": 0.99}), ALPHABET)
    assert [c.text for c in doubtful] == ["A", "1"]
    assert min(c.probability for c in sure) == pytest.approx(0.99)
    assert min(c.probability for c in doubtful) == pytest.approx(0.99 * 0.55)


def test_a_characters_own_flanks_are_no_doubt() -> None:
    read = characters(_frames({"A": 0.4}, {"A": 0.97}, {"A": 0.4}, {"B": 0.3}, {"B": 0.98}), ALPHABET)
    assert [c.probability for c in read] == pytest.approx([0.97, 0.98])


def test_nothing_but_blanks_is_no_text() -> None:
    assert characters(_frames({}, {"A": 0.3}, {}), ALPHABET) == ()
    assert characters(np.zeros((0, len(ALPHABET)), dtype=np.float32), ALPHABET) == ()


def test_the_mean_takes_the_most_frequent_length_and_counts_the_others_against_it() -> None:
    two = (_guess(("A", 0.9)), _guess(("1", 0.8), ("B", 0.1)))
    other = (_guess(("A", 0.9)), _guess(("B", 0.6), ("1", 0.3)))
    three = (*two, _guess(("B", 1.0)))
    merged = mean_of([two, three, other])
    assert "".join(c.text for c in merged) == "A1"
    assert merged[0].probability == pytest.approx((0.9 + 0.9) / 3)
    assert [text for text, _ in merged[1].alternatives] == ["1", "B"]
    assert [p for _, p in merged[1].alternatives] == pytest.approx([1.1 / 3, 0.7 / 3])


def test_the_mean_of_nothing_is_nothing_and_of_one_is_itself() -> None:
    assert mean_of([]) == ()
    assert mean_of([(), ()]) == ()
    one = (_guess(("A", 0.9), ("B", 0.05)),)
    assert mean_of([one]) == one
    assert mean_of([one, ()])[0].probability == pytest.approx(0.45)
