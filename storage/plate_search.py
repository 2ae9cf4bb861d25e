"""Finding a plate from the part of it that somebody remembers, by an index where there can be one."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_

from storage.tables import REPORTS

# Longest part of a plate that has a column of its own.
_TAIL = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateCondition:
    """One way in which a report's plate can be the wanted one.

    Attributes:
        condition: of the report's row.
        rare: few reports fit, and an index finds them; else they are met soon enough on the way through all.
    """

    condition: ColumnElement[bool]
    rare: bool


def plate_conditions(wanted: str, dialect: str) -> tuple[PlateCondition, ...]:
    """Conditions one of which holds for each report whose plate, as read or as corrected, is `wanted`.

    They are apart, as databases that are given all of them together use none of the indexes. Four characters
    or more are the end or the beginning of a plate, found by an index; fewer, or `*` around them, are any
    part of it, which takes a look at every plate.

    Args:
        wanted: a plate or a part of it, spaces and the case of letters apart; `*` is any characters, `?` one.
        dialect: "sqlite" or "postgresql", which find the beginning of a text by an index in two ways.
    """
    text = "".join(unicodedata.normalize("NFC", wanted).upper().split())
    pattern = text if "*" in text or "?" in text else f"*{text}*"
    # A comparison, as SQLite finds nothing by an index with IS NOT NULL. Corrections are few.
    corrected = _rare(and_(REPORTS.plate_corrected > "", _like("plate_corrected", pattern)))
    if pattern == text:
        beginning, ending = text.partition("*")[0].partition("?")[0], _after_wildcards(text)
        if len(ending) >= _TAIL:
            return _rare(and_(REPORTS.plate_tail == ending[-_TAIL:], _like("plate_text", text))), corrected
        if not beginning:
            return PlateCondition(condition=_like("plate_text", text), rare=False), corrected
        return _rare(and_(_begins(beginning, dialect), _like("plate_text", text))), corrected
    if len(text) < _TAIL:
        return PlateCondition(condition=_like("plate_text", pattern), rare=False), corrected
    ends = and_(REPORTS.plate_tail == text[-_TAIL:], _like("plate_text", f"*{text}"))
    return _rare(ends), _rare(_begins(text, dialect)), corrected


def _after_wildcards(text: str) -> str:
    return text.rpartition("*")[2].rpartition("?")[2]


def _rare(condition: ColumnElement[bool]) -> PlateCondition:
    return PlateCondition(condition=condition, rare=True)


def _begins(text: str, dialect: str) -> ColumnElement[bool]:
    if dialect != "sqlite":
        return _like("plate_text", f"{text}*")
    # Its LIKE takes no heed of case, and so of no index (sqlite.org/optoverview.html).
    special = {"*": "[*]", "?": "[?]", "[": "[[]"}
    pattern = "".join(special.get(one, one) for one in text) + "*"
    return REPORTS.plate_text.op("GLOB", is_comparison=True)(pattern)


def _like(column: str, pattern: str) -> ColumnElement[bool]:
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    like = escaped.replace("*", "%").replace("?", "_")
    return REPORTS[column].like(like, escape="\\")
