"""The queues by name, and how a queue of ours is opened."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from rq import Queue
from rq.executions import Execution, ExecutionRegistry
from rq.job import Job
from rq.serializers import JSONSerializer

from jobs.queue_name import QueueName as QueueName
from jobs.tasks import ALLOWED
from pipeline.errors import PayloadError

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis import Redis


class _KnownExecutions(ExecutionRegistry):
    """The executions of a job that Redis still has.

    RQ keeps the id of an execution a minute longer than the execution itself and raises on what is gone: for
    that minute, a job whose worker was killed was done again and then called failed, time after time.
    """

    def get_executions(self, start: int = 0, end: int = -1) -> list[Execution]:
        found: list[Execution] = []
        for execution_id in self.get_execution_ids(start, end):
            # RQ's word for "not found".
            with suppress(ValueError):
                found.append(Execution.fetch(execution_id, self.job_id, self.connection))
        return found


class AllowedJob(Job):
    """A job that can run the functions of `jobs.tasks.ALLOWED` and nothing else.

    RQ runs whatever dotted name lies in Redis: as the function, as a callback, or as a web address to call.
    Who can write to Redis would so run anything; here a name is looked up in a table, never imported.
    """

    @property
    def func(self) -> Callable[..., None]:
        """The function of this job.

        Raises:
            PayloadError: it is not on the list.
        """
        name = self.func_name
        if name is None or name not in ALLOWED or self.instance is not None:
            raise PayloadError(
                f"the job {self.id} asks for {name!r}, which is not on the list of allowed functions"
                f" ({', '.join(ALLOWED)}); who else writes to this Redis?"
            )
        return ALLOWED[name]

    @property
    def execution_registry(self) -> ExecutionRegistry:
        return _KnownExecutions(self.id, connection=self.connection)

    def execute_success_callback(self, *_arguments: Any) -> None:
        """We queue no callbacks."""

    def execute_failure_callback(self, *_arguments: Any) -> None:
        """We queue no callbacks."""

    def execute_stopped_callback(self, *_arguments: Any) -> None:
        """We queue no callbacks."""

    def send_webhooks(self, *_arguments: Any, **_named: Any) -> None:
        """We queue no web addresses."""


def open_queue(client: Redis, name: QueueName) -> Queue:
    """The queue `name`: JSON instead of RQ's pickle, which runs code from Redis."""
    return Queue(name.value, connection=client, serializer=JSONSerializer, job_class=AllowedJob)
