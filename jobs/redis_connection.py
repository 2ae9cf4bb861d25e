"""Connects to Redis with limits on every wait, and turns its exceptions into ours, without passwords."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from pipeline.errors import QueueError

if TYPE_CHECKING:
    from redis import Redis

CONNECT_TIMEOUT_S = 3.0
ANSWER_TIMEOUT_S = 5.0
# The client takes every option as a parameter of the address too: unix://...?password=.
_SECRET = re.compile(r"((?:^|[&;])[a-z_-]*(?:pass(?:word|wd)?|pwd|token|secret|auth)=)[^&;]*", re.IGNORECASE)
_SCHEMES = ("redis", "rediss", "unix")


def connect(url: str, *, wait_s: float | None = None) -> Redis:
    """A client for `url`; nothing is sent yet.

    Args:
        url: `redis://[user:password@]host:port/0`, `rediss://...` (TLS) or `unix:///path/to.sock`.
        wait_s: longest wait for a connection and for an answer, seconds; by default 3 and 5.

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
            socket_connect_timeout=CONNECT_TIMEOUT_S if wait_s is None else wait_s,
            socket_timeout=ANSWER_TIMEOUT_S if wait_s is None else wait_s,
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
    """The address without its passwords."""
    try:
        parts = urlsplit(url)
        parts = parts._replace(query=_SECRET.sub(r"\1***", parts.query))
        if parts.password is not None:
            place = parts.netloc.rpartition("@")[2]
            parts = parts._replace(netloc=f"{parts.username or ''}:***@{place}")
        # urlunsplit writes unix:/path for unix:///path.
        return (
            urlunsplit(parts) if parts.netloc else f"{parts.scheme}://{urlunsplit(parts._replace(scheme=''))}"
        )
    except ValueError:
        return "(unreadable)"


def _without_password(text: str, url: str) -> str:
    parts = urlsplit(url)
    secrets = [parts.password or "", unquote(parts.password or "")]
    secrets += [value for name, value in parse_qsl(parts.query) if _SECRET.match(f"{name}=")]
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    return text
