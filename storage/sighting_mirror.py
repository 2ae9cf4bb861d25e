"""All sightings as arrays in memory, kept as fresh as the database: what searches look through.

A row of a table of 100,000 is looked at in less time than one is fetched. What is found is read from the
database by its number, so that nothing deleted is ever shown.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine, func
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from storage.growing_array import GrowingArray
from storage.plate_likeness import MOST_CHARACTERS, encoded, least_costs, signatures
from storage.sighting_tables import SightingRow, VectorRow
from storage.sightings import SightingQuery
from storage.transactions import snapshot

_AT_ONCE = 5000
_FIELDS = np.dtype(
    [("number", "i8"), ("first_s", "f8"), ("last_s", "f8")]
    + [(name, "i4") for name in ("camera", "zone", "label", "colour")]
    + [("characters", "u8"), ("least_cost", "f4")]
)

# Counting takes longer than searching, and finds only what was deleted (which is not shown anyway) or was
# committed after one with a higher number.
_COUNT_EVERY = 16
_SIGHTINGS = sa_select(
    *(
        col(column)
        for column in (
            SightingRow.number,
            SightingRow.first_seen_at,
            SightingRow.last_seen_at,
            SightingRow.camera,
            SightingRow.zone,
            SightingRow.label,
            SightingRow.colour,
            SightingRow.plate_text,
            SightingRow.plate_confidences,
        )
    )
)
_VECTORS = sa_select(col(VectorRow.number), col(VectorRow.model), col(VectorRow.vector))

Mask = npt.NDArray[np.bool_]


@dataclass(slots=True)
class _Vectors:
    """The vectors of one model: which row of the table each belongs to, and the vectors (n, channels)."""

    numbers: GrowingArray
    values: GrowingArray


@dataclass(slots=True)
class SightingArrays:
    """The mirror's content. Rows stand in the order of their numbers.

    Attributes:
        fields: number, times (POSIX seconds), codes of names, and what rules plates out at once.
        plates, sure: code points (n, 16) and confidences of their characters.
        vectors: by the model's name.
    """

    fields: GrowingArray = field(default_factory=lambda: GrowingArray((), _FIELDS))
    plates: GrowingArray = field(default_factory=lambda: GrowingArray((MOST_CHARACTERS,), np.dtype("u4")))
    sure: GrowingArray = field(default_factory=lambda: GrowingArray((MOST_CHARACTERS,), np.dtype("f4")))
    vectors: dict[str, _Vectors] = field(default_factory=dict)
    _codes: dict[str, int] = field(default_factory=dict)

    @property
    def numbers(self) -> npt.NDArray[np.int64]:
        numbers: npt.NDArray[np.int64] = self.fields.rows["number"]
        return numbers

    def mask(self, wanted: SightingQuery) -> Mask:
        """Which rows the filters of `wanted` let through; plate and look are not among them."""
        rows = self.fields.rows
        mask: Mask = np.ones(len(rows), dtype=np.bool_)
        if wanted.cameras is not None:
            mask &= np.isin(rows["camera"], [self._known(name) for name in wanted.cameras])
        if wanted.zone is not None:
            mask &= rows["zone"] == self._known(wanted.zone)
        if wanted.labels:
            mask &= np.isin(rows["label"], [self._known(label.value) for label in wanted.labels])
        if wanted.colours:
            mask &= np.isin(rows["colour"], [self._known(colour.value) for colour in wanted.colours])
        if wanted.since is not None:
            mask &= rows["last_s"] >= wanted.since.timestamp()
        if wanted.until is not None:
            mask &= rows["first_s"] < wanted.until.timestamp()
        return mask

    def add(self, rows: Sequence[Any]) -> None:
        """Take in rows whose numbers are higher than all before."""
        fields = np.zeros(len(rows), dtype=_FIELDS)
        plates = np.zeros((len(rows), MOST_CHARACTERS), dtype=np.uint32)
        sure = np.zeros((len(rows), MOST_CHARACTERS), dtype=np.float32)
        for place, row in enumerate(rows):
            fields[place] = (
                row.number,
                row.first_seen_at.timestamp(),
                row.last_seen_at.timestamp(),
                self._code(row.camera),
                self._code(row.zone),
                self._code(row.label),
                -1 if row.colour is None else self._code(row.colour),
                0,
                0.0,
            )
            plates[place] = encoded(row.plate_text)
            said = row.plate_confidences[:MOST_CHARACTERS]
            sure[place, : len(said)] = said
        fields["characters"] = signatures(plates)
        fields["least_cost"] = least_costs(plates, sure)
        self.fields.append(fields)
        self.plates.append(plates)
        self.sure.append(sure)

    def add_vectors(self, rows: Sequence[Any]) -> None:
        """Take in vectors, each of its own model and length."""
        for model in {row.model for row in rows}:
            ours = [row for row in rows if row.model == model]
            length = len(ours[0].vector)
            numbers, values = GrowingArray((), np.dtype("i8")), GrowingArray((length,), np.dtype("f4"))
            kept = self.vectors.setdefault(model, _Vectors(numbers, values))
            fitting = [row for row in ours if len(row.vector) == kept.values.rows.shape[1]]
            kept.numbers.append(np.asarray([row.number for row in fitting], dtype=np.int64))
            kept.values.append(np.stack([np.asarray(row.vector, dtype=np.float32) for row in fitting]))

    def keep_only(self, numbers: npt.NDArray[np.int64]) -> None:
        """Forget the rows that are not among `numbers`."""
        mask = np.isin(self.numbers, numbers)
        for array in (self.fields, self.plates, self.sure):
            array.keep(mask)
        for vectors in self.vectors.values():
            staying = np.isin(vectors.numbers.rows, numbers)
            vectors.numbers.keep(staying)
            vectors.values.keep(staying)

    def _code(self, name: str) -> int:
        return self._codes.setdefault(name, len(self._codes))

    def _known(self, name: str) -> int:
        return self._codes.get(name, -2)


class SightingMirror:
    """Keeps `SightingArrays` fresh. Threads may share it, one at a time.

    Args:
        engine: of `storage.database.open_database`.
        with_vectors: whether vectors are searched here, and not by the database.
    """

    def __init__(self, engine: Engine, *, with_vectors: bool) -> None:
        self._engine = engine
        self.with_vectors = with_vectors
        self._arrays = SightingArrays()
        self._turn = 0
        self.lock = threading.Lock()

    def fresh(self) -> SightingArrays:
        """The arrays as the database is now; to be called and used while holding `lock`.

        Raises:
            StorageUnavailableError, StorageError: see `storage.engine.translated`.
        """
        arrays = self._arrays
        last = int(arrays.numbers[-1]) if len(arrays.numbers) else 0
        self._turn = (self._turn + 1) % _COUNT_EVERY
        with snapshot(self._engine) as session:
            if (session.exec(select(func.max(SightingRow.number))).one() or 0) > last:
                self._append(session, last)
            if self._turn == 0 or not len(self._arrays.numbers):
                count = session.exec(select(func.count()).select_from(SightingRow)).one()
                if count != len(self._arrays.numbers):
                    self._reconcile(session)
        return self._arrays

    def distrust(self) -> None:
        """Something that was found is no longer there: count again before the next search."""
        self._turn = _COUNT_EVERY - 1

    def _append(self, session: Session, after: int) -> None:
        # Columns, not objects: 100,000 of these would take three times as long.
        sightings, vectors = col(SightingRow.number), col(VectorRow.number)
        while rows := session.execute(
            _SIGHTINGS.where(sightings > after).order_by(sightings).limit(_AT_ONCE)
        ).all():
            before, after = after, int(rows[-1].number)
            self._arrays.add(rows)
            if self.with_vectors:
                between = _VECTORS.where(vectors > before, vectors <= after).order_by(vectors)
                self._arrays.add_vectors(session.execute(between).all())

    def _reconcile(self, session: Session) -> None:
        """Some were deleted, or one with a lower number was committed after one with a higher."""
        there = np.asarray(session.exec(select(SightingRow.number)).all(), dtype=np.int64)
        self._arrays.keep_only(there)
        if len(there) != len(self._arrays.numbers):
            self._arrays = SightingArrays()
            self._append(session, 0)
