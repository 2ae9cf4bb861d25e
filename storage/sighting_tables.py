"""The tables of what was seen; `storage.sightings` says what their columns mean."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import (
    ARRAY,
    JSON,
    REAL,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import Field, SQLModel

import storage.analysis_table  # noqa: F401  (the table that a foreign key names)
from storage.columns import UtcDateTime

Vector = npt.NDArray[np.float32]


class UnitVector(TypeDecorator[Vector]):
    """A float32 vector: little-endian bytes on SQLite, on PostgreSQL `real[]`, which pgvector can cast."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        kept: TypeEngine[Any] = LargeBinary() if dialect.name == "sqlite" else ARRAY(REAL())
        return dialect.type_descriptor(kept)

    def process_bind_param(self, value: Vector | None, dialect: Dialect) -> object:
        if value is None:
            return None
        values = np.asarray(value, dtype="<f4")
        return values.tobytes() if dialect.name == "sqlite" else values.tolist()

    def process_result_value(self, value: object, _dialect: Dialect) -> Vector | None:
        if value is None:
            return None
        if isinstance(value, bytes):
            return np.frombuffer(value, dtype="<f4")
        return np.asarray(value, dtype=np.float32)


class SightingRow(SQLModel, table=True):
    """One sighting of a vehicle. A newer revision of it is a new row with a higher number.

    It goes with its report or its analysis: the database deletes it then.
    """

    __tablename__ = "sightings"
    __table_args__ = (
        CheckConstraint("(report_id IS NULL) != (analysis_id IS NULL)", name="ck_sightings_origin"),
        Index("ix_sightings_id", "id", unique=True),
        Index("ix_sightings_report_id", "report_id"),
        Index("ix_sightings_analysis_id", "analysis_id"),
        # A number is never given twice, also not after the highest was deleted.
        {"sqlite_autoincrement": True},
    )

    number: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    id: str = Field(sa_type=String(64))
    report_id: str | None = Field(
        default=None, sa_column=Column(String(64), ForeignKey("reports.id", ondelete="CASCADE"))
    )
    analysis_id: str | None = Field(
        default=None, sa_column=Column(String(32), ForeignKey("analyses.id", ondelete="CASCADE"))
    )
    camera: str
    zone: str
    label: str = Field(sa_type=String(16))
    colour: str | None = Field(default=None, sa_type=String(16))
    plate_text: str
    plate_confidences: list[float] = Field(sa_type=JSON)
    plate_accepted: bool
    x1: float
    y1: float
    x2: float
    y2: float
    frame_width: int
    frame_height: int
    score: float = Field(sa_type=Float)
    photo_key: str | None = None
    first_seen_at: datetime = Field(sa_type=UtcDateTime)
    last_seen_at: datetime = Field(sa_type=UtcDateTime)


class VectorRow(SQLModel, table=True):
    """The appearance vector of a sighting, and the model that made it."""

    __tablename__ = "vectors"

    number: int = Field(
        sa_column=Column(
            Integer, ForeignKey("sightings.number", ondelete="CASCADE"), primary_key=True, autoincrement=False
        )
    )
    model: str = Field(sa_type=String(100))
    vector: Vector = Field(sa_column=Column(UnitVector, nullable=False))

    model_config = {"arbitrary_types_allowed": True}
