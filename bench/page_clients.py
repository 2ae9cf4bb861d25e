"""Clients that ask a web server for pages, each the next one as soon as the last has come."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import re
from collections.abc import Sequence
from time import perf_counter
from urllib.parse import urlsplit

from pipeline.errors import WebError

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


def answer_times(
    address: str, token: str, paths: Sequence[str], *, clients: int, seconds: float
) -> list[float]:
    """How long each answer took until its last byte, ms, sorted; from a process that does nothing else.

    Args:
        address: of the server, http.
        token: for its Authorization header.
        paths: what is asked for, in random order.
        clients: how many ask at the same time, each over a connection of its own.
        seconds: for how long.

    Raises:
        WebError: an answer is not 200, or none came.
    """
    context = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[list[float] | str] = context.Queue()
    process = context.Process(target=_answer, args=(address, token, list(paths), clients, seconds, answers))
    process.start()
    try:
        found = answers.get(timeout=seconds * 4 + 60)
    finally:
        process.join(20)
    if isinstance(found, str):
        raise WebError(found)
    return sorted(found)


def _answer(
    address: str,
    token: str,
    paths: list[str],
    clients: int,
    seconds: float,
    answers: multiprocessing.Queue[list[float] | str],
) -> None:
    try:
        answers.put(asyncio.run(_ask_at_once(address, token, paths, clients, seconds)))
    except (WebError, OSError, EOFError) as error:
        answers.put(f"{address}: {error or type(error).__name__}")


async def _ask_at_once(
    address: str, token: str, paths: list[str], clients: int, seconds: float
) -> list[float]:
    asking = (_ask(address, token, paths, random.Random(number), seconds) for number in range(clients))
    return [time_ms for times_ms in await asyncio.gather(*asking) for time_ms in times_ms]


async def _ask(address: str, token: str, paths: list[str], rng: random.Random, seconds: float) -> list[float]:
    # No HTTP library: its work would be done by the same processor as the work that is measured.
    place = urlsplit(address)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    headers = f"Host: {place.netloc}\r\nAuthorization: Bearer {token}\r\nAccept: text/html\r\n\r\n"
    times_ms = []
    end = perf_counter() + seconds
    while (begun := perf_counter()) < end:
        writer.write(f"GET {rng.choice(paths)} HTTP/1.1\r\n{headers}".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if length is None or not head.startswith(b"HTTP/1.1 200 "):
            raise WebError(f"expected 200 and a length, got {head.splitlines()[0]!r}")
        await reader.readexactly(int(length[1]))
        times_ms.append((perf_counter() - begun) * 1000)
    writer.close()
    return times_ms
