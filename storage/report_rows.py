"""Between the values of `pipeline.report` and the rows of `storage.tables`, both ways."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from pipeline.detection import ObjectClass
from pipeline.geometry import Box, Size
from pipeline.plate import PlateText
from pipeline.report import (
    CameraCondition,
    CameraEvent,
    Evidence,
    EvidenceKind,
    RejectionReason,
    Report,
    ReportState,
)
from storage.ports import HistoryEntry, StoredReport
from storage.tables import CameraEventRow, EvidenceRow, ReportRow

# What a later revision does not change: it comes from elsewhere.
_KEPT = frozenset({"id", "stored_at", "repeats", "verdict", "plate_corrected"})


def new_row(report: Report, *, state: ReportState, at: datetime) -> ReportRow:
    """The row of a report that is stored for the first time, at `at`."""
    return ReportRow(
        id=report.id,
        revision=report.revision,
        state=state.value,
        judged_state=report.state.value,
        camera=report.camera,
        zone=report.zone,
        zone_kind=report.zone_kind,
        vehicle_id=report.vehicle_id,
        label=report.label.value,
        x1=report.box.x1,
        y1=report.box.y1,
        x2=report.box.x2,
        y2=report.box.y2,
        frame_width=report.frame_size.width,
        frame_height=report.frame_size.height,
        score=report.score,
        arrived_at=report.arrived_at,
        since_start=report.since_start,
        parked_at=report.parked_at,
        violating_at=report.violating_at,
        departed_at=report.departed_at,
        own_last_seen_at=report.last_seen_at,
        last_seen_at=report.last_seen_at,
        dwell_limit_s=report.dwell_limit_s,
        plate_text=report.plate.text,
        plate_confidences=list(report.plate.confidences),
        plate_accepted=report.plate.accepted,
        plate_readings=report.plate.readings,
        same_view=report.same_view,
        duplicate_of=report.duplicate_of,
        rejection=None if report.rejection is None else report.rejection.value,
        note=report.note,
        stored_at=at,
        updated_at=at,
        photo_gap_s=report.photo_gap_s,
        unread_allowed=report.unread_allowed,
        plate_tail=report.plate.text[-4:],
    )


def revise(row: ReportRow, report: Report, *, state: ReportState, at: datetime) -> None:
    """Bring `row` to a later revision; when it was first stored and its repeats stay."""
    newer = new_row(report, state=state, at=at)
    for name in ReportRow.model_fields.keys() - _KEPT:
        setattr(row, name, getattr(newer, name))


def evidence_rows(report: Report) -> list[EvidenceRow]:
    """The rows of the report's evidence, in its order."""
    return [
        EvidenceRow(
            report_id=report.id,
            position=position,
            kind=item.kind.value,
            key=item.key,
            sha256=item.sha256,
            media_type=item.media_type,
            taken_at=item.taken_at,
            size_bytes=item.size_bytes,
        )
        for position, item in enumerate(report.evidence)
    ]


def read(row: ReportRow | Row[Any], evidence: Sequence[EvidenceRow | Row[Any]]) -> StoredReport:
    """The stored report of a row and its evidence (in order)."""
    report = Report(
        id=row.id,
        revision=row.revision,
        state=ReportState(row.judged_state),
        camera=row.camera,
        zone=row.zone,
        zone_kind=row.zone_kind,
        vehicle_id=row.vehicle_id,
        label=ObjectClass(row.label),
        box=Box(x1=row.x1, y1=row.y1, x2=row.x2, y2=row.y2),
        frame_size=Size(width=row.frame_width, height=row.frame_height),
        score=row.score,
        arrived_at=row.arrived_at,
        since_start=row.since_start,
        parked_at=row.parked_at,
        violating_at=row.violating_at,
        departed_at=row.departed_at,
        last_seen_at=row.own_last_seen_at,
        dwell_limit_s=row.dwell_limit_s,
        plate=PlateText(
            text=row.plate_text,
            confidences=tuple(row.plate_confidences),
            accepted=row.plate_accepted,
            readings=row.plate_readings,
        ),
        evidence=tuple(_evidence(item) for item in evidence),
        same_view=row.same_view,
        duplicate_of=row.duplicate_of,
        rejection=None if row.rejection is None else RejectionReason(row.rejection),
        note=row.note,
        photo_gap_s=row.photo_gap_s,
        unread_allowed=row.unread_allowed,
    )
    return StoredReport(
        report=report,
        state=ReportState(row.state),
        repeats=row.repeats,
        last_seen_at=row.last_seen_at,
        stored_at=row.stored_at,
        updated_at=row.updated_at,
    )


def _evidence(row: EvidenceRow | Row[Any]) -> Evidence:
    return Evidence(
        kind=EvidenceKind(row.kind),
        key=row.key,
        sha256=row.sha256,
        media_type=row.media_type,
        taken_at=row.taken_at,
        size_bytes=row.size_bytes,
    )


def history_entry(row: Row[Any]) -> HistoryEntry:
    """The history entry of a row."""
    return HistoryEntry(
        report_id=row.report_id,
        revision=row.revision,
        from_state=None if row.from_state is None else ReportState(row.from_state),
        to_state=ReportState(row.to_state),
        at=row.at,
        by=row.by,
        why=row.why,
    )


def camera_event_row(event: CameraEvent) -> CameraEventRow:
    """The row of a camera event."""
    return CameraEventRow(
        id=event.id, camera=event.camera, condition=event.condition.value, at=event.at, text=event.text
    )


def camera_event(row: CameraEventRow) -> CameraEvent:
    """The camera event of a row."""
    return CameraEvent(
        id=row.id, camera=row.camera, condition=CameraCondition(row.condition), at=row.at, text=row.text
    )
