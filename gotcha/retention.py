"""Nothing is kept longer than allowed: the purge, once an hour and on demand."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from sqlalchemy import Engine

from gotcha.config import Config
from gotcha.config_services import RetentionConfig
from gotcha.dead_letters import BY, OUTBOX, expire_dead_letters
from gotcha.evidence_wiring import evidence_on_the_way, open_evidence
from gotcha.hourly import hourly
from gotcha.settings_in_force import SettingsInForce
from pipeline.errors import EvidenceError
from pipeline.report import ReportState
from storage.access_log import Access, AccessAction, SqlAccessLog
from storage.blob_store import BlobStore, StoredBlob
from storage.evidence_keys import camera_folder, is_evidence_key
from storage.retention import DueReport, SqlRetention

_log = logging.getLogger(__name__)

_SWEEP_EVERY = 24
_AT_ONCE = 500
# Evidence in a folder can be deleted only by a machine that has the folder; a worker elsewhere finds nothing
# and leaves the key to it for so long.
_LEFT_TO_OTHERS = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeResult:
    """What a purge did, or in a dry run would do.

    Attributes:
        expired: reports, by the state they were in.
        evidence: pieces of their evidence that were deleted.
        unnamed: pieces that no report ever named (the program was killed before it could).
        waiting: pieces that are still to be deleted: their store did not answer, or has them elsewhere.
        dead_letters: of this machine's outbox, that were never stored.
        log_entries: of the access log.
    """

    expired: Mapping[ReportState, int]
    evidence: int
    unnamed: int
    waiting: int
    dead_letters: int = 0
    log_entries: int = 0


class Purge:
    """Deletes what `retention` allows no longer.

    Args:
        rules: the days.
        retention: the database's side.
        evidence: where the evidence lies.
        log: whose old entries go, and where it is written down what else went than reports.
        outbox: the file of this machine's outbox.
    """

    def __init__(
        self,
        rules: RetentionConfig,
        retention: SqlRetention,
        evidence: BlobStore,
        log: SqlAccessLog,
        outbox: Path,
    ) -> None:
        self._rules = rules
        self._retention = retention
        self._evidence = evidence
        self._log = log
        self._outbox = outbox

    def due(self, now: datetime) -> Iterator[DueReport]:
        """The reports that have expired at `now`, oldest first."""
        offset = 0
        while page := self._retention.due(self._before(now), _AT_ONCE, offset):
            yield from page
            offset += len(page)

    def unnamed(self, now: datetime, on_the_way: Collection[str]) -> Iterator[StoredBlob]:
        """Evidence older than a temporary report or a dead letter may become, which no report names.

        Dead letters of other machines are not known here. Only of cameras and times of which this database
        was already keeping the records: what another database names, or named before this one was begun, is
        not ours to delete.
        """
        before = now - timedelta(days=max(self._rules.temporary_days, self._rules.dead_letter_days))
        since = self._retention.recorded_since()
        old = (
            blob
            for blob in self._evidence.blobs()
            if is_evidence_key(blob.key)
            and blob.key not in on_the_way
            and since.get(camera_folder(blob.key), now) < blob.modified_at < before
        )
        while batch := list(islice(old, _AT_ONCE)):
            left = self._retention.unnamed({blob.key for blob in batch})
            yield from (blob for blob in batch if blob.key in left)

    def run(self, now: datetime, *, on_the_way: Collection[str] | None = None) -> PurgeResult:
        """Expire reports, then delete their evidence; what fails is done by the next purge.

        Args:
            now: aware UTC.
            on_the_way: keys of evidence whose reports are not stored yet; None leaves unnamed evidence
                alone.

        Raises:
            StorageError: the database refuses.
            QueueError: the outbox cannot be opened.
        """
        expired: Counter[ReportState] = Counter()
        while batch := self._retention.due(self._before(now), _AT_ONCE):
            done = [report for report in batch if self._expire(report, now)]
            expired.update(report.state for report in done)
            if not done:
                # Another purge is at the same ones, or they were moved on just now.
                break
        evidence, unnamed = 0, 0
        try:
            evidence = self._delete_doomed(now)
            if on_the_way is not None:
                unnamed = self._delete_unnamed(now, on_the_way)
        except EvidenceError as error:
            _log.warning("evidence of expired reports waits to be deleted: %s", error)
        log_days = self._rules.access_log_days
        entries = self._log.expire(self._log_before(now), at=now, by=BY, why=f"kept {log_days} days")
        letters = expire_dead_letters(self._outbox, self._rules.dead_letter_days, self._log, now)
        return PurgeResult(
            expired=dict(expired),
            evidence=evidence,
            unnamed=unnamed,
            waiting=len(self._retention.doomed()),
            dead_letters=letters,
            log_entries=entries,
        )

    def due_by_state(self, now: datetime) -> Mapping[ReportState, int]:
        """How many reports have expired at `now`, by their state."""
        return self._retention.count_due(self._before(now))

    def log_entries(self, now: datetime) -> int:
        """How many entries of the access log have expired at `now`."""
        return self._log.older_than(self._log_before(now))

    def _log_before(self, now: datetime) -> datetime:
        # Whole days, so that the entry that says so is written once a day and not at each purge.
        oldest = now - timedelta(days=self._rules.access_log_days)
        return oldest.replace(hour=0, minute=0, second=0, microsecond=0)

    def _before(self, now: datetime) -> dict[ReportState, datetime]:
        return {state: now - timedelta(days=days) for state, days in _days(self._rules).items()}

    def _expire(self, report: DueReport, now: datetime) -> bool:
        why = (
            f"kept {_days(self._rules)[report.state]} days as {report.state.value}; deleted with its evidence"
        )
        return self._retention.expire(report, at=now, by=BY, why=why)

    def _delete_doomed(self, now: datetime) -> int:
        deleted = 0
        for key, since in self._retention.doomed():
            there = self._evidence.delete(key)
            deleted += there
            if there or now - since > _LEFT_TO_OTHERS:
                self._retention.strike_off([key])
        return deleted

    def _delete_unnamed(self, now: datetime, on_the_way: Collection[str]) -> int:
        deleted = 0
        for blob in self.unnamed(now, on_the_way):
            detail = f"no report names it; written {blob.modified_at:%Y-%m-%d %H:%M:%S} UTC"
            self._log.record(Access(at=now, who=BY, action=AccessAction.PURGE, key=blob.key, detail=detail))
            deleted += self._evidence.delete(blob.key)
        return deleted


def _days(rules: RetentionConfig) -> dict[ReportState, int]:
    return {
        ReportState.TEMPORARY: rules.temporary_days,
        ReportState.DUPLICATE: rules.duplicate_days,
        ReportState.REJECTED: rules.rejected_days,
        ReportState.FINAL: rules.final_days,
        ReportState.EXPORTED: rules.final_days,
    }


def open_purge(config: Config, engine: Engine) -> Purge:
    """The purge of a configuration.

    Raises:
        EvidenceError: the evidence cannot be reached.
    """
    return Purge(
        config.retention,
        SqlRetention(engine),
        open_evidence(config),
        SqlAccessLog(engine),
        config.state_dir / OUTBOX,
    )


@contextmanager
def purging_hourly(config: Config, engine: Engine) -> Iterator[None]:
    """Purges once an hour while the block runs, in a thread; unnamed evidence once a day.

    Days that are changed in the configuration's file hold from the next purge on. Several programs may do so
    at once: each report is expired by one of them.
    """
    rounds, settings = 0, SettingsInForce(config)

    def purge() -> None:
        nonlocal rounds
        sweeping = rounds % _SWEEP_EVERY == 0
        on_the_way = evidence_on_the_way(config) if sweeping else None
        done = open_purge(settings.current(), engine).run(datetime.now(UTC), on_the_way=on_the_way)
        rounds += 1
        if done.expired or done.unnamed or done.dead_letters or done.log_entries:
            _log.info("%s", summary(done))

    with hourly("purge", purge):
        yield


def summary(result: PurgeResult) -> str:
    """One sentence for people."""
    states = ", ".join(f"{count} {state.value}" for state, count in sorted(result.expired.items()))
    text = f"{sum(result.expired.values())} reports expired ({states or 'none'})"
    text += f", {result.evidence} pieces of evidence deleted"
    if result.unnamed:
        text += f", {result.unnamed} more that no report named"
    if result.dead_letters:
        text += f", {result.dead_letters} dead letters"
    if result.log_entries:
        text += f", {result.log_entries} entries of the access log"
    return text + (f", {result.waiting} still to be deleted" if result.waiting else "")
