"""Finds vehicles that were seen, by plate, look and circumstances, in SQLite or PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine
from sqlmodel import col, select

from pipeline.vehicle_look import VehicleLook
from storage import sighting_rows
from storage.engine import shown
from storage.plate_likeness import likenesses, may_fit
from storage.sighting_mirror import SightingArrays, SightingMirror
from storage.sighting_tables import SightingRow, VectorRow
from storage.sightings import Found, Sighting, SightingQuery
from storage.transactions import changing, reading, snapshot
from storage.vector_neighbours import INDEXED_LENGTH, has_index, likeness_of, nearest

Numbers = npt.NDArray[np.int64]
Likeness = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ranked:
    """Numbers of sightings, best first, with what was asked of each: NaN where nothing was."""

    numbers: Numbers
    plates: Likeness
    looks: Likeness


class SqlSightingStore:
    """`storage.sightings.SightingStore` on an engine of `open_database`. Threads may share it.

    The first search reads every sighting into memory (about half a kilobyte each); later ones only what is
    new. Vectors are searched there too (an exact product with all of them), or, where PostgreSQL has
    pgvector, by the database: its HNSW index finds nearly always the nearest. `warm` reads ahead.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._indexed: bool | None = None
        self._mirrors: dict[bool, SightingMirror] = {}

    def __repr__(self) -> str:
        return f"SqlSightingStore({shown(self._engine)})"

    def put(self, sightings: tuple[Sighting, ...]) -> None:
        with changing(self._engine, *(sighting.id for sighting in sightings)) as session:
            for sighting in sightings:
                sighting_rows.keep(session, sighting)

    def get(self, sighting_id: str) -> Sighting | None:
        with reading(self._engine) as session:
            found = session.exec(
                select(SightingRow, VectorRow)
                .join(VectorRow, col(VectorRow.number) == col(SightingRow.number), isouter=True)
                .where(SightingRow.id == sighting_id)
            ).first()
            return None if found is None else sighting_rows.read(*found)

    def search(self, wanted: SightingQuery) -> tuple[Found, ...]:
        look = wanted.look
        if look is not None and wanted.plate is None and self._by_index(look):
            ranked = self._neighbours(look, wanted)
        else:
            by_index = look is None or self._by_index(look)
            mirror = self._opened_mirror(with_vectors=not by_index)
            with mirror.lock:
                ranked = self._ranked(mirror.fresh(), wanted, by_index=by_index)
                found = self._read(ranked)
                if len(found) < len(ranked.numbers):
                    mirror.distrust()
                    found = self._read(self._ranked(mirror.fresh(), wanted, by_index=by_index))
            return found
        return self._read(ranked)

    def warm(self) -> None:
        """Read what the first search would wait for.

        Raises:
            StorageUnavailableError, StorageError: see `storage.engine.translated`.
        """
        mirror = self._opened_mirror(with_vectors=not self._has_index())
        with mirror.lock:
            mirror.fresh()

    def _by_index(self, look: VehicleLook) -> bool:
        return self._has_index() and len(look.vector) == INDEXED_LENGTH

    def _has_index(self) -> bool:
        if self._indexed is None:
            self._indexed = has_index(self._engine)
        return self._indexed

    def _opened_mirror(self, *, with_vectors: bool) -> SightingMirror:
        """One with vectors serves all; reading them takes most of the time, so none is made without need."""
        with_vectors = with_vectors or not self._has_index()
        known = self._mirrors.get(True) or self._mirrors.get(with_vectors)
        if known is None:
            known = SightingMirror(self._engine, with_vectors=with_vectors)
        return self._mirrors.setdefault(known.with_vectors, known)

    def _neighbours(self, look: VehicleLook, wanted: SightingQuery) -> _Ranked:
        # `reading` has no transaction that could be told how far the index is searched.
        with snapshot(self._engine) as session:
            found = nearest(session, look, wanted)
        return _Ranked(
            numbers=np.asarray(list(found), dtype=np.int64),
            plates=np.full(len(found), np.nan, dtype=np.float32),
            looks=np.asarray(list(found.values()), dtype=np.float32),
        )

    def _ranked(self, arrays: SightingArrays, wanted: SightingQuery, *, by_index: bool) -> _Ranked:
        rows = np.flatnonzero(arrays.mask(wanted))
        plates = np.full(len(rows), np.nan, dtype=np.float32)
        looks = np.full(len(rows), np.nan, dtype=np.float32)
        if wanted.plate is not None:
            fields = arrays.fields.rows
            may = may_fit(wanted.plate, wanted.least_likeness, fields["characters"], fields["least_cost"])
            rows = rows[may[rows]]
            looks = np.full(len(rows), np.nan, dtype=np.float32)
            plates = likenesses(wanted.plate, arrays.plates.rows[rows], arrays.sure.rows[rows])
            fitting = plates >= wanted.least_likeness
            rows, plates, looks = rows[fitting], plates[fitting], looks[fitting]
        if wanted.look is not None:
            numbers = arrays.numbers[rows]
            looks = (
                self._database_likenesses(wanted.look, numbers)
                if by_index
                else _look_likenesses(arrays, wanted.look, numbers)
            )
            known = ~np.isnan(looks)
            rows, plates, looks = rows[known], plates[known], looks[known]
        if wanted.plate is None and wanted.look is None:
            worth = arrays.fields.rows["last_s"][rows]
        else:
            worth = np.nansum(np.stack([plates, looks]), axis=0)
        best = _best(worth, wanted.limit)
        return _Ranked(numbers=arrays.numbers[rows[best]].copy(), plates=plates[best], looks=looks[best])

    def _database_likenesses(self, look: VehicleLook, numbers: Numbers) -> Likeness:
        with reading(self._engine) as session:
            found = likeness_of(session, look, numbers.tolist())
        return np.asarray([found.get(number, np.nan) for number in numbers.tolist()], dtype=np.float32)

    def _read(self, ranked: _Ranked) -> tuple[Found, ...]:
        with reading(self._engine) as session:
            wanted = [int(number) for number in ranked.numbers]
            rows = {
                row.number: row
                for row in session.exec(select(SightingRow).where(col(SightingRow.number).in_(wanted)))
            }
            return tuple(
                Found(
                    sighting=sighting_rows.read(rows[number]),
                    plate_likeness=_told(plate),
                    look_likeness=_told(look),
                )
                for number, plate, look in zip(wanted, ranked.plates, ranked.looks, strict=True)
                # Deleted since the arrays were made fresh.
                if number in rows
            )


def _look_likenesses(arrays: SightingArrays, look: VehicleLook, numbers: Numbers) -> Likeness:
    """The likeness of each of `numbers` (ascending) to `look`; NaN without a vector of its model."""
    found = np.full(len(numbers), np.nan, dtype=np.float32)
    vectors = arrays.vectors.get(look.model)
    if vectors is None or vectors.values.rows.shape[1] != len(look.vector) or not len(numbers):
        return found
    likeness = vectors.values.rows @ np.asarray(look.vector, dtype=np.float32)
    places = np.minimum(np.searchsorted(numbers, vectors.numbers.rows), len(numbers) - 1)
    ours = numbers[places] == vectors.numbers.rows
    found[places[ours]] = likeness[ours]
    return found


def _best(worth: npt.NDArray[np.floating], limit: int) -> npt.NDArray[np.intp]:
    """The places of the `limit` greatest values, greatest first; of equals the latest first."""
    places = np.arange(len(worth))
    if len(worth) > limit:
        places = np.argpartition(-worth, limit - 1)[:limit]
    return places[np.lexsort((-places, -worth[places]))]


def _told(value: np.float32) -> float | None:
    return None if np.isnan(value) else float(value)
