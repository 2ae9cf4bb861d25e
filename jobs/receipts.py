"""What a worker answers an outbox, through a Redis list per outbox: stored, refused, or failed for now."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, cast

from pipeline.errors import PayloadError

if TYPE_CHECKING:
    from redis import Redis

_KEEP_S = 7 * 24 * 3600
_BATCH = 500
_REASON_LIMIT = 500


class Verdict(StrEnum):
    """What became of a payload: stored, refused for good, or failed and worth another try."""

    STORED = "stored"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a worker answers: which outbox, about which revision of which item. Travels with the job."""

    outbox: str
    id: str
    revision: int

    def to_json(self) -> dict[str, str | int]:
        return {"outbox": self.outbox, "id": self.id, "revision": self.revision}

    @staticmethod
    def from_json(value: object) -> Address:
        """The address in a job's arguments.

        Raises:
            PayloadError: it is none.
        """
        match value:
            case {"outbox": str(outbox), "id": str(item_id), "revision": int(revision)}:
                return Address(outbox=outbox, id=item_id, revision=revision)
        raise PayloadError("the job names no outbox to answer to: it was not queued by Gotcha's dispatcher")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The answer about one revision of one item."""

    id: str
    revision: int
    verdict: Verdict
    reason: str


def send(client: Redis, address: Address, verdict: Verdict, reason: str = "") -> None:
    """Answer. Sent after the database has committed; a lost answer costs a second delivery, nothing else."""
    answer = {
        "id": address.id,
        "revision": address.revision,
        "verdict": verdict.value,
        "reason": reason[:_REASON_LIMIT],
    }
    with client.pipeline() as pipeline:
        pipeline.rpush(_key(address.outbox), json.dumps(answer))
        # An outbox that never comes back leaves nothing behind for ever.
        pipeline.expire(_key(address.outbox), _KEEP_S)
        pipeline.execute()


def take(client: Redis, outbox: str) -> tuple[Receipt, ...]:
    """The answers that have come since the last time, oldest first; what is no answer is dropped."""
    found = cast("list[bytes] | None", client.lpop(_key(outbox), _BATCH)) or []
    return tuple(receipt for raw in found if (receipt := _parse(raw)) is not None)


def _parse(raw: bytes) -> Receipt | None:
    try:
        match json.loads(raw):
            case {
                "id": str(item_id),
                "revision": int(revision),
                "verdict": str(verdict),
                "reason": str(reason),
            }:
                return Receipt(id=item_id, revision=revision, verdict=Verdict(verdict), reason=reason)
    except ValueError:
        return None
    return None


def _key(outbox: str) -> str:
    return f"gotcha:receipts:{outbox}"
