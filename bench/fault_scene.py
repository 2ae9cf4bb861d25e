"""Starts the programs of `gotcha bench faults`, makes the faults, and starts again what was killed."""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.process import BaseProcess
from time import monotonic
from types import TracebackType
from typing import Self, cast

import redis

from bench.database_proxy import DatabaseProxy
from bench.fault_programs import Setting, forget, offer_all, work
from jobs.redis_connection import connect
from pipeline.errors import GotchaError

REDIS = "Redis killed, back with nothing"
WORKER = "worker killed in mid-job (SIGKILL)"
DATABASE = "database refuses connections for 5 s"
DISK = "evidence and outbox disk full for 5 s"
LOOP = "frame loop killed (SIGKILL), restarted"
OLD_MEMORY = "frame loop killed, restarted with an older memory"
FAULTS = (REDIS, WORKER, DATABASE, DISK, LOOP, OLD_MEMORY)

LASTS_S = 5.0
_WORKERS = 2
_FORGOTTEN = 5
_FIND_JOB_S = 20.0
_END_S = 300.0
_PAUSE_S = (0.5, 2.5)


class FaultScene:
    """Two workers and a frame loop on the queue and the database of a setting, while the `with` block lasts.

    Args:
        setting: where everything is.
        proxy: the door of the database.
        rng: decides order and moments of the faults.
    """

    def __init__(self, setting: Setting, proxy: DatabaseProxy, rng: random.Random) -> None:
        if not hasattr(resource, "prlimit"):
            raise GotchaError("the disk is filled by prlimit(2): run this benchmark on Linux")
        self.made: Counter[str] = Counter()
        self._setting = setting
        self._proxy = proxy
        self._rng = rng
        self._client = connect(setting.redis_url)
        self._wait = threading.Event()
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[BaseProcess] = []
        self._loop: BaseProcess | None = None
        self._make: dict[str, Callable[[], None]] = {
            REDIS: self._kill_redis,
            WORKER: self._kill_worker,
            DATABASE: self._shut_database,
            DISK: self._fill_disk,
            LOOP: self._kill_loop,
            OLD_MEMORY: self._kill_loop_and_forget,
        }

    def __enter__(self) -> Self:
        self._workers = [self._started(work) for _ in range(_WORKERS)]
        self._loop = self._started(offer_all)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in (*self._workers, *([] if self._loop is None else [self._loop])):
            process.kill()
            process.join()

    def play(self, rounds: int) -> None:
        """Make every fault `rounds` times, in random order, with pauses."""
        plan = list(FAULTS) * rounds
        self._rng.shuffle(plan)
        for fault in plan:
            self._wait.wait(self._rng.uniform(*_PAUSE_S))
            self._make[fault]()
            self.made[fault] += 1
            self._start_again()

    def wait_until_stored(self) -> None:
        """Wait until the frame loop has reported everything and all of it is stored.

        Raises:
            GotchaError: that takes minutes.
        """
        deadline = monotonic() + self._setting.vehicles / self._setting.a_second + _END_S
        while self._offering().exitcode != 0:
            if monotonic() > deadline:
                raise GotchaError("the frame loop has not come to its end: see how far the outbox is")
            self._start_again()
            self._wait.wait(0.2)

    def _offering(self) -> BaseProcess:
        assert self._loop is not None  # noqa: S101 - within the `with` block
        return self._loop

    def _start_again(self) -> None:
        self._workers = [one if one.is_alive() else self._started(work) for one in self._workers]
        if self._offering().exitcode not in (None, 0):
            self._loop = self._started(offer_all)

    def _started(self, what: Callable[[Setting], None]) -> BaseProcess:
        process = self._context.Process(target=what, args=(self._setting,), daemon=True)
        process.start()
        return process

    def _kill_redis(self) -> None:
        # Its keeper starts it again after a second; by then it has nothing to remember.
        with suppress(redis.RedisError):
            os.kill(int(self._client.info("server")["process_id"]), signal.SIGKILL)
        for file in (self._setting.folder / "redis").glob("*.aof"):
            file.unlink()

    def _kill_worker(self) -> None:
        """Kills a worker that is doing a job; waits for one to have one."""
        deadline = monotonic() + _FIND_JOB_S
        while monotonic() < deadline:
            with suppress(redis.RedisError):
                for process in self._workers:
                    if process.pid is not None and self._has_job(process.pid):
                        process.kill()
                        process.join()
                        return
            self._wait.wait(0.002)
        raise GotchaError(f"no worker took a job within {_FIND_JOB_S:g} s")

    def _has_job(self, pid: int) -> bool:
        keys = cast("list[bytes]", list(self._client.scan_iter(f"rq:worker:*-{pid}-*", count=1000)))
        return any(self._client.hget(key.decode(), "current_job") is not None for key in keys)

    def _shut_database(self) -> None:
        self._proxy.shut()
        self._wait.wait(LASTS_S)
        self._proxy.open()

    def _fill_disk(self) -> None:
        """No byte more in any file, for the frame loop's process (setrlimit(2), RLIMIT_FSIZE)."""
        with _limited(self._offering()):
            self._wait.wait(LASTS_S)

    def _kill_loop(self) -> None:
        self._offering().kill()
        self._offering().join()

    def _kill_loop_and_forget(self) -> None:
        self._kill_loop()
        forget(self._setting, _FORGOTTEN)


@contextmanager
def _limited(process: BaseProcess) -> Iterator[None]:
    pid = int(process.pid or 0)
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
