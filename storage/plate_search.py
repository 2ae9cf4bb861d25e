"""Finding a plate from the part of it that somebody remembers, by an index where there can be one."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from sqlalchemy import ColumnElement, and_, bindparam

from storage.tables import REPORTS

# Longest part of a plate that has a column of its own.
_TAIL = 4


class PlateForm(Enum):
    """A kind of condition; its statement is made once, and only what is looked for changes."""

    CORRECTED = auto()
    ENDS = auto()
    BEGINS = auto()
    BEGINS_IN_SQLITE = auto()
    ANYWHERE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateCondition:
    """One way in which a report's plate can be the wanted one.

    Attributes:
        form: what is asked of the report's row; see `plate_condition`.
        values: what is looked for, by the names of its parameters.
    """

    form: PlateForm
    values: Mapping[str, str]

    @property
    def rare(self) -> bool:
        """Few reports fit, and an index finds them; else they are met soon enough on the way through all."""
        return self.form is not PlateForm.ANYWHERE


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
    corrected = PlateCondition(form=PlateForm.CORRECTED, values={"plate": _like(pattern)})
    if pattern == text:
        beginning, ending = text.partition("*")[0].partition("?")[0], _after_wildcards(text)
        if len(ending) >= _TAIL:
            return _ends(ending, text), corrected
        if not beginning:
            return _anywhere(text), corrected
        return _begins(beginning, text, dialect), corrected
    if len(text) < _TAIL:
        return _anywhere(pattern), corrected
    return _ends(text, f"*{text}"), _begins(text, f"{text}*", dialect), corrected


def plate_condition(form: PlateForm) -> ColumnElement[bool]:
    """What is asked of a report's row, for the values of a `PlateCondition`."""
    text = REPORTS.plate_text
    fits = text.like(bindparam("plate"), escape="\\")
    match form:
        case PlateForm.CORRECTED:
            # A comparison, as SQLite finds nothing by an index with IS NOT NULL. Corrections are few.
            corrected = REPORTS.plate_corrected
            return and_(corrected > "", corrected.like(bindparam("plate"), escape="\\"))
        case PlateForm.ENDS:
            return and_(REPORTS.plate_tail == bindparam("plate_tail"), fits)
        case PlateForm.BEGINS:
            return and_(text.like(bindparam("plate_beginning"), escape="\\"), fits)
        case PlateForm.BEGINS_IN_SQLITE:
            return and_(text.op("GLOB", is_comparison=True)(bindparam("plate_beginning")), fits)
        case PlateForm.ANYWHERE:
            return fits


def _after_wildcards(text: str) -> str:
    return text.rpartition("*")[2].rpartition("?")[2]


def _ends(ending: str, pattern: str) -> PlateCondition:
    return PlateCondition(
        form=PlateForm.ENDS, values={"plate_tail": ending[-_TAIL:], "plate": _like(pattern)}
    )


def _anywhere(pattern: str) -> PlateCondition:
    return PlateCondition(form=PlateForm.ANYWHERE, values={"plate": _like(pattern)})


def _begins(beginning: str, pattern: str, dialect: str) -> PlateCondition:
    if dialect != "sqlite":
        values = {"plate_beginning": _like(f"{beginning}*"), "plate": _like(pattern)}
        return PlateCondition(form=PlateForm.BEGINS, values=values)
    # Its LIKE takes no heed of case, and so of no index (sqlite.org/optoverview.html).
    special = {"*": "[*]", "?": "[?]", "[": "[[]"}
    glob = "".join(special.get(one, one) for one in beginning) + "*"
    return PlateCondition(
        form=PlateForm.BEGINS_IN_SQLITE, values={"plate_beginning": glob, "plate": _like(pattern)}
    )


def _like(pattern: str) -> str:
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.replace("*", "%").replace("?", "_")
