"""What people ask of a list of reports, and what a row of it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pipeline.errors import InvalidValueError
from pipeline.report import ReportState
from storage.reviews import ReviewStep


@dataclass(frozen=True, slots=True, kw_only=True)
class PageKey:
    """Where a page ends: the next one begins after it. A report that is added meanwhile moves nothing."""

    parked_at: datetime
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportQuery:
    """Which reports; None or empty means any.

    Attributes:
        states: states of life.
        verdict: what people said; "open" is nothing yet.
        cameras: names; None is all, an empty set none.
        zone: a zone's name.
        plate: a plate, with `*` for any characters and `?` for one.
        since, until: bounds of `parked_at`, aware UTC; since is included, until is not.
        min_score: least detector score, 0-1.
    """

    states: frozenset[ReportState] = frozenset()
    verdict: str | None = None
    cameras: frozenset[str] | None = None
    zone: str | None = None
    plate: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    min_score: float | None = None

    def __post_init__(self) -> None:
        known = {"open", *(step.value for step in ReviewStep)}
        if self.verdict is not None and self.verdict not in known:
            raise InvalidValueError(f"expected a verdict of {', '.join(sorted(known))}, got {self.verdict!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedReport:
    """A report as lists show it; see `pipeline.report.Report` and `storage.tables.ReportRow`."""

    id: str
    state: str
    verdict: str | None
    camera: str
    zone: str
    zone_kind: str
    label: str
    parked_at: datetime
    arrived_at: datetime
    departed_at: datetime | None
    last_seen_at: datetime
    plate_text: str
    plate_accepted: bool
    plate_corrected: str | None
    score: float
    repeats: int
    rejection: str | None
    duplicate_of: str | None

    @property
    def is_merged(self) -> bool:
        """Whether people have merged it with another report, which `SqlReviews.merged_into` names."""
        return self.verdict == "merged"
