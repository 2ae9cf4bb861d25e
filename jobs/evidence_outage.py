"""Remembers that evidence was out of reach, for work that is done again rather than told wrong."""

from __future__ import annotations

from datetime import datetime

from pipeline.errors import EvidenceUnavailableError
from pipeline.report import Evidence, EvidenceKind, EvidenceStore


class OutageWatch:
    """An `EvidenceStore` that passes everything on and remembers the first outage.

    The rules take a failure for the moment's and try again while the vehicle stands, which is right for a
    camera. In a file the vehicle has left a second later, and would be let go for want of evidence.

    Args:
        store: the one that is watched.
    """

    def __init__(self, store: EvidenceStore) -> None:
        self._store = store
        self._outage: EvidenceUnavailableError | None = None

    def put(
        self, *, camera: str, kind: EvidenceKind, taken_at: datetime, data: bytes, media_type: str
    ) -> Evidence:
        try:
            return self._store.put(
                camera=camera, kind=kind, taken_at=taken_at, data=data, media_type=media_type
            )
        except EvidenceUnavailableError as error:
            self._outage = self._outage or error
            raise

    def get(self, key: str) -> bytes:
        try:
            return self._store.get(key)
        except EvidenceUnavailableError as error:
            self._outage = self._outage or error
            raise

    def check(self) -> None:
        """To be called now and then by who must not go on without evidence.

        Raises:
            EvidenceUnavailableError: some was out of reach since the begin.
        """
        if self._outage is not None:
            raise self._outage
