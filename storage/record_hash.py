"""What of a record is hashed, as bytes that are the same on every database and in every later version.

Format 1. It is a contract with every chain that exists: another format gets another number, and this one
stays, or chains that were whole look altered.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

FORMAT = 1
FIRST = "0" * 64

_REPORT = (
    *("id", "revision", "state", "judged_state", "camera", "zone", "zone_kind", "vehicle_id", "label"),
    *("x1", "y1", "x2", "y2", "frame_width", "frame_height", "score", "arrived_at", "since_start"),
    *("parked_at", "violating_at", "departed_at", "own_last_seen_at", "dwell_limit_s", "plate_text"),
    *("plate_confidences", "plate_accepted", "plate_readings", "same_view", "duplicate_of", "rejection"),
    *("note", "stored_at", "updated_at"),
)
# What came after the first chains: left out where it is unset, so that records from before keep their bytes.
_REPORT_LATER = ("photo_gap_s", "unread_allowed", "verdict", "plate_corrected")
_FRACTIONS = frozenset(
    {"x1", "y1", "x2", "y2", "score", "dwell_limit_s", "same_view", "plate_confidences", "photo_gap_s"}
)
_EVIDENCE = ("position", "kind", "key", "sha256", "media_type", "taken_at", "size_bytes")
_STEP = ("revision", "from_state", "to_state", "at", "by", "why")
_REVIEW = ("step", "reason", "was", "becomes", "by", "at")
_TOMBSTONE = ("id", "camera", "revision", "was", "duplicate_of", "last_seen_at", "expired_at")

Row = Mapping[str, object]


def record_bytes(
    report: Row, evidence: Iterable[Row], history: Iterable[Row], reviews: Iterable[Row] = ()
) -> bytes:
    """A report with its evidence, its history so far and its reviews, each in order, by column names.

    What other reports change in it (`repeats`, `last_seen_at`) is left out. A review is there as its SHA-256:
    the record leaves the house in evidence packs, and what operators write to each other does not.
    """
    record: dict[str, object] = {
        "format": FORMAT,
        "report": _picked(report, _REPORT) | _picked(report, _set_of(report)),
        "evidence": [_picked(item, _EVIDENCE) for item in evidence],
        "history": [_picked(step, _STEP) for step in history],
    }
    # Left out where there are none, so that records from before keep their bytes.
    if steps := [sha256(_canonical(_picked(review, _REVIEW))) for review in reviews]:
        record["reviews"] = steps
    return _canonical(record)


def tombstone_bytes(tombstone: Row, history: Iterable[Row]) -> bytes:
    """What is left of an expired report, with its history."""
    return _canonical(
        {
            "format": FORMAT,
            "tombstone": _picked(tombstone, _TOMBSTONE),
            "history": [_picked(step, _STEP) for step in history],
        }
    )


def link_bytes(
    *,
    camera: str,
    position: int,
    kind: str,
    report_id: str,
    revision: int,
    at: datetime,
    record_sha256: str,
    previous_sha256: str,
) -> bytes:
    """A link of a chain."""
    return _canonical(
        {
            "format": FORMAT,
            "camera": camera,
            "position": position,
            "kind": kind,
            "report_id": report_id,
            "revision": revision,
            "at": _moment(at),
            "record_sha256": record_sha256,
            "previous_sha256": previous_sha256,
        }
    )


def sha256(data: bytes) -> str:
    """64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def _picked(row: Row, names: tuple[str, ...]) -> dict[str, object]:
    return {name: _plain(row[name], fraction=name in _FRACTIONS) for name in names}


def _set_of(report: Row) -> tuple[str, ...]:
    return tuple(name for name in _REPORT_LATER if report.get(name) is not None)


def _plain(value: object, *, fraction: bool) -> object:
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, list | tuple):
        return [_plain(item, fraction=fraction) for item in value]
    if fraction and isinstance(value, int | float):
        # Databases give 60 back as 60.0, and SQLite -0.0 as 0.0.
        return float(value) + 0.0
    return value


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _canonical(value: dict[str, object]) -> bytes:
    # ASCII with sorted names and the shortest decimals that give the same binary64 back (Python's repr).
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")
