"""What a store of reports must do, and the values it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pipeline.errors import InvalidValueError
from pipeline.geometry import Box
from pipeline.report import CameraEvent, RejectionReason, Report, ReportState

MAX_LIMIT = 10_000


class Outcome(StrEnum):
    """What became of an item that was given to a store."""

    STORED = "stored"
    UPDATED = "updated"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The answer to `apply`: what was done, and the revision and state the store has now."""

    outcome: Outcome
    revision: int
    state: ReportState


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReport:
    """A report as stored.

    Attributes:
        report: its newest revision as the judgement sent it.
        state: where its life has come to; goes on from `report.state` (exported, expired).
        repeats: how many duplicates name it.
        last_seen_at: last sighting of the vehicle, its repeats' included, aware UTC.
        stored_at, updated_at: when the first and the newest revision were stored, aware UTC.
    """

    report: Report
    state: ReportState
    repeats: int
    last_seen_at: datetime
    stored_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One step of a report's life; `from_state` is None when it was first stored."""

    report_id: str
    revision: int
    from_state: ReportState | None
    to_state: ReportState
    at: datetime
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFilter:
    """Which reports to list; None or empty means any.

    Attributes:
        states: states of life.
        camera, zone: exact names.
        plate: a part of the plate's text.
        since, until: bounds of `parked_at`, aware UTC; since is included, until is not.
        limit: 1-10000 reports, newest first.
        offset: how many to leave out at the beginning.
    """

    states: frozenset[ReportState] = frozenset()
    camera: str | None = None
    zone: str | None = None
    plate: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 100
    offset: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MAX_LIMIT:
            raise InvalidValueError(f"expected a limit of 1-{MAX_LIMIT}, got {self.limit}")
        if self.offset < 0:
            raise InvalidValueError(f"expected an offset of at least 0, got {self.offset}")
        for name, moment in (("since", self.since), ("until", self.until)):
            if moment is not None and moment.tzinfo is None:
                raise InvalidValueError(f"expected an aware {name}, got the naive {moment.isoformat()}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCounts:
    """How many reports are in each state, and how many were rejected for each reason."""

    by_state: Mapping[ReportState, int]
    by_reason: Mapping[RejectionReason, int]


class ReportStore(Protocol):
    """Keeps reports, their history and camera events. Every call is one transaction.

    All methods raise StorageUnavailableError when the database cannot be reached or is busy (trying again
    may help), StorageError when it refuses for good.
    """

    def apply(self, report: Report, *, at: datetime, by: str) -> Applied:
        """Store a revision, once: the same or an older revision is ignored.

        Args:
            report: the whole report as of this revision.
            at: when it is stored, aware UTC; goes into the history.
            by: who stores it; goes into the history.

        Raises:
            IllegalTransitionError: the stored state may not become this one; nothing is changed.
        """
        ...

    def move(self, report_id: str, to: ReportState, *, at: datetime, by: str, why: str) -> Applied:
        """Take a stored report a step further in its life (exported, expired).

        Raises:
            IllegalTransitionError: the stored state may not become `to`; nothing is changed.
            StorageError: no such report.
        """
        ...

    def apply_camera_event(self, event: CameraEvent) -> Outcome:
        """Store a camera event, once."""
        ...

    def get(self, report_id: str) -> StoredReport | None:
        """The report, or None."""
        ...

    def list(self, wanted: ReportFilter) -> tuple[StoredReport, ...]:
        """The reports that fit, latest `parked_at` first."""
        ...

    def count(self, wanted: ReportFilter) -> int:
        """How many reports fit, `limit` and `offset` apart."""
        ...

    def counts(self) -> ReportCounts:
        """All reports by state and by reason of rejection."""
        ...

    def history(self, report_id: str) -> tuple[HistoryEntry, ...]:
        """The steps of a report's life, oldest first."""
        ...

    def camera_events(self, *, camera: str | None = None, limit: int = 100) -> tuple[CameraEvent, ...]:
        """Camera events, latest first."""
        ...

    def latest_at_place(
        self, *, camera: str, zone: str, box: Box, since: datetime, min_iou: float
    ) -> StoredReport | None:
        """The report last seen at `box` (IoU at least `min_iou`, 0-1) at or after `since`, or None.

        Duplicates and rejected reports are left out: a repeat is a repeat of an accusation.
        """
        ...
