"""The way of a request for an evidence pack: checked, stored as an analysis of its report, and queued."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from jobs.analysis_queue import AnalysisQueue
from pipeline.errors import IllegalTransitionError
from pipeline.lifecycle import next_state
from pipeline.report import ReportState
from storage.analyses import Analysis, AnalysisFilter, AnalysisKind, AnalysisSource, NewAnalysis
from storage.analysis_store import AnalysisStore, Submitted
from storage.ports import StoredReport
from storage.reviews import SqlReviews, refuse_withdrawn

CLIPS, WHY = "clips", "why"
_SAYS = "says"
YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportWish:
    """What somebody wants.

    Attributes:
        by: who; goes into the history and into the pack.
        clips: whether its clips go with it.
        why: what for; goes into the history and the access log.
        source: the entrance it came by.
    """

    by: str
    clips: bool = True
    why: str = ""
    source: AnalysisSource = AnalysisSource.HTTP


class ExportIntake:
    """Asks for packs, and finds those that were made. Threads may share it.

    Args:
        queue: stores and queues; the database is the truth, so that an emptied Redis loses no request.
        analyses: what was asked for so far.
        reviews: what people said of the reports.
    """

    def __init__(self, queue: AnalysisQueue, analyses: AnalysisStore, reviews: SqlReviews) -> None:
        self._queue = queue
        self._analyses = analyses
        self._reviews = reviews

    def ask(self, stored: StoredReport, wish: ExportWish) -> Submitted:
        """Have a report's pack made; while nothing it would say has changed, the pack there is answers.

        Raises:
            IllegalTransitionError: the report is not final, or a person has rejected or merged it.
            StorageError: the database does not take it.
        """
        self.check(stored)
        return self._queue.submit(
            NewAnalysis(
                id=secrets.token_hex(16),
                kind=AnalysisKind.EXPORT,
                files=(),
                settings=self._settings(stored, clips=wish.clips, why=wish.why.strip()),
                camera=stored.report.camera,
                source=wish.source,
                owner=wish.by,
                report_id=stored.report.id,
            )
        )

    def check(self, stored: StoredReport) -> None:
        """Whether the report may leave the house, in a pack made earlier too; raises as `ask`."""
        next_state(stored.state, ReportState.EXPORTED)
        report_id = stored.report.id
        reviewed = self._reviews.current(report_id)
        if reviewed is not None and reviewed.verdict is not None:
            counts = self._reviews.merged_into([report_id]).get(report_id)
            refuse_withdrawn(report_id, reviewed.verdict, counts)

    def may_leave(self, stored: StoredReport) -> bool:
        """`check` as an answer."""
        try:
            self.check(stored)
        except IllegalTransitionError:
            return False
        return True

    def newest(self, report_id: str) -> Analysis | None:
        """The pack that was asked for last, or None."""
        wanted = AnalysisFilter(kinds=frozenset({AnalysisKind.EXPORT}), report_id=report_id, limit=1)
        return next(iter(self._analyses.list(wanted)), None)

    def get(self, report_id: str, export_id: str) -> Analysis | None:
        """A pack of this report, or None: also where the id is another report's or no pack's."""
        found = self._analyses.get(export_id)
        if found is None or found.asked.kind is not AnalysisKind.EXPORT:
            return None
        return found if found.asked.report_id == report_id else None

    def is_current(self, stored: StoredReport, export: Analysis) -> bool:
        """Whether a pack says what a new one would say."""
        return export.asked.settings.get(_SAYS) == self._says(stored)

    def _settings(self, stored: StoredReport, *, clips: bool, why: str) -> Mapping[str, str]:
        return {_SAYS: self._says(stored), CLIPS: YES if clips else NO, WHY: why}

    def _says(self, stored: StoredReport) -> str:
        """SHA-256 of what changes a pack; that it was exported before is none of it."""
        report_id = stored.report.id
        reviewed = self._reviews.current(report_id)
        parts = (
            stored.report.revision,
            stored.repeats,
            stored.last_seen_at.isoformat(),
            None if reviewed is None or reviewed.verdict is None else reviewed.verdict.value,
            None if reviewed is None else reviewed.plate,
        )
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()
