"""The end of reports: rows and evidence go together, a tombstone and the history stay."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, TableClause, column, delete, func, inspect, or_, table
from sqlmodel import col, select

from pipeline.lifecycle import next_state
from pipeline.report import ReportState
from storage.chain import append_tombstone
from storage.engine import translated
from storage.evidence_keys import safe_name
from storage.tables import DoomedEvidenceRow, EvidenceRow, HistoryRow, LinkRow, ReportRow, TombstoneRow
from storage.transactions import changing, reading

_AT_ONCE = 500


# What names a report and outlives it, by table: it holds nothing personal, and the chain is proven with it.
KEPT_TABLES = frozenset({"report_history", "chain", "access_log"})


def _tables_naming_reports(engine: Engine) -> tuple[TableClause, ...]:
    """Every table with a column `report_id` but those that are kept: evidence, sightings, reviews.

    The one place that decides what goes with a report. The database is asked, so that a new table needs
    nothing here; what hangs on such rows goes with them (ON DELETE CASCADE).
    """
    schema = inspect(engine)
    return tuple(
        table(name, column("report_id"))
        for name in schema.get_table_names()
        if name not in KEPT_TABLES and any(one["name"] == "report_id" for one in schema.get_columns(name))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DueReport:
    """A report that may be kept no longer."""

    id: str
    camera: str
    state: ReportState
    stored_at: datetime
    duplicate_of: str | None


class SqlRetention:
    """Expires reports in the database, and keeps the list of evidence that has to follow them.

    Evidence cannot be deleted in the database's transaction. So the transaction that deletes the rows writes
    down the keys; they are struck off once the store has deleted them. Whatever is interrupted in between
    goes on at the next purge: no row is ever without its evidence, and no evidence is forgotten.

    All methods raise as `storage.ports.ReportStore` does.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        with translated(engine):
            self._naming = _tables_naming_reports(engine)

    def due(
        self, before: Mapping[ReportState, datetime], limit: int = _AT_ONCE, offset: int = 0
    ) -> tuple[DueReport, ...]:
        """The reports that were first stored before the moment given for their state, oldest first."""
        old = [
            (col(ReportRow.state) == state.value) & (col(ReportRow.stored_at) < moment)
            for state, moment in before.items()
        ]
        if not old:
            return ()
        query = (
            select(ReportRow)
            .where(or_(*old))
            .order_by(col(ReportRow.stored_at), col(ReportRow.id))
            .limit(limit)
            .offset(offset)
        )
        with reading(self._engine) as session:
            return tuple(
                DueReport(
                    id=row.id,
                    camera=row.camera,
                    state=ReportState(row.state),
                    stored_at=row.stored_at,
                    duplicate_of=row.duplicate_of,
                )
                for row in session.exec(query)
            )

    def count_due(self, before: Mapping[ReportState, datetime]) -> dict[ReportState, int]:
        """How many reports of each state were first stored before the moment given for it."""
        with reading(self._engine) as session:
            return {
                state: session.exec(
                    select(func.count())
                    .select_from(ReportRow)
                    .where(ReportRow.state == state.value, col(ReportRow.stored_at) < moment)
                ).one()
                for state, moment in before.items()
            }

    def expire(self, report: DueReport, *, at: datetime, by: str, why: str) -> bool:
        """End a report, in one transaction; whether it was still there and in the state it was due in.

        Raises:
            IllegalTransitionError: a report in its state cannot expire.
        """
        with changing(self._engine, report.id, report.duplicate_of) as session:
            row = session.get(ReportRow, report.id)
            if row is None or row.state != report.state.value:
                return False
            after = next_state(ReportState(row.state), ReportState.EXPIRED)
            tombstone = TombstoneRow(
                id=row.id,
                camera=row.camera,
                revision=row.revision,
                was=row.state,
                duplicate_of=row.duplicate_of,
                last_seen_at=row.own_last_seen_at,
                expired_at=at,
            )
            session.add(
                HistoryRow(
                    report_id=row.id,
                    revision=row.revision,
                    from_state=row.state,
                    to_state=after.value,
                    at=at,
                    by=by,
                    why=why,
                )
            )
            keys = set(session.exec(select(EvidenceRow.key).where(EvidenceRow.report_id == row.id)))
            for naming in self._naming:
                session.execute(delete(naming).where(naming.c.report_id == row.id))
            session.delete(row)
            session.add(tombstone)
            for key in sorted(keys):
                session.merge(DoomedEvidenceRow(key=key, since=at))
            session.flush()
            append_tombstone(session, tombstone, at=at)
            return True

    def doomed(self) -> tuple[tuple[str, datetime], ...]:
        """Keys of evidence that is to be deleted, and since when. A photo that another report still names
        is none of them: two vehicles in one picture share it.
        """
        named = select(EvidenceRow.key).where(EvidenceRow.key == DoomedEvidenceRow.key).exists()
        with reading(self._engine) as session:
            rows = session.exec(
                select(DoomedEvidenceRow).where(~named).order_by(col(DoomedEvidenceRow.key))
            ).all()
            return tuple((row.key, row.since) for row in rows)

    def strike_off(self, keys: Collection[str]) -> None:
        """These keys have been deleted."""
        with changing(self._engine) as session:
            session.execute(delete(DoomedEvidenceRow).where(col(DoomedEvidenceRow.key).in_(list(keys))))

    def unnamed(self, keys: Collection[str]) -> set[str]:
        """Those of `keys` that no report names, and that do not wait to be deleted either."""
        left = set(keys)
        with reading(self._engine) as session:
            for table in (EvidenceRow, DoomedEvidenceRow):
                named = session.exec(select(table.key).where(col(table.key).in_(list(left))))
                left -= set(named)
        return left

    def recorded_since(self) -> dict[str, datetime]:
        """When this database first stored a report of each camera, by the camera's folder of the evidence."""
        with reading(self._engine) as session:
            rows = session.exec(select(LinkRow.camera, func.min(LinkRow.at)).group_by(col(LinkRow.camera)))
            return {safe_name(camera): first for camera, first in rows}
