"""How much waits in the queues, and who works on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import redis
from rq import worker_registration
from rq.registry import FailedJobRegistry

from jobs.queues import AllowedJob, QueueName, open_queue
from pipeline.errors import QueueError

if TYPE_CHECKING:
    from redis import Redis


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFigures:
    """One queue: jobs that wait, jobs that failed, workers that live."""

    name: QueueName
    waiting: int
    failed: int
    workers: int


def queue_figures(client: Redis) -> tuple[QueueFigures, ...]:
    """Every queue.

    Raises:
        QueueError: Redis is away.
    """
    try:
        return tuple(_figures(client, name) for name in QueueName)
    except redis.RedisError as error:
        raise QueueError(f"the queues cannot be looked at: Redis does not answer ({error})") from error


def _figures(client: Redis, name: QueueName) -> QueueFigures:
    queue = open_queue(client, name)
    failed = FailedJobRegistry(queue=queue, job_class=AllowedJob)
    # A worker that was killed stays on RQ's list for a minute; its key is gone before.
    keys = sorted(worker_registration.get_keys(queue=queue))
    return QueueFigures(
        name=name,
        waiting=queue.count,
        failed=len(failed.get_job_ids(cleanup=False)),
        workers=client.exists(*keys) if keys else 0,
    )
