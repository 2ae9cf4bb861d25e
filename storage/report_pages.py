"""Lists of reports for people: a page at a time, as quick at a million reports as at ten."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from pipeline.errors import InvalidValueError
from storage.report_page_rows import page_rows
from storage.report_query import ListedReport, PageKey, ReportQuery
from storage.transactions import asking

MAX_ROWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """Reports, latest first, and where the next page begins; None when this was the last."""

    reports: tuple[ListedReport, ...]
    next: PageKey | None


class ReportPages:
    """Pages of reports; raises as `storage.ports.ReportStore` does. Threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(self, wanted: ReportQuery, *, after: PageKey | None = None, rows: int = 50) -> ReportPage:
        """The first `rows` (1-200) reports that fit, after the end of the page before."""
        if not 1 <= rows <= MAX_ROWS:
            raise InvalidValueError(f"expected 1-{MAX_ROWS} rows, got {rows}")
        with asking(self._engine) as connection:
            found = page_rows(connection, wanted, after, rows + 1)
        shown = tuple(found[:rows])
        more = len(found) > rows
        end = PageKey(parked_at=shown[-1].parked_at, id=shown[-1].id) if more else None
        return ReportPage(reports=shown, next=end)

    def count_up_to(self, wanted: ReportQuery, limit: int) -> int:
        """How many fit, `limit` (1-200) at most: a whole count of a million takes seconds."""
        page = self.page(wanted, rows=min(limit, MAX_ROWS))
        return len(page.reports)

    def beside(self, key: PageKey, wanted: ReportQuery) -> tuple[str | None, str | None]:
        """The ids of the reports before (newer) and after (older) one in a list; None at its ends."""
        with asking(self._engine) as connection:
            newer = page_rows(connection, wanted, key, 1, newer=True)
            older = page_rows(connection, wanted, key, 1)
        return newer[0].id if newer else None, older[0].id if older else None
