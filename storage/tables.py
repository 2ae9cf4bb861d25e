"""The tables. A change here needs a migration in `storage/migrations`; a test compares the two."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, String
from sqlmodel import Field, SQLModel

from storage.columns import UtcDateTime


class ReportRow(SQLModel, table=True):
    """One report as its newest revision says, the state its life has come to, and what people say of it.

    `judged_state` is the state the judgement sent; `state` goes on from there (exported, expired).
    `verdict` and `plate_corrected` are the last words of `reviews`; null is none. `plate_tail` are the last
    four characters of the plate, which people remember and look for.
    `repeats` counts the duplicates that name this report; `last_seen_at` includes their sightings.
    """

    __tablename__ = "reports"
    __table_args__ = (
        CheckConstraint("revision >= 1", name="ck_reports_revision"),
        CheckConstraint("(judged_state = 'rejected') = (rejection IS NOT NULL)", name="ck_reports_rejection"),
        CheckConstraint(
            "(judged_state = 'duplicate') = (duplicate_of IS NOT NULL)", name="ck_reports_duplicate_of"
        ),
        Index("ix_reports_place", "camera", "zone", "last_seen_at"),
        Index("ix_reports_plate_text", "plate_text", postgresql_ops={"plate_text": "text_pattern_ops"}),
        Index("ix_reports_duplicate_of", "duplicate_of"),
        Index("ix_reports_newest", "parked_at", "id"),
        Index("ix_reports_of_state", "state", "parked_at", "id"),
        Index("ix_reports_of_camera", "camera", "parked_at", "id"),
        Index("ix_reports_of_zone", "zone", "parked_at", "id"),
        Index("ix_reports_to_review", "verdict", "state", "parked_at", "id"),
        Index("ix_reports_plate_tail", "plate_tail"),
        Index("ix_reports_plate_corrected", "plate_corrected"),
    )

    id: str = Field(sa_column=Column(String(64), primary_key=True))
    revision: int
    state: str = Field(sa_type=String(16))
    judged_state: str = Field(sa_type=String(16))
    camera: str
    zone: str
    zone_kind: str
    vehicle_id: str
    label: str
    x1: float
    y1: float
    x2: float
    y2: float
    frame_width: int
    frame_height: int
    score: float
    arrived_at: datetime = Field(sa_type=UtcDateTime)
    since_start: bool
    parked_at: datetime = Field(sa_type=UtcDateTime)
    violating_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    departed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    own_last_seen_at: datetime = Field(sa_type=UtcDateTime)
    last_seen_at: datetime = Field(sa_type=UtcDateTime)
    dwell_limit_s: float
    plate_text: str
    plate_confidences: list[float] = Field(sa_type=JSON)
    plate_accepted: bool
    plate_readings: int
    same_view: float | None = None
    duplicate_of: str | None = Field(default=None, sa_type=String(64))
    rejection: str | None = Field(default=None, sa_type=String(32))
    note: str
    repeats: int = 0
    stored_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    photo_gap_s: float | None = None
    unread_allowed: bool | None = None
    plate_tail: str = Field(default="", sa_type=String(4))
    verdict: str | None = Field(default=None, sa_type=String(16))
    plate_corrected: str | None = None


# Its columns for questions whose answers are no objects: those cost several times as much.
REPORTS = SQLModel.metadata.tables["reports"].c


class EvidenceRow(SQLModel, table=True):
    """One piece of evidence of a report, in the report's order."""

    __tablename__ = "evidence"
    __table_args__ = (Index("ix_evidence_key", "key"),)

    report_id: str = Field(sa_column=Column(String(64), ForeignKey("reports.id"), primary_key=True))
    position: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    kind: str = Field(sa_type=String(32))
    key: str
    sha256: str = Field(sa_type=String(64))
    media_type: str
    taken_at: datetime = Field(sa_type=UtcDateTime)
    size_bytes: int = Field(sa_type=BigInteger)


EVIDENCE = SQLModel.metadata.tables["evidence"].c


class HistoryRow(SQLModel, table=True):
    """One step of a report's life. The database refuses to change or delete it (triggers).

    No foreign key: the history of a report outlives the report.
    """

    __tablename__ = "report_history"
    __table_args__ = (Index("ix_report_history_report_id", "report_id"),)

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    report_id: str = Field(sa_type=String(64))
    revision: int
    from_state: str | None = Field(default=None, sa_type=String(16))
    to_state: str = Field(sa_type=String(16))
    at: datetime = Field(sa_type=UtcDateTime)
    by: str
    why: str


HISTORY = SQLModel.metadata.tables["report_history"].c


class CameraEventRow(SQLModel, table=True):
    """A camera's view changed or came back."""

    __tablename__ = "camera_events"
    __table_args__ = (Index("ix_camera_events_camera_at", "camera", "at"),)

    id: str = Field(sa_column=Column(String(64), primary_key=True))
    camera: str
    condition: str = Field(sa_type=String(16))
    at: datetime = Field(sa_type=UtcDateTime)
    text: str


class LinkRow(SQLModel, table=True):
    """One link of a camera's chain: what was stored, and the link before it, as hashes (`storage.chain`).

    The database refuses to change or delete it (triggers). It holds nothing personal and outlives the report.
    """

    __tablename__ = "chain"
    __table_args__ = (Index("ix_chain_report_id", "report_id"),)

    camera: str = Field(sa_column=Column(String, primary_key=True))
    position: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    kind: str = Field(sa_type=String(16))
    report_id: str = Field(sa_type=String(64))
    revision: int
    at: datetime = Field(sa_type=UtcDateTime)
    record_sha256: str = Field(sa_type=String(64))
    previous_sha256: str = Field(sa_type=String(64))
    link_sha256: str = Field(sa_type=String(64))


class TombstoneRow(SQLModel, table=True):
    """What is left of a report that has expired: that it was there, and nothing personal.

    `duplicate_of` and `last_seen_at` keep the count of the report it repeated right.
    """

    __tablename__ = "tombstones"
    __table_args__ = (Index("ix_tombstones_duplicate_of", "duplicate_of"),)

    id: str = Field(sa_column=Column(String(64), primary_key=True))
    camera: str
    revision: int
    was: str = Field(sa_type=String(16))
    duplicate_of: str | None = Field(default=None, sa_type=String(64))
    last_seen_at: datetime = Field(sa_type=UtcDateTime)
    expired_at: datetime = Field(sa_type=UtcDateTime)


class DoomedEvidenceRow(SQLModel, table=True):
    """Evidence of expired reports that is still to be deleted from its store."""

    __tablename__ = "evidence_to_delete"

    key: str = Field(sa_column=Column(String, primary_key=True))
    since: datetime = Field(sa_type=UtcDateTime)


class AccessRow(SQLModel, table=True):
    """Somebody saw or took out evidence or reports. The database refuses to change it (triggers), and to
    delete what is younger than 30 days.
    """

    __tablename__ = "access_log"
    __table_args__ = (Index("ix_access_log_report_id", "report_id"), Index("ix_access_log_at", "at"))

    id: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    at: datetime = Field(sa_type=UtcDateTime)
    who: str
    action: str = Field(sa_type=String(16))
    report_id: str | None = Field(default=None, sa_type=String(64))
    key: str | None = None
    detail: str
