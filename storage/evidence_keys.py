"""What a piece of evidence is called: by day, camera and content, the same in every store."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import UTC, datetime
from pathlib import PurePosixPath

from pipeline.errors import EvidenceAlteredError, EvidenceError
from pipeline.report import EvidenceKind

HASH_DIGITS = 32
_EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "video/mp4": "mp4", "application/json": "json"}
_KEY = re.compile(
    rf"\d{{4}}/\d{{2}}/\d{{2}}/[^/\0]+/[a-z0-9_]+-(?P<hash>[0-9a-f]{{{HASH_DIGITS}}})\.[a-z0-9]{{1,8}}",
    re.ASCII,
)
_NAME_LIMIT = 60


def evidence_key(*, camera: str, kind: EvidenceKind, taken_at: datetime, digest: str, media_type: str) -> str:
    """`YYYY/MM/DD/<camera>/<kind>-<first 32 hex digits of the SHA-256>.<extension>`, the day in UTC.

    Raises:
        EvidenceError: the time is naive or the media type is none of ours.
    """
    if taken_at.tzinfo is None:
        raise EvidenceError(f"expected an aware time of the evidence, got the naive {taken_at.isoformat()}")
    extension = _EXTENSIONS.get(media_type)
    if extension is None:
        raise EvidenceError(f"expected a media type of {', '.join(sorted(_EXTENSIONS))}, got {media_type!r}")
    date = taken_at.astimezone(UTC).strftime("%Y/%m/%d")
    return f"{date}/{safe_name(camera)}/{kind.value}-{digest[:HASH_DIGITS]}.{extension}"


def is_evidence_key(text: str) -> bool:
    """Whether `text` is a key as `evidence_key` makes them."""
    return _KEY.fullmatch(text) is not None and ".." not in PurePosixPath(text).parts


def check_key(key: str) -> None:
    """Refuse what is no key of ours before it reaches a file system or a bucket.

    Raises:
        EvidenceError: `key` was not made by `evidence_key`.
    """
    if not is_evidence_key(key):
        raise EvidenceError(
            f"expected a key as put() makes it (YYYY/MM/DD/camera/kind-hash.ext), got {key!r}"
        )


def check_content(key: str, data: bytes, store: str) -> None:
    """Refuse bytes that are not those `key` was made for.

    Raises:
        EvidenceAlteredError: they were altered; names the key and `store`.
    """
    expected = _KEY.fullmatch(key)
    digest = hashlib.sha256(data).hexdigest()
    if expected is None or not digest.startswith(expected["hash"]):
        raise EvidenceAlteredError(
            f"the evidence {key} in {store} was altered after it was stored: its SHA-256 is {digest}"
        )


def camera_folder(key: str) -> str:
    """The camera's part of a key, as `safe_name` made it."""
    return key.split("/")[3]


def safe_name(camera: str) -> str:
    """A camera's name as a folder's: letters, digits, `-`, `_`, `.`; two names never meet."""
    name = unicodedata.normalize("NFC", camera)
    safe = re.sub(r"[^\w.-]", "_", name)[:_NAME_LIMIT].lstrip(".")
    if safe and safe == camera:
        return safe
    # Something was replaced, so "a/b" and "a_b" must be kept apart.
    return f"{safe}-{hashlib.sha256(camera.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
