"""Finds the reports that wait for a second photo, and those that hold a photo already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from pipeline.photo_report import PHOTO_VEHICLE
from pipeline.report import Report, ReportState
from storage import report_rows
from storage.tables import EvidenceRow, ReportRow
from storage.transactions import reading

# More photos of one zone are not looked through for a partner, and no more are given up at once.
_MOST = 300


class PhotoWaits:
    """Reads the temporary reports of single photos. Threads may share it.

    Methods raise StorageUnavailableError when the database does not answer now.

    Args:
        engine: of `storage.database.open_database`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def waiting(self, *, camera: str, zone: str, since: datetime, until: datetime) -> tuple[Report, ...]:
        """Those of a zone whose photo was taken between two moments, aware UTC."""
        with reading(self._engine) as session:
            rows = session.exec(
                select(ReportRow)
                .where(
                    *_WAITS,
                    col(ReportRow.camera) == camera,
                    col(ReportRow.zone) == zone,
                    col(ReportRow.parked_at) >= since,
                    col(ReportRow.parked_at) <= until,
                )
                .order_by(col(ReportRow.parked_at).desc(), col(ReportRow.id))
                .limit(_MOST)
            ).all()
            return _reports(session, rows)

    def overdue(self, *, stored_before: datetime) -> tuple[Report, ...]:
        """Those that were stored before a moment, aware UTC, oldest first."""
        with reading(self._engine) as session:
            rows = session.exec(
                select(ReportRow)
                .where(*_WAITS, col(ReportRow.stored_at) < stored_before)
                .order_by(col(ReportRow.stored_at), col(ReportRow.id))
                .limit(_MOST)
            ).all()
            return _reports(session, rows)

    def with_photo(self, *, camera: str, sha256: str) -> tuple[Report, ...]:
        """The reports of a camera, in whatever state, that hold the picture with this hash as evidence."""
        with reading(self._engine) as session:
            rows = session.exec(
                select(ReportRow)
                .where(
                    col(ReportRow.camera) == camera,
                    col(ReportRow.vehicle_id).startswith(PHOTO_VEHICLE),
                    col(ReportRow.id).in_(
                        select(EvidenceRow.report_id).where(EvidenceRow.sha256 == sha256).distinct()
                    ),
                )
                .order_by(col(ReportRow.id))
            ).all()
            return _reports(session, rows)


_WAITS = (
    col(ReportRow.state) == ReportState.TEMPORARY.value,
    col(ReportRow.vehicle_id).startswith(PHOTO_VEHICLE),
)


def _reports(session: Session, rows: Sequence[ReportRow]) -> tuple[Report, ...]:
    evidence: dict[str, list[EvidenceRow]] = defaultdict(list)
    query = select(EvidenceRow).where(col(EvidenceRow.report_id).in_([row.id for row in rows]))
    for item in session.exec(query.order_by(col(EvidenceRow.position))):
        evidence[item.report_id].append(item)
    return tuple(report_rows.read(row, evidence[row.id]).report for row in rows)
