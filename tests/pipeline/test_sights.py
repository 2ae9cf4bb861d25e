from __future__ import annotations

from pipeline.geometry import Box
from pipeline.picture import ArrayPicture
from pipeline.report import Evidence, EvidenceKind
from pipeline.sights import Sights
from tests.pipeline.fakes import START, MemoryEvidence, encode, street

PLACE = Box(x1=300, y1=240, x2=460, y2=340)


class CountedEvidence(MemoryEvidence):
    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def get(self, key: str) -> bytes:
        self.reads += 1
        return super().get(key)


def photo(store: MemoryEvidence, seed: int) -> Evidence:
    return store.put(
        camera="gate",
        kind=EvidenceKind.PHOTO_2,
        taken_at=START,
        data=encode(street(vehicle=PLACE, seed=seed)),
        media_type="image/jpeg",
    )


def test_closed_reports_that_are_looked_at_do_not_crowd_out_an_open_case() -> None:
    """Every report ever compared with stayed in memory: 50 MB for each camera after a busy day."""
    store = CountedEvidence()
    sights = Sights(store=store, capacity=3)
    size = ArrayPicture(street()).size
    opened = photo(store, 1)
    sights.recall("open", opened.key, PLACE, size)
    for number in range(10):
        sights.glance(f"closed-{number}", photo(store, 2 + number).key, PLACE, size)
    assert store.reads == 11
    sights.recall("open", opened.key, PLACE, size)
    assert store.reads == 11


def test_a_glance_at_an_open_case_costs_no_reading() -> None:
    store = CountedEvidence()
    sights = Sights(store=store)
    size = ArrayPicture(street()).size
    kept = sights.recall("open", photo(store, 1).key, PLACE, size)
    assert sights.glance("open", photo(store, 1).key, PLACE, size) is kept
    assert store.reads == 1
