"""Which texts can be Latin plates, region by region; upper-case letters and digits, no separators."""

from __future__ import annotations

import re

from pipeline.errors import InvalidValueError
from pipeline.korean_plates import KoreanPlates
from pipeline.plate import PlateGrammar

# Any country: 4-8 characters with a digit among them. Words without a digit are far more often emblems,
# dealers' names or signs than vanity plates.
_ANY = (r"(?=[A-Z]*\d)[A-Z0-9]{4,8}",)

# United Kingdom (DVLA INF104, "Vehicle registration numbers and number plates"): current, prefix, suffix,
# and dateless or Northern Irish. I and Q are not used in the current style, Z not in its first two letters.
_UK = (
    r"[A-HJ-PR-Y]{2}(?:0[2-9]|[1-9]\d)[A-HJ-PR-Z]{3}",
    r"[A-HJ-NPR-TV-Y]\d{1,3}[A-HJ-PR-Z]{3}",
    r"[A-HJ-PR-Z]{3}\d{1,3}[A-HJ-NPR-TV-Y]",
    r"[A-Z]{1,3}[1-9]\d{0,3}",
    r"[1-9]\d{0,3}[A-Z]{1,3}",
)

# Brazil: before 2018, and Mercosur (CONTRAN resolution 969/2022).
_BR = (r"[A-Z]{3}\d{4}", r"[A-Z]{3}\d[A-Z]\d{2}")

# United States: each state has forms of its own and sells vanity plates; 5-7 characters with a digit.
_US = (r"(?=[A-Z]*\d)[A-Z0-9]{5,7}",)

# India (Central Motor Vehicles Rules, rule 50): state, district, series, number; and the BH series.
_IN = (r"[A-Z]{2}\d{1,2}[A-Z]{0,3}\d{4}", r"\d{2}BH\d{4}[A-HJ-NP-Z]{1,2}")

# European Union and neighbours, forms by country ("Vehicle registration plates of Europe").
_EU_FORMS = (
    r"[A-Z]{2,5}[1-9]\d{0,3}[EH]?",  # Germany
    r"[A-HJ-NP-TV-Z]{2}\d{3}[A-HJ-NP-TV-Z]{2}",  # France, Italy
    r"\d{4}[BCDFGHJ-NPR-TV-Z]{3}",  # Spain
    r"[A-Z]{1,2}\d{4}[A-Z]{1,2}",  # Spain before 2000, Bulgaria, Ukraine
    r"[A-Z]{3}\d{3,4}",  # Hungary, Sweden, Finland, Lithuania, Greece
    r"[A-Z]{4}\d{3}",  # Hungary since 2022
    r"[A-Z]{3}\d{2}[A-Z0-9]",  # Sweden since 2019
    r"[A-Z]{2,3}(?=[A-Z]*\d)[A-Z0-9]{4,5}",  # Poland
    r"[A-Z]{1,2}\d{2,3}[A-Z]{3}",  # Romania
    r"[A-Z]{2}\d{3,4}[A-Z]{2}",  # Croatia, Slovakia, Ukraine
    r"[A-Z]{2}\d{5}",  # Denmark, Norway
    r"[A-Z]{2}\d{4}",  # Latvia, Luxembourg
    r"\d{3}[A-Z]{3}",  # Estonia
    r"\d[A-Z][A-Z0-9]\d{4}",  # Czechia
    r"[1-9][A-Z]{3}\d{3}",  # Belgium
    # Netherlands and Portugal: three groups of two; Netherlands: also of one and three.
    r"[A-Z]{2}\d{2}[A-Z]{2}|\d{2}[A-Z]{2}\d{2}|\d{2}[A-Z]{4}",
    r"[A-Z]\d{3}[A-Z]{2}|[A-Z]{2}\d{3}[A-Z]|\d[A-Z]{3}\d{2}|\d{2}[A-Z]{3}\d|[A-Z]{3}\d{2}[A-Z]",
    r"[A-Z]{1,2}\d{2,5}[A-Z]{1,3}",  # Austria
    r"[A-Z]{2}\d{2,6}",  # Switzerland
    r"\d{2,3}[A-Z]{1,2}\d{1,6}",  # Ireland
)
_EU = tuple(rf"(?=.{{4,9}}$)(?:{form})" for form in _EU_FORMS)

_LATIN = {"any": _ANY, "br": _BR, "eu": _EU, "in": _IN, "uk": _UK, "us": _US}
# Every region a camera may name.
REGIONS = ("kr", *sorted(_LATIN))


class LatinPlates:
    """The grammar of the Latin plates of one region.

    Args:
        region: any, br, eu, in, uk or us.

    Raises:
        InvalidValueError: the region is none of them.
    """

    def __init__(self, region: str = "any") -> None:
        if region not in _LATIN:
            raise InvalidValueError(f"expected a region of {', '.join(sorted(_LATIN))}, got {region!r}")
        forms = "|".join(f"(?:{form})" for form in _LATIN[region])
        self._plate = re.compile(forms, re.ASCII)

    def is_valid(self, text: str) -> bool:
        """Whether `text` is plausible as a plate of the region."""
        return self._plate.fullmatch(text) is not None


def grammar_for(region: str) -> PlateGrammar:
    """The grammar of a camera's region: kr, or one of `LatinPlates`.

    Raises:
        InvalidValueError: the region is not one of `REGIONS`.
    """
    if region == "kr":
        return KoreanPlates()
    if region not in _LATIN:
        raise InvalidValueError(f"expected a region of {', '.join(REGIONS)}, got {region!r}")
    return LatinPlates(region)
