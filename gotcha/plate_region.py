"""Which plates a country has, and how a plate that a person wrote becomes one that a reader reads."""

from __future__ import annotations

import re
import unicodedata

_GRAMMARS = {"KR": "kr", "BR": "br", "GB": "uk", "IN": "in", "US": "us"}
_EUROPE = frozenset(
    {"AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"}
    | {"IE", "IT", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"}
)
# What people write between the groups of a plate: blanks, hyphens and dashes, dots.
_BETWEEN = re.compile(r"[\s\-\u2010-\u2015.\u00b7]+")


def grammar_name(region: str) -> str:
    """The plate grammar for a country (ISO 3166, two capitals); the loose one where none is known."""
    return "eu" if region in _EUROPE else _GRAMMARS.get(region, "any")


def written_plate(text: str) -> str:
    """The plate a person wrote, as readers give it: composed syllables, capitals, nothing in between."""
    return _BETWEEN.sub("", unicodedata.normalize("NFC", text)).upper()
