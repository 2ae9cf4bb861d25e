import random
import threading

import pytest

from pipeline.errors import (
    InvalidValueError,
    SourceError,
    SourceOpenError,
    SourcePermanentError,
    SourceStalledError,
)
from sources.clocks import Clocks
from sources.notifier import Notifier
from sources.reconnect import Backoff, Connections, RetryOptions
from tests.sources.media import Notices


def test_waits_double_with_jitter_up_to_a_minute_and_begin_anew_after_a_healthy_one() -> None:
    backoff = Backoff(RetryOptions(), random.Random(1))
    waits = [backoff.wait_s(0.0) for _ in range(9)]
    for wait_s, whole_s in zip(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60], strict=True):
        assert whole_s / 2 <= wait_s <= whole_s
    assert backoff.wait_s(59.0) >= 30.0
    assert backoff.wait_s(61.0) <= 1.0
    assert len({Backoff(RetryOptions()).wait_s(0.0) for _ in range(20)}) > 10


class Ending(threading.Event):
    """Remembers the waits it is asked for and waits for none."""

    def __init__(self, rounds: int) -> None:
        super().__init__()
        self.waits: list[float] = []
        self.rounds = rounds

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        if len(self.waits) >= self.rounds:
            self.set()
        return self.is_set()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (SourceOpenError("away"), "lost"),
        (SourceStalledError("silent"), "stalled"),
        (SourcePermanentError("401"), "refused"),
        (None, "lost"),
    ],
)
def test_a_failure_that_stays_is_said_once(error: SourceError | None, kind: str) -> None:
    notices, ending = Notices(), Ending(4)

    def connection() -> None:
        if error is not None:
            raise error

    Connections(Notifier("c", notices, Clocks()), RetryOptions(), Clocks()).run(connection, ending)
    assert notices.kinds() == [kind]
    assert (ending.waits == [300.0] * 4) == (kind == "refused")
    assert max(ending.waits) <= 8.0 or kind == "refused"


def test_each_loss_after_a_connection_is_said() -> None:
    notices = Notices()
    connections = Connections(Notifier("c", notices, Clocks()), RetryOptions(), Clocks())
    connections.run(lambda: connections.connected("sends"), Ending(2))
    assert notices.kinds() == ["connected", "lost", "connected", "lost"]


def test_absurd_waits_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="first_s <= longest_s"):
        RetryOptions(first_s=5.0, longest_s=1.0)
