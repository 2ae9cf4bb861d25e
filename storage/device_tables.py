"""The tables of cameras that sleep; `storage.device_store` says what their columns mean."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, String
from sqlmodel import Field, SQLModel

from storage.columns import UtcDateTime


class DeviceRow(SQLModel, table=True):
    """A camera that wakes, sends one JPEG and sleeps; its token is kept as a hash only."""

    __tablename__ = "devices"

    id: str = Field(sa_column=Column(String(64), primary_key=True))
    camera: str
    token_sha256: str = Field(sa_type=String(64))
    created_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sleep_s: int | None = None
    framesize: str | None = Field(default=None, sa_type=String(8))
    quality: int | None = None
    last_seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    battery_v: float | None = None
    signal_dbm: int | None = None
    frames: int = 0
    dropped: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    dropped_since_judged: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    late: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    late_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    clock_off_s: float | None = None


class DeviceFrameRow(SQLModel, table=True):
    """One JPEG of a device. Once it is judged the picture goes and the row stays, to know it when re-sent.

    `judged_at` also ends those that nobody judged, as too many waited or they came too late.
    """

    __tablename__ = "device_frames"
    __table_args__ = (
        CheckConstraint("(judged_at IS NULL) = (jpeg IS NOT NULL)", name="ck_device_frames_jpeg"),
        Index("ix_device_frames_sent", "device_id", "sha256", unique=True),
        Index("ix_device_frames_waiting", "camera", "judged_at", "taken_at"),
        {"sqlite_autoincrement": True},
    )

    number: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    device_id: str = Field(sa_column=Column(String(64), ForeignKey("devices.id"), nullable=False))
    camera: str
    sha256: str = Field(sa_type=String(64))
    taken_at: datetime = Field(sa_type=UtcDateTime)
    received_at: datetime = Field(sa_type=UtcDateTime)
    judged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    jpeg: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
