"""A row of the list of reports as its template shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pipeline.report import ReportState
from storage.report_query import ListedReport
from web.words import Words

_REVIEWED = frozenset({ReportState.FINAL.value, ReportState.EXPORTED.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRowView:
    """One row, in words: a call in a template costs ten times one out of it, and a page has fifty rows.

    Attributes:
        id: the report's.
        at, time: when it parked, for programs (ISO 8601) and for people.
        plate: as corrected, else as read; empty when it was not.
        unsure: the plate was read, but not accepted.
        camera, zone: where.
        vehicle: which kind.
        stood: how long.
        state, state_name: of its life; its name for programs.
        repeats: how many there were; empty for none.
        verdict, verdict_name: of a person; its name is None while there is none.
        merged_into, merged_id: the report that counts in its place, in words, and its id; empty for none.
    """

    id: str
    at: str
    time: str
    plate: str
    unsure: bool
    camera: str
    zone: str
    vehicle: str
    stood: str
    state: str
    state_name: str
    repeats: str
    verdict: str
    verdict_name: str | None
    merged_into: str
    merged_id: str


def row_view(
    report: ListedReport, t: Words, local: Callable[[datetime], str], merged_into: str | None
) -> ReportRowView:
    """The row of a report, in a language and in local time; `merged_into` counts in its place."""
    waiting = report.verdict is None and report.state in _REVIEWED
    verdict = "open" if waiting else report.verdict
    return ReportRowView(
        id=report.id,
        at=report.parked_at.isoformat(),
        time=local(report.parked_at),
        plate=report.plate_corrected or report.plate_text,
        unsure=not report.plate_accepted and not report.plate_corrected,
        camera=report.camera,
        zone=report.zone,
        vehicle=t(f"vehicle.{report.label}"),
        stood=t.age(((report.departed_at or report.last_seen_at) - report.arrived_at).total_seconds()),
        state=t(f"state.{report.state}"),
        state_name=report.state,
        repeats=t("reports.repeats", number=report.repeats) if report.repeats else "",
        verdict=t(f"verdict.{verdict}") if verdict else "",
        verdict_name=report.verdict,
        merged_into=t("reports.merged_into", report=merged_into[:8]) if merged_into else "",
        merged_id=merged_into or "",
    )
