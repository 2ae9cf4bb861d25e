"""The table of notifications; `storage.notifications` says what its columns mean."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Column, Index, String
from sqlmodel import Field, SQLModel

from storage.columns import UtcDateTime


class NotificationRow(SQLModel, table=True):
    """One message over one channel that is to be sent, was sent, or was given up."""

    __tablename__ = "notifications"
    __table_args__ = (
        Index("ix_notifications_due_at", "due_at"),
        Index("ix_notifications_report_id", "report_id"),
    )

    id: str = Field(sa_column=Column(String(32), primary_key=True))
    channel: str = Field(sa_type=String(16))
    # Rows that name a report go with it when it expires (`storage.retention`).
    report_id: str | None = Field(default=None, sa_type=String(64))
    body: dict[str, str] = Field(sa_type=JSON)
    created_at: datetime = Field(sa_type=UtcDateTime)
    # When it is to be tried next; null once it was sent or given up.
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempts: int = 0
    error: str = ""
