"""The memory on disk: standing places as versioned bytes, without pickle.

A snapshot is the SHA-256 of an npz archive and the archive: `head` is JSON text (version, camera time, one
record for each place), `patches` the places' 64 x 64 reference pictures.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from pipeline.detection import ObjectClass
from pipeline.errors import InvalidValueError
from pipeline.geometry import Box

VERSION = 1
_SIDE = 64
_DIGEST_BYTES = 32
_MOST_PLACES = 1024  # far above any real memory: larger means damaged

_Edges = tuple[float, float, float, float]


class PlaceRecord(BaseModel):
    """One standing place; times are aware UTC, boxes pixels of the full frame."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(min_length=1, max_length=200)]
    first_box: _Edges
    boxes: Annotated[list[_Edges], Field(min_length=1, max_length=64)]
    arrived_at: AwareDatetime
    confirmed_at: AwareDatetime
    last_seen_at: AwareDatetime
    since_start: bool
    votes: Annotated[dict[ObjectClass, int], Field(min_length=1)]
    best: Annotated[float, Field(ge=0.0, le=1.0)]
    pictured: bool


class _Head(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    taken_at: AwareDatetime
    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]
    serial: Annotated[int, Field(ge=0)]
    places: Annotated[list[PlaceRecord], Field(max_length=_MOST_PLACES)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What is kept over a restart.

    Attributes:
        taken_at: when the last frame was taken, aware UTC.
        width, height: full-frame size to which the boxes belong, pixels.
        serial: how many places were ever confirmed, for ids that never repeat.
        places: the standing places.
        patches: their reference pictures, uint8 (n, 64, 64); black where a place has none.
    """

    taken_at: datetime
    width: int
    height: int
    serial: int
    places: tuple[PlaceRecord, ...]
    patches: npt.NDArray[np.uint8]


def edges(box: Box) -> _Edges:
    """The four edges of a box for a record."""
    return (box.x1, box.y1, box.x2, box.y2)


def box_of(values: _Edges) -> Box:
    """The box of a record.

    Raises:
        InvalidValueError: the edges make no box.
    """
    return Box(x1=values[0], y1=values[1], x2=values[2], y2=values[3])


def encode(snapshot: Snapshot) -> bytes:
    """The snapshot as bytes."""
    head = _Head(
        version=VERSION,
        taken_at=snapshot.taken_at,
        width=snapshot.width,
        height=snapshot.height,
        serial=snapshot.serial,
        places=list(snapshot.places),
    )
    text = np.frombuffer(head.model_dump_json().encode(), dtype=np.uint8)
    file = io.BytesIO()
    np.savez_compressed(file, head=text, patches=snapshot.patches)
    return sealed(file.getvalue())


def sealed(archive: bytes) -> bytes:
    """`archive` behind its own digest: half a file or a bad sector is noticed before anything is parsed."""
    return hashlib.sha256(archive).digest() + archive


def decode(state: bytes) -> Snapshot:
    """The snapshot in `state`.

    Raises:
        InvalidValueError: the state is of an unknown version or damaged.
    """
    digest, content = state[:_DIGEST_BYTES], state[_DIGEST_BYTES:]
    if hashlib.sha256(content).digest() != digest:
        raise InvalidValueError(f"expected a place memory, got {len(state)} damaged bytes")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            text = archive["head"].astype(np.uint8).tobytes()
            patches = np.asarray(archive["patches"])
        raw = json.loads(text)
        version = raw.get("version") if isinstance(raw, dict) else None
        if version != VERSION:
            raise InvalidValueError(f"expected a place memory of version {VERSION}, got {version!r}")
        head = _Head.model_validate_json(text)
    except (ValidationError, ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        if isinstance(error, InvalidValueError):
            raise
        raise InvalidValueError(
            f"expected a place memory, got another content ({type(error).__name__})"
        ) from error
    if patches.dtype != np.uint8 or patches.shape != (len(head.places), _SIDE, _SIDE):
        raise InvalidValueError(
            f"expected uint8 ({len(head.places)}, {_SIDE}, {_SIDE}) patches, "
            f"got {patches.dtype} {patches.shape}"
        )
    return Snapshot(
        taken_at=head.taken_at,
        width=head.width,
        height=head.height,
        serial=head.serial,
        places=tuple(head.places),
        patches=patches,
    )
