"""What corrections and confirmations teach: the true text of plates that were read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Engine, and_, or_
from sqlmodel import col, select

from pipeline.report import EvidenceKind
from storage.reviews import ReviewStep
from storage.tables import EvidenceRow, ReportRow
from storage.transactions import reading

_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateLabel:
    """A plate whose true text a person has said.

    Attributes:
        report_id, camera: of which report.
        text: what the plate really says.
        read: what was read.
        corrected: whether a person typed it; else they confirmed what was read.
        crops: keys of its pictures.
    """

    report_id: str
    camera: str
    text: str
    read: str
    corrected: bool
    crops: tuple[str, ...]


class PlateLabels:
    """The labels of a database; raises as `storage.ports.ReportStore` does."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __iter__(self) -> Iterator[PlateLabel]:
        """Every label whose plate has a picture, by the report's id."""
        confirmed = and_(
            col(ReportRow.verdict) == ReviewStep.CONFIRMED.value, col(ReportRow.plate_accepted).is_(True)
        )
        taught = or_(col(ReportRow.plate_corrected).is_not(None), confirmed)
        last = ""
        while True:
            with reading(self._engine) as session:
                rows = session.exec(
                    select(ReportRow)
                    .where(taught, col(ReportRow.id) > last)
                    .order_by(col(ReportRow.id))
                    .limit(_BATCH)
                ).all()
                crops = session.exec(
                    select(EvidenceRow.report_id, EvidenceRow.key)
                    .where(
                        col(EvidenceRow.report_id).in_([row.id for row in rows]),
                        EvidenceRow.kind == EvidenceKind.PLATE.value,
                    )
                    .order_by(col(EvidenceRow.report_id), col(EvidenceRow.position))
                ).all()
            for row in rows:
                keys = tuple(key for report_id, key in crops if report_id == row.id)
                if keys:
                    yield _label(row, keys)
            if len(rows) < _BATCH:
                return
            last = rows[-1].id


def _label(row: ReportRow, keys: tuple[str, ...]) -> PlateLabel:
    return PlateLabel(
        report_id=row.id,
        camera=row.camera,
        text=row.plate_corrected or row.plate_text,
        read=row.plate_text,
        corrected=row.plate_corrected is not None,
        crops=keys,
    )
