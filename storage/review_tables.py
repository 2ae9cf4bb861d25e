"""The table of what people say of reports. A change here needs a migration in `storage/migrations`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index, Integer, String
from sqlmodel import Field, SQLModel

from storage.columns import UtcDateTime


class ReviewRow(SQLModel, table=True):
    """One step of a review. Steps are added, never changed; the last of a kind counts.

    `was` and `becomes` are the plate before and after a correction, or the report that a merged one repeats.
    They go with their report when it expires (`storage.retention`): plates and reasons are personal. So
    statistics count what people said of the reports that are kept.
    """

    __tablename__ = "reviews"
    __table_args__ = (
        Index("ix_reviews_report_id", "report_id"),
        Index("ix_reviews_step", "step", "at"),
    )

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    report_id: str = Field(sa_type=String(64))
    step: str = Field(sa_type=String(16))
    reason: str
    was: str | None = None
    becomes: str | None = None
    by: str
    at: datetime = Field(sa_type=UtcDateTime)


# See `storage.tables.REPORTS`.
REVIEWS = SQLModel.metadata.tables["reviews"].c
