"""How many reports there were, for the overview."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine, func
from sqlmodel import col, select

from pipeline.report import ReportState
from storage.tables import ReportRow
from storage.transactions import reading


class ReportTally:
    """Counts of reports; raises as `storage.ports.ReportStore` does. Threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def by_state(self, *, since: datetime, cameras: frozenset[str] | None) -> Mapping[ReportState, int]:
        """Reports of vehicles that were confirmed at or after `since` (aware UTC), by state.

        Args:
            since: the begin.
            cameras: names of the cameras that count; None is all.
        """
        query = select(ReportRow.state, func.count()).where(col(ReportRow.parked_at) >= since)
        if cameras is not None:
            query = query.where(col(ReportRow.camera).in_(sorted(cameras)))
        with reading(self._engine) as session:
            found = session.exec(query.group_by(col(ReportRow.state))).all()
        return {ReportState(state): count for state, count in found}
