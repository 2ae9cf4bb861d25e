"""Finding a plate from the part of it that somebody remembers, by an index where there can be one."""

from __future__ import annotations

import unicodedata

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col

from storage.tables import ReportRow

# Longest part of a plate that has a column of its own.
_TAIL = 4


def plate_condition(wanted: str, dialect: str) -> ColumnElement[bool]:
    """Reports whose plate, as read or as corrected, is `wanted`.

    Four characters or more are the end or the beginning of a plate, found by an index; fewer, or `*` around
    them, are any part of it, which takes a look at every plate.

    Args:
        wanted: a plate or a part of it, spaces and the case of letters apart; `*` is any characters, `?` one.
        dialect: "sqlite" or "postgresql", which find the beginning of a text by an index in two ways.
    """
    text = "".join(unicodedata.normalize("NFC", wanted).upper().split())
    corrected = col(ReportRow.plate_corrected).is_not(None)
    if "*" in text or "?" in text:
        whole = _like("plate_text", text)
        if beginning := text.partition("*")[0].partition("?")[0]:
            whole = and_(_begins("plate_text", beginning, dialect), whole)
        return or_(whole, and_(corrected, _like("plate_corrected", text)))
    in_corrected = and_(corrected, _like("plate_corrected", f"*{text}*"))
    if len(text) >= _TAIL:
        ends = and_(col(ReportRow.plate_tail) == text[-_TAIL:], _like("plate_text", f"*{text}"))
        return or_(ends, _begins("plate_text", text, dialect), in_corrected)
    return or_(_like("plate_text", f"*{text}*"), in_corrected)


def _begins(column: str, text: str, dialect: str) -> ColumnElement[bool]:
    field = col(getattr(ReportRow, column))
    if dialect == "sqlite":
        # Its LIKE takes no heed of case, and so of no index (sqlite.org/optoverview.html).
        special = {"*": "[*]", "?": "[?]", "[": "[[]"}
        return field.op("GLOB", is_comparison=True)("".join(special.get(one, one) for one in text) + "*")
    return _like(column, f"{text}*")


def _like(column: str, pattern: str) -> ColumnElement[bool]:
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    like = escaped.replace("*", "%").replace("?", "_")
    return col(getattr(ReportRow, column)).like(like, escape="\\")
