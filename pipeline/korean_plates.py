"""Which texts can be Korean plates: private, business, rental, old two-line, military, diplomatic."""

from __future__ import annotations

import re

# Use syllables of private cars, of transport business and parcel delivery, and of rental cars
# (Registration of motor vehicles and the like: notice on the plates' standard, appendix).
PRIVATE = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주"
BUSINESS = "바사아자배"
RENTAL = "하허호"
REGIONS = (
    *("서울", "부산", "대구", "인천", "광주", "대전", "울산", "세종", "경기"),
    *("강원", "충북", "충남", "전북", "전남", "경북", "경남", "제주"),
)
# The Sejong region has existed since 2012, the two-line plates with a region ended in 2004.
_OLD_REGIONS = tuple(region for region in REGIONS if region != "세종")
# Ministry of Defence, army, navy, air force, joint staff; embassies, consulates and the like. No standard is
# public for their numbers: the layouts are those seen on photos, two digits before and four after the
# syllable, and two groups of three digits.
MILITARY = "국육해공합"
DIPLOMATIC = ("외교", "영사", "준외", "준영", "국기", "협정", "대표")

_TWO = r"(?:0[1-9]|[1-9]\d)"
_FORMS = (
    rf"(?:{'|'.join(REGIONS)})?{_TWO}[{BUSINESS}]\d{{4}}",
    rf"(?:{_TWO}|[1-9]\d\d)[{PRIVATE}{RENTAL}]\d{{4}}",
    rf"(?:{'|'.join(_OLD_REGIONS)})(?:[1-9]|{_TWO})[{PRIVATE}{BUSINESS}{RENTAL}]\d{{4}}",
    rf"\d\d[{MILITARY}]\d{{4}}",
    rf"(?:{'|'.join(DIPLOMATIC)})\d{{6}}",
)
# ASCII digits only: \d of a str pattern would also take Arabic-Indic and full-width ones.
_PLATE = re.compile("|".join(f"(?:{form})" for form in _FORMS), re.ASCII)


class KoreanPlates:
    """The grammar of Korean plates; texts without blanks, two-line plates top line first."""

    def is_valid(self, text: str) -> bool:
        """Whether `text` is a plate of one of the known forms."""
        return _PLATE.fullmatch(text) is not None
