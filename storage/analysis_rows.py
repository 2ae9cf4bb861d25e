"""Between the values of an analysis and its row, and what rows are found and changed by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, and_, col, or_, select

from storage.analyses import (
    Analysis,
    AnalysisKind,
    AnalysisSource,
    AnalysisState,
    NewAnalysis,
    Progress,
    UploadedFile,
)
from storage.analysis_table import AnalysisRow

UNFINISHED = (AnalysisState.QUEUED.value, AnalysisState.PROCESSING.value)


def new_row(asked: NewAnalysis, at: datetime) -> AnalysisRow:
    """The row of a request that was just made."""
    return AnalysisRow(
        id=asked.id,
        kind=asked.kind.value,
        state=AnalysisState.QUEUED.value,
        fingerprint=asked.fingerprint,
        files=[
            {
                "key": file.key,
                "sha256": file.sha256,
                "name": file.name,
                "media_type": file.media_type,
                "size_bytes": file.size_bytes,
            }
            for file in asked.files
        ],
        settings=dict(asked.settings),
        camera=asked.camera,
        source=asked.source.value,
        owner=asked.owner,
        report_id=asked.report_id,
        created_at=at,
    )


def read_all(rows: Sequence[AnalysisRow]) -> tuple[Analysis, ...]:
    """The analyses of rows, in their order."""
    return tuple(read(row) for row in rows)


def read(row: AnalysisRow) -> Analysis:
    """The analysis of a row."""
    return Analysis(
        asked=NewAnalysis(
            id=row.id,
            kind=AnalysisKind(row.kind),
            files=tuple(
                UploadedFile(
                    key=str(file["key"]),
                    sha256=str(file["sha256"]),
                    name=str(file["name"]),
                    media_type=str(file["media_type"]),
                    size_bytes=int(file["size_bytes"]),
                )
                for file in row.files
            ),
            settings=dict(row.settings),
            camera=row.camera,
            source=AnalysisSource(row.source),
            owner=row.owner,
            report_id=row.report_id,
        ),
        state=AnalysisState(row.state),
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        waiting_since=row.waiting_since,
        attempts=row.attempts,
        cancel_asked=row.cancel_asked,
        progress=Progress(done_s=row.done_s, whole_s=row.whole_s, remaining_s=row.remaining_s),
        error=row.error,
        result=row.result,
    )


def answering(session: Session, fingerprint: str) -> AnalysisRow | None:
    """The row that answers a request: the first of its kind that has not ended in vain, nor is about to."""
    going = and_(col(AnalysisRow.state).in_(UNFINISHED), col(AnalysisRow.cancel_asked).is_(False))
    done = col(AnalysisRow.state) == AnalysisState.COMPLETED.value
    return session.exec(
        select(AnalysisRow)
        .where(AnalysisRow.fingerprint == fingerprint, or_(going, done))
        .order_by(col(AnalysisRow.created_at))
    ).first()


def held(session: Session, analysis_id: str, claim: str) -> AnalysisRow | None:
    """The row, while it is worked on by the try that `claim` names."""
    row = session.get(AnalysisRow, analysis_id)
    if row is None or row.state != AnalysisState.PROCESSING.value or row.claim != claim:
        return None
    session.add(row)
    return row


def end(row: AnalysisRow, state: AnalysisState, at: datetime) -> None:
    """Let it have ended; nobody holds it any more."""
    row.state, row.ended_at = state.value, at
    row.claim, row.claimed_until, row.remaining_s = None, None, None


def renew(row: AnalysisRow) -> None:
    """Let it be as it was when it was asked for."""
    row.state, row.error, row.attempts, row.cancel_asked = AnalysisState.QUEUED.value, "", 0, False
    row.started_at = row.ended_at = row.waiting_since = None
    row.done_s = row.whole_s = 0.0
