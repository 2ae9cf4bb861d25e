"""Compares what lies in the evidence store with what the records say lies there."""

from __future__ import annotations

from collections.abc import Callable, Collection

from pipeline.errors import EvidenceAlteredError, EvidenceError, EvidenceMissingError
from storage.blob_store import BlobStore, StoredBlob
from storage.record_hash import sha256
from storage.verification import Fault, Finding, RecordCheck


def verify_evidence(
    records: RecordCheck,
    store: BlobStore,
    listed: Collection[StoredBlob],
    *,
    on_the_way: Collection[str] = (),
    progress: Callable[[int, int], None] = lambda _done, _in_all: None,
) -> tuple[Finding, ...]:
    """Hash every piece of evidence, and name what no record names.

    Args:
        records: of `storage.verification.verify_records`.
        store: where the evidence lies.
        listed: what the store held before the records were read: what came later may belong to later ones.
        on_the_way: keys of evidence whose reports are not stored yet.
        progress: is told how many pieces have been hashed, of how many.

    Raises:
        EvidenceError: the store cannot be reached.
    """
    found: list[Finding] = []
    for number, (key, (digest, report_id)) in enumerate(sorted(records.evidence.items()), start=1):
        subject, of = f"evidence {key}", f"of report {report_id}"
        try:
            data = store.get(key)
        except EvidenceMissingError:
            found.append(Finding(fault=Fault.MISSING, subject=subject, text=f"{of}: nothing is there"))
        except EvidenceAlteredError as error:
            found.append(Finding(fault=Fault.ALTERED, subject=subject, text=f"{of}: {error}"))
        else:
            if sha256(data) != digest:
                text = f"{of}: its SHA-256 is not the one that was stored with the report"
                found.append(Finding(fault=Fault.ALTERED, subject=subject, text=text))
        progress(number, len(records.evidence))
    known = records.evidence.keys() | records.doomed | set(on_the_way)
    for blob in listed:
        if blob.key not in known and (fault := _unnamed(store, blob.key)) is not None:
            text = f"no record names it (written {blob.modified_at:%Y-%m-%d %H:%M:%S} UTC)"
            found.append(Finding(fault=fault, subject=f"evidence {blob.key}", text=text))
    return tuple(found)


def _unnamed(store: BlobStore, key: str) -> Fault | None:
    """What is to be said of a piece that no record names; None: it has gone meanwhile."""
    try:
        store.get(key)
    except EvidenceMissingError:
        # Its report has expired since the store was listed.
        return None
    except EvidenceError:
        # Its name is none of ours, or not that of its content: Gotcha did not write it.
        return Fault.INSERTED
    return Fault.UNNAMED
