"""Keeping what is seen on an uploaded picture as sightings, so that others like it can be found."""

from __future__ import annotations

from sqlalchemy import Engine

from gotcha.photo_look import PhotoLook
from pipeline.geometry import Size
from storage.analyses import Analysis
from storage.sighting_store import SqlSightingStore
from storage.sightings import Sighting


def keep_sightings(engine: Engine, analysis: Analysis, look: PhotoLook, size: Size) -> tuple[str, ...]:
    """Keep the vehicles of a picture under the analysis, best first; done again, it keeps nothing twice.

    Args:
        engine: the database.
        analysis: with whose end they go.
        look: what is seen.
        size: of the picture, pixels.

    Returns:
        The id of each vehicle's sighting.

    Raises:
        StorageError: the database refuses or is away.
    """
    (file,) = analysis.asked.files
    sightings = tuple(
        Sighting(
            id=f"{analysis.id}-{number}",
            analysis_id=analysis.id,
            camera=analysis.asked.camera or "",
            zone="",
            label=seen.label,
            colour=None if seen.look is None else seen.look.colour,
            plate=seen.plate,
            box=seen.box,
            frame_size=size,
            score=seen.score,
            photo_key=file.key,
            first_seen_at=analysis.created_at,
            last_seen_at=analysis.created_at,
            look=seen.look,
        )
        for number, seen in enumerate(look.vehicles)
    )
    if sightings:
        SqlSightingStore(engine).put(sightings)
    return tuple(sighting.id for sighting in sightings)
