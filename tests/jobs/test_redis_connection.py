"""What is said about an address of Redis never shows its password, wherever the address carries it."""

from __future__ import annotations

import pytest
import redis

from jobs.redis_connection import connect, ping, redacted, translated
from pipeline.errors import QueueError


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://h:6379/0", "redis://h:6379/0"),
        ("redis://u:hunter2@h:6379/0", "redis://u:***@h:6379/0"),
        ("redis://h/0?password=hunter2", "redis://h/0?password=***"),
        ("redis://u:hunter2@h/0?ssl_password=hunter2&db=1", "redis://u:***@h/0?ssl_password=***&db=1"),
        ("unix:///run/redis.sock?password=hunter2", "unix:///run/redis.sock?password=***"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock"),
    ],
)
def test_an_address_is_shown_without_its_passwords(url: str, expected: str) -> None:
    assert redacted(url) == expected


@pytest.mark.parametrize("url", ["redis://:hunter2@h/0", "redis://h/0?password=hunter2"])
def test_what_redis_answers_is_said_without_the_password(url: str) -> None:
    with pytest.raises(QueueError, match="refused") as caught, translated(url):
        raise redis.ResponseError("wrong number of arguments for AUTH hunter2")
    assert "hunter2" not in str(caught.value)


def test_a_redis_that_is_away_is_said_without_the_password() -> None:
    url = "unix:///nowhere/redis.sock?password=hunter2"
    with pytest.raises(QueueError, match="does not answer") as caught:
        ping(connect(url), url)
    assert "hunter2" not in str(caught.value)
