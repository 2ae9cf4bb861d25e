"""Who was accused at a camera before: what a new accusation is compared with."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from pipeline.repeats import ReportedVehicle, reported_vehicle
from pipeline.report import Report, ReportState
from storage import report_rows
from storage.engine import translated
from storage.tables import EvidenceRow, ReportRow

# More accusations than this of one camera within one window are not looked through.
_MOST = 200


class PlaceHistory:
    """Reads the accusations of a camera. Threads may share it.

    Args:
        engine: of `storage.database.open_database`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def accusations_near(self, report: Report, window: timedelta) -> tuple[ReportedVehicle, ...]:
        """The vehicles accused at the camera of `report` within `window` of its time, last seen first.

        Whichever was first: a report that waited on a disk may arrive after one that happened later. The
        window is counted as `pipeline.repeats.Repeats` counts it, from last sight to last sight.

        Raises:
            StorageUnavailableError: the database does not answer now.
        """
        query = (
            select(ReportRow)
            .where(
                col(ReportRow.camera) == report.camera,
                col(ReportRow.id) != report.id,
                col(ReportRow.judged_state) == ReportState.FINAL.value,
                col(ReportRow.last_seen_at) >= report.last_seen_at - window,
                col(ReportRow.parked_at) <= report.last_seen_at + window,
            )
            .order_by(col(ReportRow.last_seen_at).desc(), col(ReportRow.id))
            .limit(_MOST)
        )
        with translated(self._engine), Session(self._engine, expire_on_commit=False) as session:
            rows = [row for row in session.exec(query) if _at_place(row, report)]
            evidence: dict[str, list[EvidenceRow]] = defaultdict(list)
            ids = [row.id for row in rows]
            for item in session.exec(select(EvidenceRow).where(col(EvidenceRow.report_id).in_(ids))):
                evidence[item.report_id].append(item)
            stored = [report_rows.read(row, evidence[row.id]) for row in rows]
        return tuple(reported_vehicle(one.report, last_seen_at=one.last_seen_at) for one in stored)


def _at_place(row: ReportRow, report: Report) -> bool:
    """Whether the two boxes touch at all: the judgement looks closer."""
    x, y = report.frame_size.width / row.frame_width, report.frame_size.height / row.frame_height
    box = report.box
    return row.x1 * x < box.x2 and box.x1 < row.x2 * x and row.y1 * y < box.y2 and box.y1 < row.y2 * y
