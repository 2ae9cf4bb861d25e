"""Korean plate numbers: drawn from the grammar of the plate notice, never twice the same in one street."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from enum import StrEnum

from pipeline.errors import InvalidValueError

PRIVATE = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주"
RENTAL = "하허호"
BUSINESS = "바사아자"
REGIONS = (
    "서울",
    "부산",
    "대구",
    "인천",
    "광주",
    "대전",
    "울산",
    "세종",
    "경기",
    "강원",
    "충북",
    "충남",
    "전북",
    "전남",
    "경북",
    "경남",
    "제주",
)

_TWO = r"(?:0[1-9]|[1-9]\d)"
GRAMMAR = re.compile(
    rf"^(?:(?:{'|'.join(REGIONS)}){_TWO}[{BUSINESS}배]|(?:{_TWO}|[1-9]\d\d)[{PRIVATE}{RENTAL}])\d{{4}}$"
)


class PlateStyle(StrEnum):
    """Layouts of plates, by size in millimetres and colour."""

    WHITE_8 = "white_8"
    WHITE_7 = "white_7"
    EV = "ev"
    SHORT = "short"
    YELLOW_LINE = "yellow_line"
    YELLOW_TWO = "yellow_two"
    GREEN_TWO = "green_two"

    @property
    def two_lines(self) -> bool:
        """Whether the characters stand in two rows."""
        return self in (PlateStyle.YELLOW_TWO, PlateStyle.GREEN_TWO)

    @property
    def size_mm(self) -> tuple[int, int]:
        """Width and height in millimetres."""
        if self is PlateStyle.SHORT:
            return (335, 155)
        return (335, 170) if self.two_lines else (520, 110)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateNumber:
    """A plate: its text without blanks (top row first) and its layout."""

    text: str
    style: PlateStyle

    def __post_init__(self) -> None:
        if not GRAMMAR.match(self.text):
            raise InvalidValueError(f"expected a Korean plate, got {self.text!r}")


def draw_plate(rng: random.Random, *, commercial: bool) -> PlateNumber:
    """A plate drawn by chance; `commercial` gives the yellow ones of buses, taxis and lorries for hire."""
    serial = f"{rng.randrange(10000):04d}"
    two = f"{rng.randint(1, 99):02d}"
    if commercial:
        style = rng.choice([PlateStyle.YELLOW_LINE, PlateStyle.YELLOW_TWO])
        return PlateNumber(text=rng.choice(REGIONS) + two + rng.choice(BUSINESS) + serial, style=style)
    letter = rng.choice(RENTAL if rng.random() < 0.08 else PRIVATE)
    style = rng.choices(
        [PlateStyle.WHITE_8, PlateStyle.WHITE_7, PlateStyle.EV, PlateStyle.SHORT, PlateStyle.GREEN_TWO],
        [0.44, 0.36, 0.12, 0.06, 0.02],
    )[0]
    code = str(rng.randint(100, 699)) if style is PlateStyle.WHITE_8 else two
    return PlateNumber(text=code + letter + serial, style=style)
