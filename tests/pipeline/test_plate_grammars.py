from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidValueError
from pipeline.korean_plates import BUSINESS, DIPLOMATIC, MILITARY, PRIVATE, REGIONS, RENTAL, KoreanPlates
from pipeline.latin_plates import REGIONS as GRAMMARS
from pipeline.latin_plates import LatinPlates, grammar_for

GOLDEN = Path(__file__).parents[1] / "golden" / "plates.csv"


def golden() -> list[tuple[str, str, bool, str]]:
    with GOLDEN.open(encoding="utf-8", newline="") as file:
        return [(r["region"], r["text"], r["valid"] == "yes", r["why"]) for r in csv.DictReader(file)]


@pytest.mark.parametrize(("region", "text", "valid", "why"), golden())
def test_golden_plates(region: str, text: str, valid: bool, why: str) -> None:
    assert grammar_for(region).is_valid(text) is valid, why


def test_the_syllables_are_those_of_the_standard() -> None:
    assert len(PRIVATE) == len(set(PRIVATE)) == 32
    assert len(set(PRIVATE + BUSINESS + RENTAL)) == 40
    assert len(REGIONS) == 17


digits = st.text("0123456789", min_size=4, max_size=4)


@given(code=st.integers(100, 999), syllable=st.sampled_from(PRIVATE + RENTAL), serial=digits)
def test_every_private_plate_is_valid(code: int, syllable: str, serial: str) -> None:
    assert KoreanPlates().is_valid(f"{code}{syllable}{serial}")


@given(region=st.sampled_from(REGIONS), code=st.integers(1, 99), syllable=st.sampled_from(BUSINESS), n=digits)
def test_every_business_plate_is_valid(region: str, code: int, syllable: str, n: str) -> None:
    assert KoreanPlates().is_valid(f"{region}{code:02}{syllable}{n}")


ALPHABET = (
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ?" + PRIVATE + BUSINESS + RENTAL + MILITARY + "".join(DIPLOMATIC)
)


@given(text=st.text(ALPHABET, max_size=12))
def test_no_grammar_takes_unknown_characters_or_texts_without_a_digit(text: str) -> None:
    for region in GRAMMARS:
        if grammar_for(region).is_valid(text):
            assert "?" not in text
            assert any(c.isdigit() for c in text)
            assert len(text) <= 10


def test_an_unknown_region_is_named() -> None:
    with pytest.raises(InvalidValueError, match="'atlantis'"):
        grammar_for("atlantis")
    with pytest.raises(InvalidValueError, match="'kr'"):
        LatinPlates("kr")
