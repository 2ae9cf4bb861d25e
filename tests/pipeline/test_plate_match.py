from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.plate import UNREAD, PlateText
from pipeline.plate_match import PlateMatch, same_plate

SAME, DIFFERENT, UNKNOWN = PlateMatch


def plate(text: str, certainty: float = 0.95, *, accepted: bool | None = None) -> PlateText:
    return PlateText(
        text=text,
        confidences=tuple(0.4 if c == "?" else certainty for c in text),
        accepted="?" not in text if accepted is None else accepted,
        readings=3,
    )


@pytest.mark.parametrize(
    ("first", "second", "match"),
    [
        (plate("12가3456"), plate("12가3456"), SAME),
        (plate("12가3456"), plate("12가3457"), DIFFERENT),
        (plate("12가3456"), plate("12?3456"), SAME),
        (plate("12가3456"), plate("12?34?6"), SAME),
        (plate("12가3456"), plate("???3456"), UNKNOWN),
        (plate("12가3456"), plate("12?3457"), UNKNOWN),
        (plate("12가3456"), plate("34?3456"), DIFFERENT),
        (plate("12가3456"), plate("34?3456", 0.82), UNKNOWN),
        (plate("123가4567"), plate("23가4567", accepted=False), UNKNOWN),
        (plate("123가4567"), plate("23가4567"), DIFFERENT),
        (plate("43?2524"), plate("671더4959"), DIFFERENT),
        (plate("43?2524", 0.8), plate("671더4959"), UNKNOWN),
        (plate("123가4567"), plate("12가4567", accepted=False), UNKNOWN),
        (plate("123가4567"), plate("123가457", accepted=False), UNKNOWN),
        (plate("서울12가3456"), plate("?2가3456"), UNKNOWN),
        (plate("12가3456"), plate("???????"), UNKNOWN),
        (plate("12가3456"), UNREAD, UNKNOWN),
        (UNREAD, UNREAD, UNKNOWN),
    ],
)
def test_same_plate(first: PlateText, second: PlateText, match: PlateMatch) -> None:
    assert same_plate(first, second) is match
    assert same_plate(second, first) is match


texts = st.text("0123가나?", min_size=0, max_size=8)


@given(first=texts, second=texts, certainty=st.floats(0.6, 1.0))
def test_unknown_characters_never_decide(first: str, second: str, certainty: float) -> None:
    one, other = plate(first, certainty, accepted=False), plate(second, certainty, accepted=False)
    match = same_plate(one, other)
    pairs = [(a, b) for a, b in zip(first, second, strict=False) if "?" not in (a, b)]
    if match is SAME:
        assert len(pairs) >= 5
        assert all(a == b for a, b in pairs)
    if match is DIFFERENT:
        assert sum(a != b for a, b in pairs) >= 2
