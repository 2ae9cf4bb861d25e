"""The dashboard of `gotcha web` in a process of its own, and a login to it."""

from __future__ import annotations

import multiprocessing
import secrets
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import httpx
import psutil  # type: ignore[import-untyped]

from gotcha.config import parse_config
from gotcha.web_server import serve_alone
from pipeline.errors import WebError
from storage.account_values import Login, Role
from storage.database import open_database
from storage.users import SqlUsers
from web.passwords import hash_password

_START_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedDashboard:
    """A dashboard that runs.

    Attributes:
        address: where.
        token: an admin's access token.
        process: its id.
    """

    address: str
    token: str
    process: int

    def cpu_s(self) -> float:
        """Processor time of its process so far, seconds; a database server's is not in it."""
        used = psutil.Process(self.process).cpu_times()
        return float(used.user + used.system)


@contextmanager
def serving(folder: Path, database_url: str) -> Iterator[ServedDashboard]:
    """A dashboard on a database, while the block lasts.

    Args:
        folder: for its state; made.
        database_url: the database.

    Raises:
        WebError: it did not begin to answer.
    """
    # A database that is used again knows the user of the time before.
    name, password = f"bench-{secrets.token_hex(4)}", secrets.token_urlsafe(24)
    engine = open_database(database_url)
    SqlUsers(engine).add(Login(name=name, role=Role.ADMIN), hash_password(password), at=datetime.now(UTC))
    engine.dispose()
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(str(folder), database_url, port)
    )
    process.start()
    try:
        yield ServedDashboard(
            address=address, token=_token(address, name, password), process=int(process.pid or 0)
        )
    finally:
        process.terminate()
        process.join(20)


def _token(address: str, name: str, password: str) -> str:
    deadline = monotonic() + _START_S
    while monotonic() < deadline:
        try:
            answer = httpx.post(
                f"{address}/auth/token", data={"username": name, "password": password}, timeout=20
            )
        except httpx.TransportError:
            threading.Event().wait(0.2)
            continue
        return str(answer.raise_for_status().json()["access_token"])
    raise WebError(f"the dashboard did not answer at {address} within {_START_S:g} s")


def _serve(folder: str, database_url: str, port: int) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    text = f"state_dir: {folder}\nweb: {{port: {port}}}\ndatabase: {{url: '${{DATABASE}}'}}\n"
    cameras = "".join(
        f"  camera-{number}: {{kind: stills, url: 'http://127.0.0.1:1/x.jpg'}}\n" for number in range(20)
    )
    serve_alone(parse_config(f"{text}cameras:\n{cameras}", environment={"DATABASE": database_url}), stop)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
