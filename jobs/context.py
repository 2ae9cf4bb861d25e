"""What tasks work with. A job carries JSON only; stores and models reach it through here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipeline.errors import QueueError
from storage.ports import ReportStore

if TYPE_CHECKING:
    from redis import Redis

    from jobs.analyses import AnalysisRunner
    from jobs.repeat_search import RepeatSearch


def utc_now() -> datetime:
    """The time, aware UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContext:
    """What a worker gives to its tasks.

    Attributes:
        store: where reports are kept.
        redis: to answer the outbox.
        worker: the worker's name, for the history.
        repeats: finds the accusations that a new one repeats; None stores every report as it comes.
        analyses: does analyses of files; None where no models are.
        now: the clock, aware UTC.
    """

    store: ReportStore
    redis: Redis
    worker: str
    repeats: RepeatSearch | None = None
    analyses: AnalysisRunner | None = None
    now: Callable[[], datetime] = utc_now


# Per thread, so that several workers can run in one process.
_current: ContextVar[TaskContext] = ContextVar("task_context")


@contextmanager
def given(context: TaskContext) -> Iterator[None]:
    """Tasks that run within get `context`."""
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> TaskContext:
    """The context of the worker that runs this task.

    Raises:
        QueueError: no worker runs this.
    """
    try:
        return _current.get()
    except LookupError:
        raise QueueError("a task runs only in a Gotcha worker, which gives it a store") from None
