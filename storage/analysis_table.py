"""The table of the analyses; `storage.analysis_store` says what its columns mean."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, Column, Index, String
from sqlmodel import Field, SQLModel

from storage.columns import UtcDateTime


class AnalysisRow(SQLModel, table=True):
    """One file or group of files that is, will be or was analysed."""

    __tablename__ = "analyses"
    __table_args__ = (
        CheckConstraint("attempts >= 0", name="ck_analyses_attempts"),
        CheckConstraint("(state = 'completed') = (result IS NOT NULL)", name="ck_analyses_result"),
        Index("ix_analyses_state", "state"),
        Index("ix_analyses_fingerprint", "fingerprint"),
        Index("ix_analyses_created_at", "created_at"),
        Index("ix_analyses_report_id", "report_id"),
    )

    id: str = Field(sa_column=Column(String(32), primary_key=True))
    kind: str = Field(sa_type=String(16))
    state: str = Field(sa_type=String(16))
    fingerprint: str = Field(sa_type=String(64))
    files: list[dict[str, str | int]] = Field(sa_type=JSON)
    settings: dict[str, str] = Field(sa_type=JSON)
    camera: str | None = None
    source: str = Field(sa_type=String(16))
    owner: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    claim: str | None = Field(default=None, sa_type=String(64))
    claimed_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    waiting_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempts: int = 0
    cancel_asked: bool = False
    done_s: float = 0.0
    whole_s: float = 0.0
    remaining_s: float | None = None
    error: str = ""
    result: str | None = None
    # Rows that name a report go with it when it expires (`storage.retention`).
    report_id: str | None = Field(default=None, sa_type=String(64))
