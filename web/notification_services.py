"""What the settings of notifications work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from pydantic import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationSheet:
    """Who is told of what, as the API answers.

    Attributes:
        revision: of the configuration; a change says which one it was made for.
        values: by the key of config.yaml, such as `webhook_url`.
        key: signs what is posted to the webhook; its receiver needs it.
        waiting: how many are still to be sent.
        error: why the last one that failed did not arrive, "" when all did.
    """

    revision: str
    values: Mapping[str, JsonValue]
    key: str
    waiting: int
    error: str


class NotificationBook(Protocol):
    """Reads and writes who is told of what; checks it as the configuration is checked."""

    def read(self) -> NotificationSheet:
        """What holds.

        Raises:
            ConfigError: it cannot be read.
        """
        ...

    def write(self, values: Mapping[str, JsonValue], revision: str) -> NotificationSheet:
        """Tell so from now on.

        Raises:
            InvalidValueError: a value is wrong.
            ConfigChangedError: the configuration is another one by now.
            ConfigError: it cannot be written.
        """
        ...

    def test(self, channel: str) -> None:
        """Send a test over a channel, webhook or email.

        Raises:
            NotificationError: it is not configured, or was not taken.
        """
        ...
