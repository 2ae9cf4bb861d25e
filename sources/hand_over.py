"""The only object two threads share: a bounded hand-over from a producing thread to a consuming one."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from pipeline.errors import InvalidValueError

T = TypeVar("T")

# How soon a waiting consumer notices a stop event that nobody told the hand-over about, seconds.
_POLL_S = 0.1


class HandOver(Generic[T]):
    """Bounded queue with an end.

    Args:
        capacity: how many items may wait.
        drop_oldest: True drops the oldest when full and counts it; False lets the producer wait.
        inherit: makes the successor of a dropped item from both, for what must not get lost with it.
    """

    def __init__(
        self, *, capacity: int, drop_oldest: bool, inherit: Callable[[T, T], T] | None = None
    ) -> None:
        if capacity < 1:
            raise InvalidValueError(f"expected a capacity of at least 1, got {capacity}")
        self._items: deque[T] = deque()
        self._capacity = capacity
        self._drop_oldest = drop_oldest
        self._inherit = inherit
        self._changed = threading.Condition()
        self._finished = False
        self._closed = False
        self._error: BaseException | None = None
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """How many items were dropped because the consumer was too slow."""
        with self._changed:
            return self._dropped

    def put(self, item: T) -> bool:
        """Hands `item` over; waits or drops when full. False once the consumer has gone."""
        with self._changed:
            while not self._drop_oldest and len(self._items) >= self._capacity and not self._closed:
                self._changed.wait()
            if self._closed:
                return False
            self._items.append(item)
            if len(self._items) > self._capacity:
                gone = self._items.popleft()
                self._dropped += 1
                if self._inherit is not None:
                    self._items[0] = self._inherit(gone, self._items[0])
            self._changed.notify_all()
            return True

    def finish(self, error: BaseException | None = None) -> None:
        """The producer is done; the consumer gets what waits, then the end or `error`."""
        with self._changed:
            self._finished = True
            self._error = error
            self._changed.notify_all()

    def close(self) -> None:
        """The consumer has gone: what waits is dropped and a waiting producer wakes."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()

    def items(self, stop: threading.Event) -> Iterator[T]:
        """What the producer puts, until it finishes, or at once until `stop` is set.

        Raises:
            BaseException: what the producer gave to `finish`, after the last item.
        """
        while not stop.is_set():
            with self._changed:
                if not self._items:
                    if self._closed or self._finished:
                        break
                    self._changed.wait(_POLL_S)
                    continue
                item = self._items.popleft()
                self._changed.notify_all()
            yield item
        error, self._error = self._error, None
        if error is not None and not stop.is_set():
            raise error


# Gets the place to put items and the event that says the consumer has gone.
Produce = Callable[[HandOver[T], threading.Event], None]


def in_thread(
    produce: Produce[T],
    stop: threading.Event,
    hand_over: HandOver[T],
    *,
    name: str,
    interrupt: Callable[[], None] | None = None,
    join_s: float = 1.0,
) -> Iterator[T]:
    """Items of `produce`, which runs in a thread of its own as long as the iterator lives.

    A library call that blocks cannot be woken by an event: the consumer leaves at once, `interrupt` cuts
    what can be cut, and a thread that still blocks ends with its read timeout (it is a daemon).

    Raises:
        BaseException: what `produce` raised.
    """

    def run(ending: threading.Event) -> None:
        try:
            produce(hand_over, ending)
        except BaseException as error:  # noqa: BLE001 - a thread's border: the consumer raises it
            hand_over.finish(error)
        else:
            hand_over.finish()

    with beside(run, name=name, join_s=join_s) as ending:
        try:
            yield from hand_over.items(stop)
        finally:
            hand_over.close()
            # Before the interruption, which else looks like a fault of the camera.
            ending.set()
            if interrupt is not None:
                interrupt()


@contextmanager
def beside(
    run: Callable[[threading.Event], None], *, name: str, join_s: float = 1.0
) -> Iterator[threading.Event]:
    """Runs `run` in a thread while the block lasts; its event, given here too, is set at the block's end."""
    ending = threading.Event()
    thread = threading.Thread(target=run, args=(ending,), name=name, daemon=True)
    thread.start()
    try:
        yield ending
    finally:
        ending.set()
        thread.join(join_s)
