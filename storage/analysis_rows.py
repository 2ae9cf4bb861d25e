"""Between the values of an analysis and its row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

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
        attempts=row.attempts,
        cancel_asked=row.cancel_asked,
        progress=Progress(done_s=row.done_s, whole_s=row.whole_s, remaining_s=row.remaining_s),
        error=row.error,
        result=row.result,
    )
