"""The whole check behind `gotcha verify`: chains against their anchors, records, and the evidence itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import Engine

from storage.anchors import Anchor
from storage.blob_store import BlobStore
from storage.evidence_check import verify_evidence
from storage.verification import Fault, Finding, RecordCheck, verify_records


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeCheck:
    """What was looked at, and all that was found, records before evidence."""

    records: RecordCheck
    findings: tuple[Finding, ...]

    @property
    def faults(self) -> tuple[Finding, ...]:
        """What was altered, removed or inserted: all but evidence that no record names."""
        return tuple(finding for finding in self.findings if finding.fault is not Fault.UNNAMED)


def verify_all(
    engine: Engine,
    evidence: BlobStore | None,
    *,
    anchors: Iterable[Anchor] = (),
    on_the_way: Callable[[], Collection[str]] = frozenset,
    progress: Callable[[int, int], None] = lambda _done, _in_all: None,
) -> WholeCheck:
    """Find whatever is not as it was stored; cameras and workers may go on meanwhile.

    Args:
        engine: of the database.
        evidence: where the evidence lies; None checks the records alone.
        anchors: ends of the chains that were written down before this call.
        on_the_way: keys of evidence whose reports are not stored yet, asked for in due time.
        progress: is told how many pieces of evidence have been hashed, of how many.

    Raises:
        StorageError: the database cannot be read.
        EvidenceError: the evidence cannot be reached.
    """
    # In the order a report takes, evidence first: what comes meanwhile belongs to records read later.
    listed = [] if evidence is None else list(evidence.blobs())
    waiting = on_the_way()
    records = verify_records(engine, anchors)
    findings = tuple(records.findings)
    if evidence is not None:
        findings += verify_evidence(records, evidence, listed, on_the_way=waiting, progress=progress)
    return WholeCheck(records=records, findings=findings)
