"""The queues, their workers and dead letters, for the on-call engineer and for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict

from jobs.outbox import ItemKind, ItemState
from jobs.queue_board import JobPlace, QueueBoard
from jobs.queues import QueueName
from pipeline.errors import JobNotFoundError
from web.security import Caller, Right, require
from web.services import WebServices, services_of

router = APIRouter(prefix="/api/queue", tags=["queue"])

Admin = Annotated[Caller, Depends(require(Right.ADMIN))]
Services = Annotated[WebServices, Depends(services_of)]


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class JobOut(_Out):
    """One job; `payload` holds what the report or analysis says, `trouble` the end of its traceback."""

    id: str
    queue: QueueName
    place: JobPlace
    function: str
    payload: str
    trouble: str
    enqueued_at: datetime | None
    due_at: datetime | None
    retries_left: int
    worker: str


class WorkerOut(_Out):
    """One worker that lives."""

    name: str
    queues: tuple[str, ...]
    state: str
    job: str
    since: datetime | None
    done: int
    failed: int


class DeadLetterOut(_Out):
    """A report or camera event that was refused for good and waits for a person."""

    id: str
    revision: int
    kind: ItemKind
    reason: str
    failures: int


class Revived(BaseModel):
    """How many revisions were put back in line."""

    revived: int


@router.get("/workers")
def workers(_caller: Admin, services: Services) -> list[WorkerOut]:
    """The workers that live."""
    return [WorkerOut.model_validate(one) for one in QueueBoard(services.redis).workers()]


@router.get("/jobs")
def jobs(
    _caller: Admin,
    services: Services,
    place: JobPlace = JobPlace.FAILED,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[JobOut]:
    """The jobs at a place, oldest first, at most `limit` of each queue."""
    return [JobOut.model_validate(one) for one in QueueBoard(services.redis).jobs(place, limit=limit)]


@router.get("/jobs/{job_id}")
def job(job_id: str, _caller: Admin, services: Services) -> JobOut:
    """One job."""
    return JobOut.model_validate(QueueBoard(services.redis).job(job_id))


@router.post("/jobs/{job_id}/retry", status_code=204)
def retry(job_id: str, _caller: Admin, services: Services) -> None:
    """Put a failed job back in line."""
    QueueBoard(services.redis).retry(job_id)


@router.delete("/jobs/{job_id}", status_code=204)
def delete(job_id: str, _caller: Admin, services: Services) -> None:
    """Take a job that nobody runs out of the queue; what is not stored yet is queued again by itself."""
    QueueBoard(services.redis).delete(job_id)


@router.get("/dead-letters")
def dead_letters(
    _caller: Admin, services: Services, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> list[DeadLetterOut]:
    """What was refused for good and waits in the outbox of this machine, oldest first."""
    found = services.outbox.items(state=ItemState.DEAD, limit=limit)
    return [DeadLetterOut.model_validate(item) for item in found]


@router.post("/dead-letters/{item_id}/retry")
def revive(item_id: str, _caller: Admin, services: Services) -> Revived:
    """Put a dead letter back in line, once its cause is mended."""
    count = services.outbox.revive(item_id)
    if not count:
        raise JobNotFoundError(f"no dead letter has the id {item_id}")
    return Revived(revived=count)


@router.post("/dead-letters/retry")
def revive_all(_caller: Admin, services: Services) -> Revived:
    """Put all dead letters back in line."""
    return Revived(revived=services.outbox.revive())
