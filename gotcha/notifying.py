"""Telling people of what happens, wired to the configuration: beside a worker, in a thread."""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from functools import partial
from itertools import chain

import redis
from sqlalchemy import Engine

from gotcha.beside import beside, outlasting
from gotcha.config import Config
from gotcha.notification_letter import letter
from gotcha.settings_in_force import SettingsInForce
from gotcha.signing_key import signing_key
from jobs.camera_status import StatusBoard
from jobs.context import utc_now
from jobs.notifier import Happened, Notifier, silent_cameras
from jobs.notify_channels import Mail, Sender, Webhook
from jobs.outbox import Outbox
from jobs.redis_connection import connect
from pipeline.errors import QueueError
from storage.notifications import Channel, SqlNotifications
from storage.report_store import SqlReportStore

_log = logging.getLogger(__name__)

PASSWORD = "GOTCHA_SMTP_PASSWORD"  # noqa: S105 - the name of the variable
EVERY_S = 5.0


def webhook_key(config: Config) -> str:
    """What signs the messages to the webhook, 64 hex digits; made of the site's signing key.

    Raises:
        StorageError: the signing key cannot be used.
    """
    return hmac.new(signing_key(config), b"notifications", hashlib.sha256).hexdigest()


def senders_of(config: Config) -> dict[Channel, Sender]:
    """The channels that are on.

    Raises:
        StorageError: the signing key cannot be used.
    """
    wanted = config.notifications
    found: dict[Channel, Sender] = {}
    if wanted.webhook_url is not None:
        found[Channel.WEBHOOK] = Webhook(url=wanted.webhook_url, key=webhook_key(config))
    if wanted.email_to and wanted.email_host is not None:
        found[Channel.EMAIL] = Mail(
            host=wanted.email_host,
            port=wanted.email_port,
            security=wanted.email_security,
            user=wanted.email_user,
            password=os.environ.get(PASSWORD, ""),
            sender=wanted.email_from,
            recipients=wanted.email_to,
            letter=partial(letter, config=config),
        )
    return found


class NotifyRound:
    """One look at what is new, and one try at what is due.

    Args:
        config: as it was loaded; changes of its file hold at once.
        engine: of the database.
        client: of the queue's Redis.
        outbox: what this machine could not store.
        now: the clock, aware UTC.
    """

    def __init__(
        self,
        config: Config,
        engine: Engine,
        client: redis.Redis,
        outbox: Outbox,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._settings = SettingsInForce(config)
        self._notifications = SqlNotifications(engine)
        self._notifier = Notifier(self._notifications, SqlReportStore(engine), now)
        self._client, self._outbox, self._now = client, outbox, now
        # Another program may have told of reports before this one began.
        self._told = True

    def run(self) -> int:
        """Look and try; how many arrived.

        Raises:
            StorageError: the database does not answer, or the signing key cannot be used.
        """
        config = self._settings.current()
        wanted = config.notifications
        tells = wanted.on and "report" in wanted.events
        if self._told and not tells:
            self._notifications.forget_mark()
        self._told = tells
        if not wanted.on:
            # What waits is given up: weeks later it would be news of weeks ago.
            return self._notifier.deliver({})
        senders = senders_of(config)
        found: list[Iterator[Happened]] = []
        if "report" in wanted.events:
            found.append(self._notifier.finals(plates=wanted.include_plates, address=config.web.public_url))
        if "camera" in wanted.events:
            found += [self._notifier.changed_views(config.cameras), self._silent(config)]
        if "dead_letters" in wanted.events:
            found.append(self._refused())
        self._notifier.note(chain.from_iterable(found), senders)
        return self._notifier.deliver(senders)

    def _silent(self, config: Config) -> Iterator[Happened]:
        try:
            statuses = StatusBoard(self._client).read(config.cameras)
        except QueueError as error:
            _log.debug("nothing is known of the cameras: %s", error)
            return
        yield from silent_cameras(statuses, self._now())

    def _refused(self) -> Iterator[Happened]:
        try:
            dead = self._outbox.dead()
        except QueueError as error:
            # Reports are told of nevertheless.
            _log.warning("whether records were refused is not known now: %s", error)
            return
        if not dead:
            return
        # One message for each new letter that is the newest: not one for each of a thousand at once.
        number = len(dead)
        names: Mapping[str, str] = {
            "event": "dead_letters",
            "number": str(number),
            "text": f"{number} records could not be stored: see Queue on the dashboard, or `gotcha queue`",
        }
        newest = max(dead, key=lambda item: item.offered_at)
        yield Happened(name=f"dead/{newest.id}/{newest.revision}", report_id=None, body=names)


@contextmanager
def notifying(config: Config, engine: Engine, redis_url: str, every_s: float = EVERY_S) -> Iterator[None]:
    """Tells people while the block runs, in a thread: a mail server that hangs holds nothing else up."""
    waits, failed = "notifications wait: %s", "a round of notifications failed"

    def rounds(stop: threading.Event) -> None:
        with closing(connect(redis_url)) as client, closing(Outbox(config.state_dir / "outbox.db")) as outbox:
            one = NotifyRound(config, engine, client, outbox)
            while not stop.wait(every_s):
                with outlasting(_log, waits, failed):
                    one.run()

    def work(stop: threading.Event) -> None:
        while not stop.wait(every_s):
            # A disk that is full now has room later.
            with outlasting(_log, waits, failed):
                rounds(stop)

    with beside("notifications", work):
        yield
