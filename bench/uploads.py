"""100 photos at once from 10 clients: whether any is lost, what it takes, and whether the API goes on.

gotcha bench uploads [--uploads 100] [--clients 10] [--pictures DIR]

The dashboard's process and one worker on the queue of models are started as users start them, with a database
of their own; every photo is sent to `POST /photos` at once, each client over its own connections. Meanwhile
`GET /health` is asked again and again. The photos are drawn (1280x720, each with noise of its own) or the
JPEGs of a folder. Memory is the most that each process ever held, and what the dashboard held before.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from time import monotonic

import httpx
import numpy as np
from PIL import ExifTags
from PIL import Image as PillowImage
from rich.console import Console
from rich.table import Table

from jobs.embedded_redis import open_redis
from storage.account_values import Login, Role
from storage.api_keys import SqlApiKeys
from storage.database import open_database

_ADDRESS = "the dashboard is at "
_START_S, _END_S = 90.0, 400.0
_TAKEN = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
_HEALTH_MS = 200.0
_GATE = "cameras: {gate: {kind: webcam}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """An upload: the id of its analysis, and seconds from the common start to its answer."""

    analysis_id: str
    answered_s: float


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="gotcha bench uploads")
    parser.add_argument("--uploads", type=int, default=100)
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--pictures", type=Path, help="a folder of JPEGs; by default they are drawn")
    wanted = parser.parse_args(arguments)
    photos = _photos(wanted.uploads, wanted.pictures)
    with tempfile.TemporaryDirectory(prefix="gotcha-uploads-") as folder, _program(Path(folder)) as program:
        return _measure(program, photos, wanted.clients)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Program:
    """The running program: its address, a key, and its processes."""

    url: str
    key: str
    web: int
    worker: int


def _measure(program: _Program, photos: list[bytes], clients: int) -> int:
    headers = {"X-API-Key": program.key}
    before_mb = _memory_mb(program.web, "VmRSS")
    spawn = multiprocessing.get_context("spawn")
    stop, (answer, end) = spawn.Event(), spawn.Pipe()
    watcher = spawn.Process(target=_ask_health, args=(program.url, stop, end))
    watcher.start()
    answer.recv()
    began_s = monotonic()
    with ExitStack() as stack:
        senders = [
            stack.enter_context(httpx.Client(base_url=program.url, headers=headers, timeout=300.0))
            for _ in range(clients)
        ]
        with ThreadPoolExecutor(len(photos)) as pool:
            sent = list(
                pool.map(
                    lambda one: _send(senders[one[0] % clients], one[1], one[0], began_s), enumerate(photos)
                )
            )
        accepted_s = monotonic() - began_s
        states = _wait(senders[0], [one.analysis_id for one in sent])
    done_s = monotonic() - began_s
    stop.set()
    took_ms: list[float] = answer.recv()
    watcher.join()
    _print(program, photos, sent, states, (accepted_s, done_s), before_mb, took_ms)
    lost = len(photos) - sum(state == "completed" for state in states.values())
    return int(lost > 0 or max(took_ms) > _HEALTH_MS)


def _print(
    program: _Program,
    photos: list[bytes],
    sent: list[_Sent],
    states: dict[str, str],
    seconds: tuple[float, float],
    before_mb: float,
    took_ms: list[float],
) -> None:
    answers = [one.answered_s for one in sent]
    completed = sum(state == "completed" for state in states.values())
    table = Table("figure", "value", title=f"{len(photos)} photos at once")
    table.add_row("sent", f"{len(photos)}, {sum(map(len, photos)) / 1e6:.1f} MB")
    table.add_row("analyses completed", f"{completed} of {len(states)} ({len(photos) - completed} lost)")
    table.add_row("answered after", f"median {statistics.median(answers):.2f} s, all {seconds[0]:.2f} s")
    table.add_row("analysed after", f"{seconds[1]:.1f} s")
    table.add_row(
        "memory of the dashboard",
        f"{before_mb:.0f} MB before, {_memory_mb(program.web, 'VmHWM'):.0f} MB at most",
    )
    table.add_row("memory of the worker", f"{_memory_mb(program.worker, 'VmHWM'):.0f} MB at most")
    table.add_row(
        "/health meanwhile",
        f"median {statistics.median(took_ms):.1f} ms, worst {max(took_ms):.1f} ms of {len(took_ms)}",
    )
    Console().print(table)


def _ask_health(url: str, stop: Event, answer: Connection) -> None:
    """Ask for `/health` until `stop` is set, then tell how long each answer took, milliseconds.

    In a process of its own: 100 threads that send photos would make a measuring one wait for its turn.
    """
    took_ms: list[float] = []
    with httpx.Client(base_url=url, timeout=60.0) as client:
        while not stop.wait(0.02):
            began_s = monotonic()
            client.get("/health").raise_for_status()
            took_ms.append(1000 * (monotonic() - began_s))
            if len(took_ms) == 1:
                answer.send("begun")
    answer.send(took_ms)


def _send(client: httpx.Client, photo: bytes, number: int, began_s: float) -> _Sent:
    answer = client.post("/photos", files={"file": (f"{number}.jpg", photo, "image/jpeg")})
    answer.raise_for_status()
    return _Sent(analysis_id=answer.json()["id"], answered_s=monotonic() - began_s)


def _wait(client: httpx.Client, ids: list[str]) -> dict[str, str]:
    """The last state of each analysis."""
    states: dict[str, str] = {}
    deadline_s, waiting = monotonic() + _END_S, threading.Event()
    while len(states) < len(set(ids)) and monotonic() < deadline_s:
        for one in client.get("/analyses?limit=1000").raise_for_status().json():
            if one["state"] in ("completed", "failed", "cancelled") and one["id"] in ids:
                states[one["id"]] = one["state"]
        waiting.wait(0.5)
    return states | {one: "lost" for one in ids if one not in states}


@contextmanager
def _program(folder: Path) -> Iterator[_Program]:
    with open_redis(None, folder / "redis") as service:
        database = f"sqlite:///{folder / 'gotcha.db'}"
        (folder / "config.yaml").write_text(
            f'state_dir: var\nqueue: {{url: "{service.url}"}}\ndatabase: {{url: "{database}"}}\n'
            f"web: {{port: 0}}\n{_GATE}\n"
        )
        engine = open_database(database)
        key = SqlApiKeys(engine).add(Login(name="bench", role=Role.OPERATOR, cameras=None), at=_TAKEN)
        engine.dispose()
        web = _started(folder, "web")
        worker = _started(folder, "worker", "--queue", "models")
        try:
            yield _Program(url=_address(web), key=key, web=web.pid, worker=worker.pid)
        finally:
            for process in (web, worker):
                process.terminate()
            for process in (web, worker):
                process.communicate(timeout=60)


def _started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    program = "from gotcha.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", program, "--config", str(folder / "config.yaml"), *arguments],
        stderr=subprocess.PIPE if arguments[0] == "web" else subprocess.DEVNULL,
        text=True,
    )


def _address(web: subprocess.Popen[str]) -> str:
    assert web.stderr is not None  # noqa: S101 - it was opened above
    deadline_s = monotonic() + _START_S
    for line in web.stderr:
        if _ADDRESS in line:
            threading.Thread(target=web.stderr.read, daemon=True).start()
            return line.partition(_ADDRESS)[2].strip()
        if monotonic() > deadline_s:
            break
    raise RuntimeError("the dashboard did not say its address")


def _photos(number: int, folder: Path | None) -> list[bytes]:
    if folder is not None:
        found = sorted(folder.glob("*.jp*g"))[:number]
        if len(found) < number:
            raise SystemExit(f"expected {number} JPEGs in {folder}, got {len(found)}")
        return [path.read_bytes() for path in found]
    random = np.random.default_rng(1)
    photos = []
    for index in range(number):
        image = random.normal(122, 30, (720, 1280, 3)).clip(0, 255).astype(np.uint8)
        exif = PillowImage.Exif()
        taken = (_TAKEN + timedelta(seconds=index)).strftime("%Y:%m:%d %H:%M:%S")
        exif[ExifTags.IFD.Exif] = {36867: taken, 36881: "+00:00"}
        file = io.BytesIO()
        PillowImage.fromarray(image).save(file, "JPEG", quality=90, exif=exif)
        photos.append(file.getvalue())
    return photos


def _memory_mb(process: int, field: str) -> float:
    """A field of a process's memory, MB: VmRSS what it holds, VmHWM the most it ever held."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1000
    raise RuntimeError(f"/proc says no {field} of process {process}")
