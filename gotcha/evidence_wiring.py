"""Where the evidence of a configuration lies."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator

from gotcha.config import Config
from pipeline.errors import QueueError
from storage.blob_store import BlobStore
from storage.evidence_folder import EvidenceFolder


def open_evidence(config: Config) -> BlobStore:
    """The folder or bucket of `config`.

    Raises:
        EvidenceError: it cannot be used; says what to do.
    """
    wanted = config.evidence.s3
    if wanted is None:
        return EvidenceFolder(config.evidence_dir)
    # Imported when asked for: boto3 takes a third of a second, which a folder should not cost.
    from storage.evidence_bucket import BucketAddress, EvidenceBucket

    return EvidenceBucket(
        BucketAddress(
            bucket=wanted.bucket, prefix=wanted.prefix, endpoint=wanted.endpoint, region=wanted.region
        )
    )


def evidence_on_the_way(config: Config) -> frozenset[str]:
    """Keys of evidence whose reports are not stored yet: in the memory of this machine's cameras, and in its
    outbox.

    A running camera writes its memory down every ten seconds; what is younger is not known here.

    Raises:
        QueueError: the outbox or a memory cannot be read.
    """
    # In the order a report takes, so that none slips from one place to the next unseen.
    keys: set[str] = set()
    for path in sorted((config.state_dir / "memory").glob("*.json")):
        try:
            keys.update(_keys(json.loads(path.read_bytes())))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            raise QueueError(f"the memory {path} cannot be read: {error}") from error
    outbox = config.state_dir / "outbox.db"
    if outbox.exists():
        try:
            connection = sqlite3.connect(f"{outbox.absolute().as_uri()}?mode=ro", uri=True, timeout=10.0)
            try:
                for (payload,) in connection.execute("SELECT payload FROM items"):
                    keys.update(_keys(json.loads(payload)))
            finally:
                connection.close()
        except (sqlite3.Error, ValueError) as error:
            raise QueueError(f"the outbox {outbox} cannot be read: {error}") from error
    return frozenset(keys)


def _keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        key = value.get("key")
        if isinstance(key, str):
            yield key
        for inner in value.values():
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)
