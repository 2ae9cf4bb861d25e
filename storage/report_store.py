"""Keeps reports in SQLite or PostgreSQL: each revision once, each step with its history."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy
from sqlalchemy import BindParameter, Engine, bindparam, delete, func, insert
from sqlmodel import Session, col, select

from pipeline.errors import StorageError
from pipeline.geometry import Box
from pipeline.lifecycle import next_state, state_with
from pipeline.report import CameraEvent, RejectionReason, Report, ReportState
from storage import report_rows, sighting_rows
from storage.chain import append_record, columns
from storage.engine import shown
from storage.ports import Applied, HistoryEntry, Outcome, ReportCounts, ReportFilter, StoredReport
from storage.report_queries import listed, matching, repeats_of, seen_at_place
from storage.reviews import refuse_withdrawn
from storage.tables import (
    EVIDENCE,
    HISTORY,
    REPORTS,
    CameraEventRow,
    EvidenceRow,
    HistoryRow,
    ReportRow,
    TombstoneRow,
)
from storage.transactions import asking, changing, keep_others_out, reading

_log = logging.getLogger(__name__)

# Made once: to put a statement together takes as long as to ask it.
_ID: BindParameter[str] = bindparam("report_id")
_REPORT = sqlalchemy.select(*REPORTS).where(REPORTS.id == _ID)
_EVIDENCE = sqlalchemy.select(*EVIDENCE).where(EVIDENCE.report_id == _ID).order_by(EVIDENCE.position)
_HISTORY = sqlalchemy.select(*HISTORY).where(HISTORY.report_id == _ID).order_by(HISTORY.id)


class SqlReportStore:
    """`storage.ports.ReportStore` on an engine of `open_database`. Threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __repr__(self) -> str:
        return f"SqlReportStore({shown(self._engine)})"

    def apply(self, report: Report, *, at: datetime, by: str) -> Applied:
        with changing(self._engine, report.id, report.duplicate_of) as session:
            row = session.get(ReportRow, report.id)
            if row is not None and report.revision <= row.revision:
                return Applied(outcome=Outcome.IGNORED, revision=row.revision, state=ReportState(row.state))
            if row is None and (expired := session.get(TombstoneRow, report.id)) is not None:
                _log.warning("revision %d of report %s came after it had expired", report.revision, report.id)
                return Applied(outcome=Outcome.IGNORED, revision=expired.revision, state=ReportState.EXPIRED)
            if row is not None and row.camera != report.camera:
                # Its links stand in the chain of the camera it was first stored with.
                raise StorageError(f"report {report.id} is of camera {row.camera}, not of {report.camera}")
            before = None if row is None else ReportState(row.state)
            after = state_with(before, report)
            named = {report.id, report.duplicate_of}
            if row is not None and row.duplicate_of not in named:
                # What it was said to repeat before has one repeat less. This lock comes out of the order:
                # should two wait for each other, the database ends one, and the queue brings it again.
                keep_others_out(session, row.duplicate_of)
                named.add(row.duplicate_of)
            if row is None:
                row = report_rows.new_row(report, state=after, at=at)
                session.add(row)
                session.flush()
            else:
                report_rows.revise(row, report, state=after, at=at)
                session.execute(delete(EvidenceRow).where(col(EvidenceRow.report_id) == report.id))
            evidence = report_rows.evidence_rows(report)
            if evidence:
                # Gives something back, so that all rows go in one statement (SQLAlchemy's insertmanyvalues).
                statement = insert(EvidenceRow).returning(col(EvidenceRow.position))
                session.execute(statement, [columns(item) for item in evidence])
            sighting_rows.keep(session, sighting_rows.sighting_of(report, row.plate_corrected))
            step = _step(report.id, report.revision, before, after, at=at, by=by, why=_why(report))
            session.add(step)
            session.flush()
            # What was just written need not be read again to be hashed.
            first = before is None
            append_record(
                session,
                row,
                at=at,
                evidence=evidence,
                history=[step] if first else None,
                reviews=[] if first else None,
            )
            for original in named - {None}:
                _count_repeats(session, str(original))
            outcome = Outcome.STORED if before is None else Outcome.UPDATED
            return Applied(outcome=outcome, revision=report.revision, state=after)

    def move(self, report_id: str, to: ReportState, *, at: datetime, by: str, why: str) -> Applied:
        with changing(self._engine, report_id) as session:
            row = session.get(ReportRow, report_id)
            if row is None:
                raise StorageError(f"there is no report {report_id}")
            before = ReportState(row.state)
            after = next_state(before, to)
            if after is ReportState.EXPORTED:
                refuse_withdrawn(report_id, row.verdict)
            row.state, row.updated_at = after.value, at
            session.add(_step(report_id, row.revision, before, after, at=at, by=by, why=why))
            session.flush()
            append_record(session, row, at=at)
            return Applied(outcome=Outcome.UPDATED, revision=row.revision, state=after)

    def apply_camera_event(self, event: CameraEvent) -> Outcome:
        with changing(self._engine, event.id) as session:
            if session.get(CameraEventRow, event.id) is not None:
                return Outcome.IGNORED
            session.add(report_rows.camera_event_row(event))
            return Outcome.STORED

    def get(self, report_id: str) -> StoredReport | None:
        wanted = {"report_id": report_id}
        with asking(self._engine) as connection:
            row = connection.execute(_REPORT, wanted).first()
            return None if row is None else report_rows.read(row, connection.execute(_EVIDENCE, wanted).all())

    def list(self, wanted: ReportFilter) -> tuple[StoredReport, ...]:
        with reading(self._engine) as session:
            return _read_all(session, session.exec(listed(wanted)).all())

    def count(self, wanted: ReportFilter) -> int:
        with reading(self._engine) as session:
            return session.exec(select(func.count()).select_from(ReportRow).where(*matching(wanted))).one()

    def counts(self) -> ReportCounts:
        with reading(self._engine) as session:
            states = session.exec(select(ReportRow.state, func.count()).group_by(col(ReportRow.state))).all()
            reasons = session.exec(
                select(ReportRow.rejection, func.count())
                .where(col(ReportRow.rejection).is_not(None))
                .group_by(col(ReportRow.rejection))
            ).all()
        return ReportCounts(
            by_state={ReportState(state): count for state, count in states},
            by_reason={RejectionReason(str(reason)): count for reason, count in reasons},
        )

    def history(self, report_id: str) -> tuple[HistoryEntry, ...]:
        with asking(self._engine) as connection:
            steps = connection.execute(_HISTORY, {"report_id": report_id})
            return tuple(report_rows.history_entry(row) for row in steps)

    def camera_events(self, *, camera: str | None = None, limit: int = 100) -> tuple[CameraEvent, ...]:
        query = select(CameraEventRow).order_by(col(CameraEventRow.at).desc(), col(CameraEventRow.id))
        if camera is not None:
            query = query.where(CameraEventRow.camera == camera)
        with reading(self._engine) as session:
            return tuple(report_rows.camera_event(row) for row in session.exec(query.limit(limit)).all())

    def latest_at_place(
        self, *, camera: str, zone: str, box: Box, since: datetime, min_iou: float
    ) -> StoredReport | None:
        with reading(self._engine) as session:
            for row in session.exec(seen_at_place(camera=camera, zone=zone, since=since)):
                if Box(x1=row.x1, y1=row.y1, x2=row.x2, y2=row.y2).iou(box) >= min_iou:
                    return _read_all(session, [row])[0]
        return None


def _step(
    report_id: str,
    revision: int,
    before: ReportState | None,
    after: ReportState,
    *,
    at: datetime,
    by: str,
    why: str,
) -> HistoryRow:
    return HistoryRow(
        report_id=report_id,
        revision=revision,
        from_state=None if before is None else before.value,
        to_state=after.value,
        at=at,
        by=by,
        why=why,
    )


def _why(report: Report) -> str:
    if report.rejection is not None:
        return f"rejected: {report.rejection.value}"
    if report.duplicate_of is not None:
        return f"repeats {report.duplicate_of}"
    return report.note


def _count_repeats(session: Session, original: str) -> None:
    # Counted anew each time, so that it is right whichever of the two arrives first, and however often.
    row = session.get(ReportRow, original)
    if row is not None:
        repeats = repeats_of(session, original)
        row.repeats = repeats.count
        row.last_seen_at = max(filter(None, (row.own_last_seen_at, repeats.last_seen_at)))


def _read_all(session: Session, rows: Sequence[ReportRow]) -> tuple[StoredReport, ...]:
    evidence: dict[str, list[EvidenceRow]] = defaultdict(list)
    ids = [row.id for row in rows]
    query = select(EvidenceRow).where(col(EvidenceRow.report_id).in_(ids)).order_by(col(EvidenceRow.position))
    for item in session.exec(query):
        evidence[item.report_id].append(item)
    return tuple(report_rows.read(row, evidence[row.id]) for row in rows)
