"""Stores the reports of an analysis in the worker that made them: its row is redone until they are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from datetime import datetime
from typing import TYPE_CHECKING

from jobs.context import utc_now
from jobs.repeat_search import RepeatSearch
from pipeline.report import Report
from storage.ports import ReportStore

if TYPE_CHECKING:
    from redis import Redis


class ReportKeeper:
    """Puts reports where those of the cameras are, and settles repeats as with theirs.

    Args:
        store: where reports are kept.
        client: of the queue's Redis, for the lock among workers.
        repeats: finds the accusations that a new one repeats; None stores every report as it comes.
        by: who stores them, for the history.
        now: the clock, aware UTC.
    """

    def __init__(
        self,
        store: ReportStore,
        client: Redis,
        *,
        repeats: RepeatSearch | None,
        by: str,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._client = client
        self._repeats = repeats
        self._by = by
        self._now = now

    def keep(self, revisions: Iterable[Report]) -> None:
        """Store revisions in their order; those that are stored already change nothing.

        Raises:
            StorageUnavailableError: the database, or another worker's lock; trying again later helps.
            EvidenceUnavailableError: the photos that tell a repeat are out of reach; the same.
            StorageError: it refuses one of them.
        """
        for revision in revisions:
            settled = (
                nullcontext(revision)
                if self._repeats is None
                else self._repeats.settled(revision, self._client)
            )
            with settled as report:
                self._store.apply(report, at=self._now(), by=self._by)
