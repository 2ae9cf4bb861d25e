"""Finds the earlier accusation that a new one repeats, when the frame loop could not know of it.

A frame loop decides repeats by its own memory. That memory is lost with its disk, and two frame loops that
watch one street by mistake have two: the database is the one place that knows every accusation.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from jobs.camera_lock import camera_locked
from jobs.evidence_outage import OutageWatch
from pipeline.repeats import found_again, reported_vehicle
from pipeline.report import EvidenceStore, Report, ReportState
from pipeline.sights import Sights
from storage.place_history import PlaceHistory
from storage.ports import ReportStore

if TYPE_CHECKING:
    from redis import Redis

_log = logging.getLogger(__name__)

# A worker that is killed while it holds a camera's lock keeps the others waiting this long.
_LOCK_S = 20.0
_SIGHTS_KEPT = 16


class RepeatSearch:
    """Turns a final report into a duplicate when the database holds the same vehicle's accusation.

    Args:
        store: where reports are kept.
        history: of the same database.
        evidence: the photos, for vehicles whose plates do not tell.
        window_s: seconds since a vehicle was last seen in which finding it again is a repeat.
    """

    def __init__(
        self, *, store: ReportStore, history: PlaceHistory, evidence: EvidenceStore, window_s: float
    ) -> None:
        self._store = store
        self._history = history
        self._evidence = evidence
        self._window = timedelta(seconds=window_s)

    @contextmanager
    def settled(self, report: Report, client: Redis) -> Iterator[Report]:
        """The report as it is to be stored, within the `with` block.

        The lock makes search and storing one step among all workers: of two accusations of one vehicle that
        arrive at once, the second sees the first.

        Raises:
            StorageUnavailableError: the database, or another worker's lock; trying again later helps.
            EvidenceUnavailableError: the photos that would tell are out of reach; trying again later helps.
        """
        if report.state is ReportState.DUPLICATE:
            yield self._renamed(report)
            return
        if report.state is not ReportState.FINAL:
            yield report
            return
        known = self._store.get(report.id)
        if known is not None and known.report.duplicate_of is not None:
            # The frame loop goes on with the report it made; here its life went another way.
            yield _as_duplicate(report, known.report.duplicate_of)
        elif known is not None and known.report.state is ReportState.FINAL:
            yield report
        else:
            with camera_locked(client, "accusing", report.camera, longest_s=_LOCK_S):
                yield self._searched(report)

    def _searched(self, report: Report) -> Report:
        found = reported_vehicle(report, last_seen_at=report.last_seen_at)
        photos = OutageWatch(self._evidence)
        sights = Sights(store=photos, capacity=_SIGHTS_KEPT)
        near = self._history.accusations_near(report, self._window)
        # Of those that came later the first is next to it in time, of those before it the last.
        later = [one for one in near if one.arrived_at is not None and one.arrived_at > report.arrived_at]
        before = [one for one in near if one not in later]
        earlier = found_again(found, [*before, *reversed(later)], sights)
        if earlier is None:
            # Photos that could not be had were taken for those of another vehicle: a second accusation.
            photos.check()
            return report
        _log.warning(
            "report %s accuses the vehicle of report %s again: stored as its duplicate",
            report.id,
            earlier.report_id,
        )
        return _as_duplicate(report, earlier.report_id)

    def _renamed(self, report: Report) -> Report:
        # The report it names may have become a duplicate here: then both repeat the same one.
        named = None if report.duplicate_of is None else self._store.get(report.duplicate_of)
        if named is None or named.report.duplicate_of is None:
            return report
        return replace(report, duplicate_of=named.report.duplicate_of)


def _as_duplicate(report: Report, original: str) -> Report:
    return replace(report, state=ReportState.DUPLICATE, duplicate_of=original)
