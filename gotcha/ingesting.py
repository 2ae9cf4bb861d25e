"""Working through an inbox of bucket notices: nothing is lost, done twice, or in the way of the rest."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from gotcha.beside import beside
from jobs.bucket_notices import BucketNotice, read_notices
from jobs.notice_taking import NoticeTaker, TakenFile, Taking
from pipeline.errors import (
    GotchaError,
    PayloadError,
    SourceError,
    SourceOpenError,
    StorageUnavailableError,
    UploadError,
)
from sources.sqs_inbox import InboxMessage, SqsInbox

_log = logging.getLogger(__name__)

_AWAY_S = (1.0, 30.0)
# A message that failed waits so long, times its deliveries, before it is tried again.
_AGAIN_S = 5


class Ingest:
    """Takes in what an inbox tells of, one message after the other.

    A message is deleted only after the analysis of each of its files is stored. While database, disk or
    bucket are away, the messages in hand are held and tried in place: their deliveries, which lead to the
    dead-letter queue, count the faults of messages, not ours.

    Args:
        inbox: the queue.
        taker: takes in the files.
        attempts: deliveries after which a message that fails goes to the dead-letter queue.
    """

    def __init__(self, inbox: SqsInbox, taker: NoticeTaker, *, attempts: int) -> None:
        self._inbox = inbox
        self._taker = taker
        self._attempts = attempts
        self._in_hand: list[InboxMessage] = []

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; messages in hand are given back then."""
        away_s = _AWAY_S[0]
        while not stop.is_set():
            try:
                messages = self._inbox.receive()
                away_s = _AWAY_S[0]
            except SourceError as error:
                _log.warning("%s; next try in %g s", error, away_s)
                stop.wait(away_s)
                away_s = min(2 * away_s, _AWAY_S[1])
                continue
            if messages:
                self._work(messages, stop)

    def _work(self, messages: tuple[InboxMessage, ...], stop: threading.Event) -> None:
        self._in_hand = list(messages)
        with self._held():
            for message in messages:
                try:
                    if not stop.is_set():
                        self._handle(message, stop)
                    if message in self._in_hand:
                        self._let_go(message)
                        self._inbox.extend(message, 0)
                except SourceError as error:
                    _log.warning("%s; the message comes again", error)
                    self._let_go(message)

    def _let_go(self, message: InboxMessage) -> None:
        """Hold a message no longer: its end is near, and nothing must come after that."""
        if message in self._in_hand:
            self._in_hand.remove(message)

    def _handle(self, message: InboxMessage, stop: threading.Event) -> None:
        """Do one message to its end; it stays in hand when `stop` comes first.

        Raises:
            SourceError: the queue does not answer.
        """
        try:
            notices = read_notices(message.body)
        except PayloadError as error:
            self._bury(message, str(error))
            return
        refused: list[TakenFile] = []
        for notice in notices:
            try:
                taken = self._taken(notice, stop)
            except GotchaError as error:
                self._failed(message, f"{notice}: {error}")
                return
            except Exception as error:  # noqa: BLE001 - a message's border: the next one may be fine
                _log.exception("%s met an unexpected error", notice)
                self._failed(message, f"{notice}: {type(error).__name__}")
                return
            if taken is None:
                return
            if taken.taking is Taking.REFUSED:
                refused.append(taken)
        if refused:
            self._bury(message, "; ".join(f"{one.notice}: {one.reason}" for one in refused))
        else:
            self._let_go(message)
            self._inbox.delete(message)

    def _taken(self, notice: BucketNotice, stop: threading.Event) -> TakenFile | None:
        """What became of a file; waits for what is away, and is None when `stop` came first.

        Raises:
            GotchaError: this file cannot be had.
        """
        away_s = _AWAY_S[0]
        while not stop.is_set():
            try:
                return self._taker.take(notice)
            except (SourceOpenError, StorageUnavailableError, UploadError) as error:
                _log.warning("%s waits: %s", notice, error)
                stop.wait(away_s)
                away_s = min(2 * away_s, _AWAY_S[1])
        return None

    def _failed(self, message: InboxMessage, reason: str) -> None:
        self._let_go(message)
        if message.deliveries >= self._attempts:
            self._bury(message, reason)
            return
        _log.warning("%s; delivery %d of %d", reason, message.deliveries, self._attempts)
        self._inbox.extend(message, _AGAIN_S * message.deliveries)

    def _bury(self, message: InboxMessage, reason: str) -> None:
        self._let_go(message)
        _log.warning("a message goes to the dead-letter queue: %s", reason)
        self._inbox.bury(message, reason)

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Keep the messages that are still in hand from others while the block lasts."""

        def extend(done: threading.Event) -> None:
            while not done.wait(self._inbox.visibility_s / 3):
                for message in tuple(self._in_hand):
                    try:
                        self._inbox.extend(message)
                    except SourceError as error:
                        _log.warning("a message could not be held: %s", error)

        with beside("inbox-hold", extend, patience_s=None):
            yield
