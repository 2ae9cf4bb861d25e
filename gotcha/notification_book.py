"""Who is told of what, in the configuration file: read, written back, and tried out."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import Engine

from gotcha.config import Config
from gotcha.config_file import ConfigFile
from gotcha.config_notifications import NotificationsConfig
from gotcha.notifying import senders_of, webhook_key
from gotcha.section_change import checked, write_section
from pipeline.errors import NotificationError
from storage.notifications import Channel, SqlNotifications
from web.notification_services import NotificationSheet


class FileNotifications:
    """The section `notifications` of a file; processes may share it.

    Args:
        file: the configuration.
        engine: of the database that notifications wait in.
        now: the clock, aware UTC.
    """

    def __init__(self, file: ConfigFile, engine: Engine, now: Callable[[], datetime]) -> None:
        self._file = file
        self._notifications = SqlNotifications(engine)
        self._now = now

    def read(self) -> NotificationSheet:
        """What holds, defaults filled in.

        Raises:
            ConfigError: the file cannot be read.
        """
        text, revision = self._file.read()
        config = self._file.parsed(text)
        waiting, error = self._notifications.waiting()
        return NotificationSheet(
            revision=revision,
            values=config.notifications.model_dump(mode="json"),
            key=webhook_key(config),
            waiting=waiting,
            error=error,
        )

    def write(self, values: Mapping[str, JsonValue], revision: str) -> NotificationSheet:
        """Put these values into the file; they hold within seconds.

        Raises:
            InvalidValueError: a value is wrong; says which.
            ConfigChangedError: the file is another one by now.
            ConfigError: the file cannot be read or written, or is not written one key a line.
        """
        rules = checked(NotificationsConfig, values)
        defaults = NotificationsConfig().model_dump(mode="json")
        wanted = rules.model_dump(mode="json")

        def said(before: Config) -> dict[str, JsonValue]:
            standing = before.notifications.model_dump(mode="json", exclude_unset=True)
            # What is as it would be anyway is written only where it stands already.
            return {key: value for key, value in wanted.items() if key in standing or value != defaults[key]}

        write_section(self._file, "notifications", rules, said, revision)
        return self.read()

    def test(self, channel: str) -> None:
        """Send a test over a channel as it is configured now.

        Raises:
            NotificationError: it is not configured, or was not taken; says why.
            ConfigError: the file cannot be read.
        """
        config = self._file.parsed(self._file.read()[0])
        sender = senders_of(config).get(Channel(channel))
        if sender is None:
            raise NotificationError(f"the channel {channel} is not configured; save it first")
        body = {"event": "test", "text": "this is a test: notifications arrive"}
        sender.send(secrets.token_hex(16), body, self._now())
