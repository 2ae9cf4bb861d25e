"""Connects to Redis with limits on every wait, and turns its exceptions into ours, without passwords."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from pipeline.errors import QueueError

if TYPE_CHECKING:
    from redis import Redis

CONNECT_TIMEOUT_S = 3.0
ANSWER_TIMEOUT_S = 5.0
_SCHEMES = ("redis", "rediss", "unix")


def connect(url: str) -> Redis:
    """A client for `url`; nothing is sent yet.

    Args:
        url: `redis://[user:password@]host:port/0`, `rediss://...` (TLS) or `unix:///path/to.sock`.

    Raises:
        QueueError: the address is wrong.
    """
    scheme = url.partition("://")[0]
    if scheme not in _SCHEMES or "://" not in url:
        raise QueueError(
            "queue.url is not an address of Redis; write redis://host:6379/0 or unix:///path/redis.sock"
        )
    try:
        return redis.Redis.from_url(
            url,
            socket_connect_timeout=CONNECT_TIMEOUT_S,
            socket_timeout=ANSWER_TIMEOUT_S,
            # Our loops wait and try again themselves; a second layer would only make them slow to stop.
            retry=Retry(NoBackoff(), 0),
        )
    except (ValueError, redis.RedisError):
        raise QueueError(f"queue.url {redacted(url)} is not an address of Redis") from None


def ping(client: Redis, url: str) -> None:
    """Ask whether Redis answers.

    Raises:
        QueueError: it does not, or wants another password; says what to do.
    """
    with translated(url):
        client.ping()


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Turns the client's exceptions into QueueError."""
    try:
        yield
    except redis.AuthenticationError as error:
        raise QueueError(
            f"Redis at {redacted(url)} refuses the password: put the right one into queue.url"
        ) from error
    except redis.ConnectionError as error:
        raise QueueError(
            f"Redis at {redacted(url)} does not answer: start it, or remove queue.url to use the embedded one"
        ) from error
    except redis.RedisError as error:
        raise QueueError(f"Redis at {redacted(url)} refused: {_without_password(str(error), url)}") from error


def redacted(url: str) -> str:
    """The address without its password."""
    try:
        parts = urlsplit(url)
        if parts.password is None:
            return url
        place = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"{parts.username or ''}:***@{place}"))
    except ValueError:
        return "(unreadable)"


def _without_password(text: str, url: str) -> str:
    password = urlsplit(url).password
    return text.replace(password, "***") if password else text
