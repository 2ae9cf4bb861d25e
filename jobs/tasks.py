"""What a worker does for a job. The dotted names of these functions are a contract with queued jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from types import MappingProxyType

from jobs import receipts
from jobs.context import TaskContext, current
from jobs.payloads import decode
from jobs.receipts import Address, Verdict
from pipeline.errors import PayloadError, QueueError, StorageError, StorageUnavailableError
from pipeline.report import CameraEvent, Report

STORE_REPORT = "jobs.tasks.store_report"
STORE_CAMERA_EVENT = "jobs.tasks.store_camera_event"
RUN_ANALYSIS = "jobs.tasks.run_analysis"


def store_report(payload: str, answer_to: object) -> None:
    """Store one revision of a report, then answer its outbox.

    Args:
        payload: JSON of `jobs.payloads`.
        answer_to: JSON of `jobs.receipts.Address`.

    Raises:
        StorageUnavailableError: the database is away; the queue tries again later.
        PayloadError: there is no outbox to answer to.
    """
    _store(payload, Address.from_json(answer_to), Report)


def store_camera_event(payload: str, answer_to: object) -> None:
    """Store one camera event, then answer its outbox; as `store_report`."""
    _store(payload, Address.from_json(answer_to), CameraEvent)


def run_analysis(analysis_id: str) -> None:
    """Do an analysis of uploaded files; its row in the database says which, and takes the result.

    Raises:
        StorageUnavailableError: the database is away; the sweep brings the analysis again.
        QueueError: this worker has no models.
    """
    analyses = current().analyses
    if analyses is None:
        raise QueueError("this worker has no models; analyses are for the queues models and videos")
    analyses.run(analysis_id)


def _store(payload: str, address: Address, expected: type[Report | CameraEvent]) -> None:
    context = current()
    try:
        item = decode(payload)
        if not isinstance(item, expected):
            raise PayloadError(f"expected a {expected.__name__}, got a {type(item).__name__}")
        if isinstance(item, Report):
            with _settled(item, context) as report:
                context.store.apply(report, at=context.now(), by=context.worker)
        else:
            context.store.apply_camera_event(item)
    except StorageUnavailableError:
        raise
    except (PayloadError, StorageError) as error:
        # Trying again gives the same answer: the outbox keeps it among its dead letters.
        receipts.send(context.redis, address, Verdict.REFUSED, str(error))
    else:
        receipts.send(context.redis, address, Verdict.STORED)


def _settled(report: Report, context: TaskContext) -> AbstractContextManager[Report]:
    return nullcontext(report) if context.repeats is None else context.repeats.settled(report, context.redis)


ALLOWED: Mapping[str, Callable[..., None]] = MappingProxyType(
    {STORE_REPORT: store_report, STORE_CAMERA_EVENT: store_camera_event, RUN_ANALYSIS: run_analysis}
)
