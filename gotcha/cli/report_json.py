"""Reports as JSON and as CSV rows: stable names, times in ISO 8601, seconds as numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import datetime

from pipeline.report import Evidence, Report
from storage.ports import HistoryEntry, StoredReport

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

CSV_COLUMNS = (
    "id",
    "state",
    "camera",
    "zone",
    "zone_kind",
    "plate",
    "plate_accepted",
    "vehicle_class",
    "arrived_at",
    "since_start",
    "parked_at",
    "violating_at",
    "departed_at",
    "last_seen_at",
    "dwell_limit_s",
    "rejection",
    "duplicate_of",
    "note",
)


def report_json(report: Report) -> dict[str, Json]:
    """One report with all it holds."""
    return {
        "id": report.id,
        "revision": report.revision,
        "state": report.state.value,
        "camera": report.camera,
        "zone": report.zone,
        "zone_kind": report.zone_kind,
        "vehicle_id": report.vehicle_id,
        "vehicle_class": report.label.value,
        "plate": report.plate.text,
        "plate_accepted": report.plate.accepted,
        "plate_confidences": [round(value, 4) for value in report.plate.confidences],
        "plate_readings": report.plate.readings,
        "box": [round(v, 1) for v in (report.box.x1, report.box.y1, report.box.x2, report.box.y2)],
        "frame_size": [report.frame_size.width, report.frame_size.height],
        "score": round(report.score, 4),
        "arrived_at": moment_json(report.arrived_at),
        "since_start": report.since_start,
        "parked_at": moment_json(report.parked_at),
        "violating_at": moment_json(report.violating_at),
        "departed_at": moment_json(report.departed_at),
        "last_seen_at": moment_json(report.last_seen_at),
        "dwell_limit_s": report.dwell_limit_s,
        "photo_gap_s": report.photo_gap_s,
        "unread_allowed": report.unread_allowed,
        "same_view": report.same_view,
        "duplicate_of": report.duplicate_of,
        "rejection": report.rejection.value if report.rejection else None,
        "note": report.note,
        "evidence": [_evidence(item) for item in report.evidence],
    }


def stored_json(
    stored: StoredReport, history: tuple[HistoryEntry, ...] = (), *, merged_into: str | None = None
) -> dict[str, Json]:
    """One report as stored, with the state its life has come to and, where given, its history.

    `merged_into` is the report that counts in its place, where people have merged it.
    """
    found = report_json(stored.report)
    found["state"] = stored.state.value
    found["repeats"] = stored.repeats
    found["merged_into"] = merged_into
    found["last_seen_at"] = moment_json(stored.last_seen_at)
    found["stored_at"] = moment_json(stored.stored_at)
    found["updated_at"] = moment_json(stored.updated_at)
    if history:
        found["history"] = [
            {
                "revision": step.revision,
                "from": step.from_state.value if step.from_state else None,
                "to": step.to_state.value,
                "at": moment_json(step.at),
                "by": step.by,
                "why": step.why,
            }
            for step in history
        ]
    return found


def stored_csv(stored: Iterable[StoredReport], merged_into: Mapping[str, str]) -> str:
    """As `reports_csv`, with the state each has come to, its repeats, and what it was merged into, by id."""
    text = io.StringIO()
    columns = (*CSV_COLUMNS, "repeats", "merged_into")
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(stored_json(one, merged_into=merged_into.get(one.report.id)) for one in stored)
    return text.getvalue()


def reports_csv(reports: Iterable[Report]) -> str:
    """A line for each report below a line of names; what is unknown is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, CSV_COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(report_json(report) for report in reports)
    return text.getvalue()


def _evidence(item: Evidence) -> dict[str, Json]:
    return {
        "kind": item.kind.value,
        "key": item.key,
        "sha256": item.sha256,
        "media_type": item.media_type,
        "taken_at": moment_json(item.taken_at),
        "size_bytes": item.size_bytes,
    }


def moment_json(moment: datetime | None) -> str | None:
    """ISO 8601 with milliseconds and offset."""
    return moment.isoformat(timespec="milliseconds") if moment else None
