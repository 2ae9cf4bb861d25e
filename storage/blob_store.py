"""What a store of evidence must do beyond the watch's needs: give back, list and delete."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pipeline.report import EvidenceStore


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBlob:
    """One thing a store holds, evidence or not; `modified_at` (aware UTC) is when it was written there."""

    key: str
    size_bytes: int
    modified_at: datetime


class BlobStore(EvidenceStore, Protocol):
    """Keeps evidence bytes. Implementations: `EvidenceFolder`, `EvidenceBucket`; threads may share them.

    After `put` returns, the bytes survive a power cut; when it raises, nothing is stored. `get` raises
    EvidenceMissingError when nothing is there and EvidenceAlteredError when it differs from what was put.
    While the store itself is away, full or forbidden, every method raises EvidenceUnavailableError.
    """

    def delete(self, key: str) -> bool:
        """Delete what is stored under `key`; whether there was anything.

        Raises:
            EvidenceError: the store refuses or cannot be reached, or the key is not one of ours.
        """
        ...

    def blobs(self) -> Iterator[StoredBlob]:
        """Everything that lies there, what nobody put included.

        Raises:
            EvidenceError: the store cannot be listed.
        """
        ...

    def where(self, key: str) -> str:
        """Where the bytes of `key` lie, for people: a path or an address; it need not exist.

        Raises:
            EvidenceError: the key is not one of ours.
        """
        ...
