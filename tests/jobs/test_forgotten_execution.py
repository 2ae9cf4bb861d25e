"""A job whose worker was killed, after Redis has forgotten that execution."""

from __future__ import annotations

from redis import Redis
from rq.executions import Execution
from rq.job import JobStatus

from jobs.queues import AllowedJob, QueueName, open_queue
from jobs.tasks import STORE_REPORT


def test_a_job_can_be_ended_when_redis_has_forgotten_its_killed_execution(client: Redis) -> None:
    """Worker and Redis were killed together: the report was stored, and its job failed eight times over."""
    queue = open_queue(client, QueueName.LIGHT)
    job = queue.enqueue_call(STORE_REPORT, args=("{}", "{}"), job_id="a" * 32, result_ttl=0)
    assert isinstance(job, AllowedJob)
    with client.pipeline() as pipeline:
        killed = Execution.create(job, ttl=15, pipeline=pipeline)
        alive = Execution.create(job, ttl=15, pipeline=pipeline)
        pipeline.execute()
    client.delete(killed.key)
    assert [execution.id for execution in job.get_executions()] == [alive.id]
    job.set_status(JobStatus.FINISHED)
    job.cleanup(0)
    assert not client.exists(job.key)
    assert not client.exists(job.execution_registry.key)
