"""The photos open cases are compared with: in memory while fresh, from the evidence store after a restart."""

from __future__ import annotations

from collections import OrderedDict

from pipeline.geometry import Box, Size
from pipeline.photo_pair import Sight, recall_sight
from pipeline.report import EvidenceStore


class Sights:
    """Sights by report id, at most `capacity` in memory; a missing one is read from its stored photo."""

    def __init__(self, *, store: EvidenceStore, capacity: int = 64) -> None:
        self._store = store
        self._capacity = capacity
        self._kept: OrderedDict[str, Sight] = OrderedDict()

    def keep(self, report_id: str, sight: Sight) -> None:
        """Remember the sight of a report's photo."""
        self._kept[report_id] = sight
        self._kept.move_to_end(report_id)
        while len(self._kept) > self._capacity:
            self._kept.popitem(last=False)

    def recall(self, report_id: str, photo_key: str, vehicle: Box, frame_size: Size) -> Sight:
        """The sight of a report, from memory or from its stored photo.

        Raises:
            EvidenceError: the stored photo is gone or damaged.
        """
        if report_id not in self._kept:
            self.keep(report_id, recall_sight(self._store.get(photo_key), vehicle, frame_size))
        return self._kept[report_id]

    def glance(self, report_id: str, photo_key: str, vehicle: Box, frame_size: Size) -> Sight:
        """The sight of a closed report, for one look: read from its stored photo and not kept.

        A sight takes close to a megabyte, and a day's closed reports would crowd out the open cases.

        Raises:
            EvidenceError: the stored photo is gone or damaged.
        """
        kept = self._kept.get(report_id)
        return kept or recall_sight(self._store.get(photo_key), vehicle, frame_size)

    def forget(self, report_id: str) -> None:
        """The report is closed."""
        self._kept.pop(report_id, None)
