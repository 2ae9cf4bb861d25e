"""Between the values of `storage.sightings` and their rows, and keeping them within a transaction."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import numpy as np
from sqlalchemy import delete
from sqlmodel import Session, col, select

from pipeline.detection import ObjectClass
from pipeline.geometry import Box, Size
from pipeline.plate import UNKNOWN, PlateText
from pipeline.report import EvidenceKind, Report
from pipeline.vehicle_look import VehicleColour, VehicleLook
from storage.sighting_tables import SightingRow, VectorRow
from storage.sightings import Sighting


def corrected_plate(text: str) -> PlateText:
    """A plate as a person says it: each character is sure, but for those that he does not know either."""
    plate = "".join(unicodedata.normalize("NFC", text).upper().split())
    sure = tuple(0.0 if one == UNKNOWN else 1.0 for one in plate)
    return PlateText(text=plate, confidences=sure, accepted=bool(plate) and UNKNOWN not in plate, readings=0)


def correct(session: Session, report_id: str, text: str) -> None:
    """Let the vehicle of a report be found by its corrected plate, in the session's transaction."""
    found = session.exec(
        select(SightingRow, VectorRow)
        .join(VectorRow, col(VectorRow.number) == col(SightingRow.number), isouter=True)
        .where(SightingRow.report_id == report_id)
    ).first()
    if found is not None:
        keep(session, replace(read(*found), plate=corrected_plate(text)))


def sighting_of(report: Report, corrected: str | None = None) -> Sighting:
    """What a report says of the vehicle that was seen; `corrected` is what a person says of its plate."""
    photo = next((item.key for item in report.evidence if item.kind is EvidenceKind.PHOTO_1), None)
    return Sighting(
        id=report.id,
        report_id=report.id,
        camera=report.camera,
        zone=report.zone,
        label=report.label,
        colour=None if report.look is None else report.look.colour,
        plate=report.plate if corrected is None else corrected_plate(corrected),
        box=report.box,
        frame_size=report.frame_size,
        score=report.score,
        photo_key=photo,
        first_seen_at=report.arrived_at,
        last_seen_at=report.last_seen_at,
        look=report.look,
    )


def keep(session: Session, sighting: Sighting) -> None:
    """Write `sighting` in the session's transaction, in the place of an older one of its id.

    A newer one without a look keeps the older one's: what the vehicle looked like does not get lost when
    only its departure is told.
    """
    older = _older(session, sighting)
    row, vector = _row(sighting), _vector(sighting)
    if older is not None:
        before, before_vector = older
        if vector is None and before_vector is not None:
            vector = VectorRow(number=0, model=before_vector.model, vector=before_vector.vector)
        row.colour = row.colour or before.colour
        # The row is another one, not a changed one: who reads by number sees that there is news.
        session.expunge(before)
        if before_vector is not None:
            session.expunge(before_vector)
        session.execute(delete(SightingRow).where(col(SightingRow.number) == before.number))
    session.add(row)
    if vector is not None:
        session.flush()
        vector.number = int(row.number or 0)
        session.add(vector)


def _older(session: Session, sighting: Sighting) -> tuple[SightingRow, VectorRow | None] | None:
    found = session.exec(
        select(SightingRow, VectorRow)
        .join(VectorRow, col(VectorRow.number) == col(SightingRow.number), isouter=True)
        .where(SightingRow.id == sighting.id)
    ).first()
    return None if found is None else (found[0], found[1])


def read(row: SightingRow, vector: VectorRow | None = None) -> Sighting:
    """The sighting of a row, with its look where `vector` is given."""
    colour = None if row.colour is None else VehicleColour(row.colour)
    look = None
    if vector is not None:
        look = VehicleLook(
            model=vector.model, vector=tuple(np.asarray(vector.vector).tolist()), colour=colour
        )
    return Sighting(
        id=row.id,
        report_id=row.report_id,
        analysis_id=row.analysis_id,
        camera=row.camera,
        zone=row.zone,
        label=ObjectClass(row.label),
        colour=colour,
        plate=PlateText(
            text=row.plate_text,
            confidences=tuple(row.plate_confidences),
            accepted=row.plate_accepted,
            readings=0,
        ),
        box=Box(x1=row.x1, y1=row.y1, x2=row.x2, y2=row.y2),
        frame_size=Size(width=row.frame_width, height=row.frame_height),
        score=row.score,
        photo_key=row.photo_key,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        look=look,
    )


def _row(sighting: Sighting) -> SightingRow:
    return SightingRow(
        id=sighting.id,
        report_id=sighting.report_id,
        analysis_id=sighting.analysis_id,
        camera=sighting.camera,
        zone=sighting.zone,
        label=sighting.label.value,
        colour=None if sighting.colour is None else sighting.colour.value,
        plate_text=sighting.plate.text,
        plate_confidences=list(sighting.plate.confidences),
        plate_accepted=sighting.plate.accepted,
        x1=sighting.box.x1,
        y1=sighting.box.y1,
        x2=sighting.box.x2,
        y2=sighting.box.y2,
        frame_width=sighting.frame_size.width,
        frame_height=sighting.frame_size.height,
        score=sighting.score,
        photo_key=sighting.photo_key,
        first_seen_at=sighting.first_seen_at,
        last_seen_at=sighting.last_seen_at,
    )


def _vector(sighting: Sighting) -> VectorRow | None:
    look = sighting.look
    if look is None:
        return None
    # The number is that of its sighting, which the database gives.
    return VectorRow(number=0, model=look.model, vector=np.asarray(look.vector, dtype=np.float32))
