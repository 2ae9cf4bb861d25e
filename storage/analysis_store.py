"""Keeps the analyses in SQLite or PostgreSQL: a row is the truth about a job, Redis only carries it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, delete, func, or_
from sqlmodel import col, select

from storage.analyses import (
    ENDED,
    Analysis,
    AnalysisFilter,
    AnalysisKind,
    AnalysisState,
    NewAnalysis,
    Progress,
    WaitingAnalysis,
)
from storage.analysis_rows import UNFINISHED, answering, end, held, new_row, read, read_all, renew
from storage.analysis_table import AnalysisRow
from storage.transactions import changing, reading

_ENDED = tuple(state.value for state in ENDED)

# What was made: a video's copy, a try-out's picture, a report's evidence pack, as their results name it.
_MADE = re.compile(r'"(?:annotated|pack)": \{"key": "([0-9a-f]{2}/[0-9a-f]{64})"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What became of a request: the analysis that answers it, and whether it is a new one."""

    analysis: Analysis
    new: bool


class AnalysisStore:
    """The analyses in the database; threads and programs may share it. Every call is one transaction.

    A worker holds an analysis by a claim that runs out unless renewed, so that nobody waits for a worker
    that was killed, and a worker that was only slow cannot end what another has taken over.

    All methods raise StorageUnavailableError when the database cannot be reached or is busy, StorageError
    when it refuses for good.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def submit(self, asked: NewAnalysis, *, at: datetime) -> Submitted:
        """Store a request; the same files with the same settings are answered by the analysis there is."""
        with changing(self._engine, asked.fingerprint) as session:
            known = answering(session, asked.fingerprint)
            if known is not None:
                return Submitted(analysis=read(known), new=False)
            row = new_row(asked, at)
            session.add(row)
            session.flush()
            return Submitted(analysis=read(row), new=True)

    def begin_again(self, analysis_id: str) -> Submitted | None:
        """Put one that failed or was cancelled back in line, as if it were new; None: there is none.

        One that was completed, or was asked for anew meanwhile, is answered as by `submit`; one that has not
        ended stays as it is.
        """
        known = self.get(analysis_id)
        if known is None:
            return None
        with changing(self._engine, analysis_id, known.asked.fingerprint) as session:
            row = session.get(AnalysisRow, analysis_id)
            if row is None:
                return None
            going = row if row.state in UNFINISHED else None
            if (answer := going or answering(session, row.fingerprint)) is not None:
                return Submitted(analysis=read(answer), new=False)
            renew(row)
            session.add(row)
            session.flush()
            return Submitted(analysis=read(row), new=True)

    def get(self, analysis_id: str) -> Analysis | None:
        """The analysis, or None."""
        with reading(self._engine) as session:
            row = session.get(AnalysisRow, analysis_id)
            return None if row is None else read(row)

    def list(self, wanted: AnalysisFilter) -> tuple[Analysis, ...]:
        """The analyses that fit, newest first."""
        query = select(AnalysisRow).order_by(col(AnalysisRow.created_at).desc(), col(AnalysisRow.id))
        for column, values in ((AnalysisRow.kind, wanted.kinds), (AnalysisRow.state, wanted.states)):
            if values:
                query = query.where(col(column).in_([value.value for value in values]))
        if wanted.camera is not None:
            query = query.where(AnalysisRow.camera == wanted.camera)
        if wanted.owner is not None:
            query = query.where(AnalysisRow.owner == wanted.owner)
        if wanted.seen_by is not None:
            theirs = col(AnalysisRow.camera).in_(sorted(wanted.seen_by.cameras))
            query = query.where(or_(col(AnalysisRow.owner) == wanted.seen_by.name, theirs))
        if wanted.report_id is not None:
            query = query.where(AnalysisRow.report_id == wanted.report_id)
        with reading(self._engine) as session:
            return read_all(session.exec(query.limit(wanted.limit).offset(wanted.offset)).all())

    def begin(self, analysis_id: str, *, claim: str, at: datetime, until: datetime) -> Analysis | None:
        """Take an analysis to work on; None when it has ended, is gone or is held by a living claim.

        Args:
            analysis_id: which.
            claim: names this try; no two tries have the same.
            at: now, aware UTC.
            until: when the claim runs out unless renewed.
        """
        with changing(self._engine, analysis_id) as session:
            row = session.get(AnalysisRow, analysis_id)
            if row is None or row.state in _ENDED:
                return None
            if row.claimed_until is not None and row.claimed_until > at:
                return None
            if row.cancel_asked:
                row.error = ""
                end(row, AnalysisState.CANCELLED, at)
                return None
            row.state, row.claim, row.claimed_until = AnalysisState.PROCESSING.value, claim, until
            row.started_at = row.started_at or at
            row.error = ""
            row.attempts += 1
            session.add(row)
            session.flush()
            return read(row)

    def renew(
        self, analysis_id: str, *, claim: str, until: datetime, progress: Progress
    ) -> AnalysisState | None:
        """Go on holding an analysis and say how far it is.

        Returns:
            PROCESSING: go on. CANCELLED: somebody wants it ended. None: another holds it, or it is gone.
        """
        with changing(self._engine, analysis_id) as session:
            row = held(session, analysis_id, claim)
            if row is None:
                return None
            row.claimed_until = until
            row.done_s, row.whole_s = progress.done_s, progress.whole_s
            row.remaining_s = progress.remaining_s
            return AnalysisState.CANCELLED if row.cancel_asked else AnalysisState.PROCESSING

    def complete(
        self, analysis_id: str, *, claim: str, at: datetime, result: str, whole_s: float = 0.0
    ) -> bool:
        """End it with its result; False when another holds it: nothing is changed.

        `whole_s` is how much there was to do: a short one ends before it was ever renewed.
        """
        with changing(self._engine, analysis_id) as session:
            row = held(session, analysis_id, claim)
            if row is None:
                return False
            row.result = result
            row.done_s = row.whole_s = max(row.whole_s, whole_s)
            end(row, AnalysisState.COMPLETED, at)
            return True

    def fail(
        self, analysis_id: str, *, claim: str, at: datetime, error: str, waited_since: datetime | None = None
    ) -> bool:
        """End it as failed, for a reason in one sentence; False as for `complete`.

        `waited_since` is since when it waited for what did not come back, where that is the reason.
        """
        with changing(self._engine, analysis_id) as session:
            row = held(session, analysis_id, claim)
            if row is None:
                return False
            row.error, row.waiting_since = error, waited_since
            end(row, AnalysisState.FAILED, at)
            return True

    def cancelled(self, analysis_id: str, *, claim: str, at: datetime) -> bool:
        """End it as cancelled; False as for `complete`."""
        with changing(self._engine, analysis_id) as session:
            row = held(session, analysis_id, claim)
            if row is None:
                return False
            end(row, AnalysisState.CANCELLED, at)
            return True

    def release(
        self,
        analysis_id: str,
        *,
        claim: str,
        not_before: datetime | None = None,
        why: str = "",
        waiting_since: datetime | None = None,
    ) -> bool:
        """Put it back in line, as if this try had not been: the worker stops, or something was away.

        Args:
            analysis_id: which.
            claim: the try's.
            not_before: nobody begins it again before, aware UTC; None is at once.
            why: what it waits for, one sentence, shown until it is begun again.
            waiting_since: since when it waits for that, aware UTC; None leaves what was said before.
        """
        with changing(self._engine, analysis_id) as session:
            row = held(session, analysis_id, claim)
            if row is None:
                return False
            row.state, row.claim = AnalysisState.QUEUED.value, None
            # Who wants its end shall not wait with it: the next to begin it ends it.
            row.claimed_until = None if row.cancel_asked else not_before
            row.error, row.waiting_since = why, waiting_since or row.waiting_since
            row.attempts -= 1
            return True

    def ask_to_cancel(self, analysis_id: str, *, at: datetime) -> Analysis | None:
        """End it if it waits, let its worker know if it runs, leave it if it has ended; None: no such one."""
        with changing(self._engine, analysis_id) as session:
            row = session.get(AnalysisRow, analysis_id)
            if row is None:
                return None
            if row.state == AnalysisState.QUEUED.value:
                row.error = ""
                end(row, AnalysisState.CANCELLED, at)
            elif row.state == AnalysisState.PROCESSING.value:
                row.cancel_asked = True
            session.flush()
            return read(row)

    def waiting(
        self, *, created_before: datetime, now: datetime, limit: int = 1000
    ) -> tuple[WaitingAnalysis, ...]:
        """Analyses that somebody should work on and nobody does, oldest first.

        Args:
            created_before: younger ones are only just being queued.
            now: claims that ran out before it hold nothing.
            limit: how many at most.
        """
        with reading(self._engine) as session:
            found = session.exec(
                select(AnalysisRow.id, AnalysisRow.kind)
                .where(
                    col(AnalysisRow.state).in_(UNFINISHED),
                    col(AnalysisRow.created_at) < created_before,
                    or_(col(AnalysisRow.claimed_until).is_(None), col(AnalysisRow.claimed_until) <= now),
                )
                .order_by(col(AnalysisRow.created_at))
                .limit(limit)
            )
            return tuple(WaitingAnalysis(id=one, kind=AnalysisKind(kind)) for one, kind in found)

    def unfinished(self) -> int:
        """How many wait or are worked on."""
        with reading(self._engine) as session:
            return session.exec(
                select(func.count()).select_from(AnalysisRow).where(col(AnalysisRow.state).in_(UNFINISHED))
            ).one()

    def oldest_unfinished(self, kind: AnalysisKind) -> datetime | None:
        """When the oldest of a kind that has not ended was asked for, aware UTC; None: there is none."""
        with reading(self._engine) as session:
            oldest = select(func.min(AnalysisRow.created_at)).where(
                AnalysisRow.kind == kind.value, col(AnalysisRow.state).in_(UNFINISHED)
            )
            return session.exec(oldest).one()

    def upload_keys(self) -> frozenset[str]:
        """The keys of all files that a stored analysis names: what was sent, and copies made of it."""
        with reading(self._engine) as session:
            sent = session.exec(select(AnalysisRow.files)).all()
            made = session.exec(
                select(AnalysisRow.result).where(
                    or_(
                        col(AnalysisRow.result).startswith('{"annotated":'),
                        col(AnalysisRow.kind).in_((AnalysisKind.DETECT.value, AnalysisKind.EXPORT.value)),
                    )
                )
            ).all()
        keys = {str(file["key"]) for files in sent for file in files}
        return frozenset(keys.union(*(_MADE.findall(result) for result in made if result)))

    def forget(self, *, ended_before: datetime) -> int:
        """Delete analyses that ended before; how many."""
        with changing(self._engine) as session:
            done = session.execute(
                delete(AnalysisRow).where(
                    col(AnalysisRow.state).in_(_ENDED), col(AnalysisRow.ended_at) < ended_before
                )
            )
            return int(getattr(done, "rowcount", 0))
