"""What an evidence pack says and holds, before it becomes pages and files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pipeline.report import Evidence, EvidenceKind
from storage.chain import ChainLink
from storage.ports import HistoryEntry, StoredReport


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedItem:
    """A piece of evidence as the pack holds it.

    Attributes:
        evidence: the original, as stored.
        name: of the copy within the pack.
        data: the copy.
        sha256: of the copy.
        heads, plates: what is hidden in it.
        same: it is the original, byte for byte.
    """

    evidence: Evidence
    name: str
    data: bytes
    sha256: str
    heads: int
    plates: int
    same: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PackContents:
    """All a pack says.

    Attributes:
        stored: the report.
        history: its steps so far.
        link: its place in the chain.
        items: its evidence, in the report's order.
        photo_gap_s: seconds the zone asked between the photos; None where nobody knows any more.
        plate_corrected: the plate as a person corrected it, or None.
        time_zone: of the times shown.
        made_at: when the pack is made, aware.
        made_by: who makes it.
    """

    stored: StoredReport
    history: tuple[HistoryEntry, ...]
    link: ChainLink
    items: tuple[PackedItem, ...]
    photo_gap_s: float | None
    plate_corrected: str | None
    time_zone: ZoneInfo
    made_at: datetime
    made_by: str

    def newest(self, *kinds: EvidenceKind) -> PackedItem | None:
        """The last item of the first of `kinds` that is there."""
        for kind in kinds:
            for item in reversed(self.items):
                if item.evidence.kind is kind:
                    return item
        return None
