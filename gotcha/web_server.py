"""Serving the dashboard until told to stop."""

from __future__ import annotations

import contextlib
import gc
import logging
import socket
import sys
import threading
from collections.abc import Iterator

import uvicorn
from anyio import to_thread

from gotcha.config import Config
from gotcha.state_folder import prepare
from gotcha.web_wiring import opened_services
from jobs.embedded_redis import open_redis
from pipeline.errors import StorageError, WebError
from storage.sightings import SightingStore
from web.app import create_app

_log = logging.getLogger(__name__)

# Live pages hold their connections for as long as they are open; the end does not wait for them.
_GRACE_S = 1
_SWITCH_S = 0.001
_THREADS = 6
_TAKEN_AT_ONCE, _WAITING = 2, 128


def serve_alone(config: Config, stop: threading.Event) -> None:
    """What `gotcha web` does: the dashboard without cameras, until `stop` is set.

    Raises:
        WebError, StorageError, EvidenceError, QueueError: see `serve`.
    """
    prepare(config.state_dir)
    with open_redis(config.redis_url, config.state_dir, must_answer=False) as service:
        serve(config, service.url, stop)


def serve(config: Config, redis_url: str, stop: threading.Event) -> None:
    """Serve the dashboard until `stop` is set.

    Raises:
        WebError: the port is taken or may not be used.
        StorageError: the database cannot be opened or brought up to date.
        EvidenceError: the evidence folder or bucket cannot be used.
        QueueError: the address of Redis is wrong.
    """
    with (
        _listening(config.web.host, config.web.port) as listener,
        opened_services(config, redis_url) as services,
    ):
        host, port = listener.getsockname()[:2]
        address = config.web.public_url or f"http://{f'[{host}]' if ':' in host else host}:{port}"
        _log.info("the dashboard is at %s", address)
        if (setup := services.setup.path()) is not None:
            _log.warning("nobody can log in yet; whoever opens %s%s becomes the admin", address, setup)
        server = _Server(
            uvicorn.Config(
                create_app(services),
                log_config=None,
                access_log=False,
                server_header=False,
                backlog=_TAKEN_AT_ONCE,
                # Only a proxy on this machine is believed when it says whom it speaks for.
                proxy_headers=config.web.behind_tls,
                timeout_graceful_shutdown=_GRACE_S,
            )
        )
        threading.Thread(target=_warm, args=(services.sightings,), name="web-warm", daemon=True).start()
        threading.Thread(target=_end_with, args=(stop, server), name="web-stop", daemon=True).start()
        # What was made at the start stays: nobody needs to look through all of it again and again, while
        # twenty readers wait, for what could be thrown away.
        gc.collect()
        gc.freeze()
        # The loop that answers waits for the threads that work at most so long, not five times it.
        sys.setswitchinterval(_SWITCH_S)
        server.run(sockets=[listener])


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve; routes share so few threads that the loop, which all wait for, gets its turns."""
        to_thread.current_default_thread_limiter().total_tokens = _THREADS
        await super().startup(sockets)
        # `backlog` has two meanings in asyncio: how many may wait in the kernel, and how many are taken in
        # one go. Taken all in one go, a hundred keep everybody who is connected already waiting.
        for listener in sockets or ():
            listener.listen(_WAITING)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the program, which knows what else must end."""
        yield


def _end_with(stop: threading.Event, server: uvicorn.Server) -> None:
    stop.wait()
    server.should_exit = True


def _warm(sightings: SightingStore) -> None:
    """Nobody's first search waits for 100,000 sightings being read."""
    try:
        sightings.warm()
    except StorageError as error:
        _log.debug("what was seen is read with the first search: %s", error)


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, *_rest, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server(place, family=family, backlog=128)
        # Connections inherit it. asyncio sets it on sockets of its own making alone, and without it every
        # answer waits 40 ms for the other side's delayed acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        raise WebError(
            f"the dashboard cannot listen on {host} port {port} ({error.strerror or error}): "
            "end the program that has it, or set web.port to another"
        ) from error
