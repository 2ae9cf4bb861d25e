"""One try at an analysis: taken from the database, worked on, and ended there, whatever happens to Redis."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from time import monotonic
from typing import Protocol

import redis

from jobs.context import utc_now
from pipeline.errors import (
    EvidenceUnavailableError,
    GotchaError,
    QueueError,
    StorageError,
    StorageUnavailableError,
    UploadUnavailableError,
)
from storage.analyses import Analysis, AnalysisState, Progress
from storage.analysis_store import AnalysisStore

_log = logging.getLogger(__name__)

CLAIM_S = 20.0
RENEW_EVERY_S = 3.0
_LOOK_S = 0.2
AWAY_WAIT_S = 15.0
# A video is analysed from its begin again, and may find out late that its evidence is still away: after a try
# that took long it waits as long, so that an outage of hours costs half of the processor at most.
_LONG_TRY_S, _LONGEST_WAIT_S = 15.0, 600.0
_AWAY = (
    StorageUnavailableError,
    UploadUnavailableError,
    EvidenceUnavailableError,
    QueueError,
    redis.RedisError,
)
# The database may be away just when a try has ended: the work of hours is not thrown away for that at once.
_TELL_FOR_S, _TELL_EVERY_S = 600.0, (0.5, 15.0)
# A file that takes its worker with it (out of memory, a crash in a decoder) is given up after so many.
MAX_ATTEMPTS = 3


class AnalysisInterrupted(GotchaError):  # noqa: N818  (no error: the work is to be put down)
    """An analysis put its work down because it was told to stop."""


class AnalysisControl:
    """What an analysis hears and says while it runs.

    Attributes:
        stop: set when it shall put its work down: cancelled, its worker ends, or another has taken it over.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._progress = Progress()

    @property
    def progress(self) -> Progress:
        """What it said last."""
        return self._progress

    def advance(self, progress: Progress) -> None:
        """Say how far it is; cheap, may be called for each frame."""
        self._progress = progress

    def check(self) -> None:
        """To be called now and then by work that knows no `stop`.

        Raises:
            AnalysisInterrupted: it shall put its work down.
        """
        if self.stop.is_set():
            raise AnalysisInterrupted("the analysis was told to stop")


class Analyzer(Protocol):
    """Does the work of an analysis, with models that only `gotcha` can open."""

    def analyze(self, analysis: Analysis, control: AnalysisControl) -> str:
        """The result as JSON text. Done twice, it stores what one time stores.

        Raises:
            AnalysisInterrupted: `control.stop` was set before it was done.
            StorageUnavailableError, UploadUnavailableError, EvidenceUnavailableError: database, folder or
                bucket is away or full; it is tried again later.
            GotchaError: the files cannot be analysed; says why in one sentence.
        """
        ...


class AnalysisRunner:
    """Runs analyses for a worker.

    Args:
        store: where they are.
        analyzer: does the work.
        stop: the worker's; an analysis that is not done then is put back in line.
        now: the clock, aware UTC.
        patience: an analysis fails when what it needs has been away for so long; its files are kept.
    """

    def __init__(
        self,
        store: AnalysisStore,
        analyzer: Analyzer,
        stop: threading.Event,
        now: Callable[[], datetime] = utc_now,
        *,
        patience: timedelta = timedelta(days=1),
    ) -> None:
        self._store = store
        self._analyzer = analyzer
        self._stop = stop
        self._now = now
        self._patience = patience

    def run(self, analysis_id: str) -> None:
        """Do one analysis; nothing where it has ended, or another worker holds it.

        Raises:
            StorageUnavailableError: the database is away, at the end of the work for over ten minutes; the
                sweep brings the analysis again.
        """
        claim = secrets.token_hex(16)
        now = self._now()
        analysis = self._store.begin(analysis_id, claim=claim, at=now, until=now + timedelta(seconds=CLAIM_S))
        if analysis is None:
            return
        if analysis.attempts > MAX_ATTEMPTS:
            sentence = f"the analysis was given up: its worker ended {MAX_ATTEMPTS} times in the middle of it"
            self._store.fail(analysis_id, claim=claim, at=now, error=sentence)
            return
        control = AnalysisControl()
        with self._held(analysis_id, claim, control) as hold:
            try:
                result = self._analyzer.analyze(analysis, control)
            except AnalysisInterrupted:
                hold.end()
                self._put_down(analysis_id, claim, hold)
            except _AWAY as error:
                hold.end()
                self._wait(analysis, claim, error, tried=self._now() - now)
            except GotchaError as error:
                hold.end()
                self._fail(analysis_id, claim, str(error))
            except Exception as error:  # noqa: BLE001  (a task's boundary: the worker goes on with the next)
                hold.end()
                _log.exception("analysis %s met an unexpected error", analysis_id)
                sentence = f"an unexpected error, which is a bug of Gotcha's: {type(error).__name__}"
                self._fail(analysis_id, claim, sentence)
            else:
                hold.end()
                whole_s = control.progress.whole_s
                done = self._told(
                    lambda: self._store.complete(
                        analysis_id, claim=claim, at=self._now(), result=result, whole_s=whole_s
                    )
                )
                if not done:
                    _log.warning("analysis %s was taken over by another worker", analysis_id)

    def _wait(self, analysis: Analysis, claim: str, away: Exception, *, tried: timedelta) -> None:
        at = self._now()
        since = analysis.waiting_since or at
        if at - since >= self._patience:
            sentence = (
                f"given up, as what it needs has been away since {since:%Y-%m-%d %H:%M} UTC: {away}; once"
                " that is mended, begin it again or send the same files again"
            )
            _log.error("analysis %s is %s", analysis.id, sentence)
            self._fail(analysis.id, claim, sentence, waited_since=since)
            return
        _log.warning("analysis %s waits for what is away: %s", analysis.id, away)
        self._told(
            lambda: self._store.release(
                analysis.id,
                claim=claim,
                not_before=at + _away_wait(tried),
                why=f"it waits: {away}",
                waiting_since=since,
            )
        )

    def _fail(self, analysis_id: str, claim: str, why: str, *, waited_since: datetime | None = None) -> None:
        self._told(
            lambda: self._store.fail(
                analysis_id, claim=claim, at=self._now(), error=why, waited_since=waited_since
            )
        )

    def _told(self, tell: Callable[[], bool]) -> bool:
        """What `tell` answers; while the database is away it is tried again for a while, or until the end.

        Raises:
            StorageUnavailableError: it did not come back.
        """
        until_s, (pause_s, longest_s) = monotonic() + _TELL_FOR_S, _TELL_EVERY_S
        while True:
            try:
                return tell()
            except StorageUnavailableError as error:
                if monotonic() > until_s or self._stop.wait(pause_s):
                    raise
                _log.warning("the end of an analysis waits for the database: %s", error)
                pause_s = min(2 * pause_s, longest_s)

    def _put_down(self, analysis_id: str, claim: str, hold: _Hold) -> None:
        if hold.cancelled:
            self._told(lambda: self._store.cancelled(analysis_id, claim=claim, at=self._now()))
        else:
            # Without effect where another has taken it over.
            self._told(lambda: self._store.release(analysis_id, claim=claim))

    @contextmanager
    def _held(self, analysis_id: str, claim: str, control: AnalysisControl) -> Iterator[_Hold]:
        hold = _Hold(self._store, analysis_id, claim, control, self._stop, self._now)
        try:
            yield hold
        finally:
            hold.end()


def _away_wait(tried: timedelta) -> timedelta:
    tried_s = tried.total_seconds()
    return timedelta(seconds=AWAY_WAIT_S if tried_s <= _LONG_TRY_S else min(tried_s, _LONGEST_WAIT_S))


class _Hold:
    """Renews the claim on an analysis while it is worked on, in a thread, and hears whether to go on."""

    def __init__(
        self,
        store: AnalysisStore,
        analysis_id: str,
        claim: str,
        control: AnalysisControl,
        worker_stops: threading.Event,
        now: Callable[[], datetime],
    ) -> None:
        self.cancelled = False
        self._store, self._id, self._claim = store, analysis_id, claim
        self._control, self._worker_stops, self._now = control, worker_stops, now
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="analysis-claim", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Renew no more; when this returns, nothing of it comes after."""
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        left = 0.0
        while not self._done.wait(_LOOK_S):
            if self._worker_stops.is_set():
                self._control.stop.set()
            left -= _LOOK_S
            if left <= 0.0:
                left = RENEW_EVERY_S
                self._renew()

    def _renew(self) -> None:
        try:
            state = self._store.renew(
                self._id,
                claim=self._claim,
                until=self._now() + timedelta(seconds=CLAIM_S),
                progress=self._control.progress,
            )
        except StorageError as error:
            _log.warning("the claim on analysis %s could not be renewed: %s", self._id, error)
            return
        self.cancelled = state is AnalysisState.CANCELLED
        if state is not AnalysisState.PROCESSING:
            self._control.stop.set()
