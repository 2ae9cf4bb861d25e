"""A report's values as its page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pipeline.plate import PlateText
from pipeline.report import Evidence, EvidenceKind, Report


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEvidence:
    """A piece of evidence and where to get it; `position` is its place in the report."""

    position: int
    kind: str
    taken_at: datetime
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CharacterVote:
    """One character of a plate, and how much of the readings' weight it has, 0-1."""

    character: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One moment of a case: a key among the words, `report.KEY`, and when it was."""

    key: str
    at: datetime


def evidence_of(report: Report, *kinds: EvidenceKind) -> tuple[ShownEvidence, ...]:
    """The report's evidence of some kinds, in the order of `kinds`."""
    found = [
        (kinds.index(item.kind), position, item)
        for position, item in enumerate(report.evidence)
        if item.kind in kinds
    ]
    return tuple(_shown(report, position, item) for _kind, position, item in sorted(found, key=_order))


def _order(entry: tuple[int, int, Evidence]) -> tuple[int, int]:
    return entry[0], entry[1]


def _shown(report: Report, position: int, item: Evidence) -> ShownEvidence:
    return ShownEvidence(
        position=position,
        kind=item.kind.value,
        taken_at=item.taken_at,
        path=f"/reports/{report.id}/evidence/{position}",
    )


def votes_of(plate: PlateText) -> tuple[CharacterVote, ...]:
    """The plate, character by character."""
    return tuple(
        CharacterVote(character=character, confidence=confidence)
        for character, confidence in zip(plate.text, plate.confidences, strict=False)
    )


def times_of(report: Report) -> tuple[Moment, ...]:
    """The moments of a case that have come, in their order."""
    moments = (
        ("first_seen" if report.since_start else "arrived", report.arrived_at),
        ("parked", report.parked_at),
        ("violating", report.violating_at),
        ("departed", report.departed_at),
    )
    return tuple(Moment(key=key, at=at) for key, at in moments if at is not None)
