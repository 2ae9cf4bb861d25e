"""An asyncio server in a thread of its own, on free ports of the loopback interface."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Sequence

_log = logging.getLogger(__name__)

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class ServerThread:
    """Serves one port per handler between `start` and `stop`.

    Args:
        name: the thread's name.
        handlers: each is called once per connection, which is closed when it returns.
    """

    def __init__(self, name: str, handlers: Sequence[Handler]) -> None:
        self._handlers = handlers
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._ready = threading.Event()
        self._done = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._ports: list[int] = []

    def start(self) -> list[int]:
        """Begins to serve; the ports, in the order of the handlers."""
        self._thread.start()
        self._ready.wait()
        return self._ports

    def stop(self) -> None:
        """Cuts every connection and ends the thread."""
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join()

    def cut_all(self) -> None:
        """Cuts every connection, from any thread."""
        self._loop.call_soon_threadsafe(self._cut)

    async def until_stopped(self) -> None:
        """For handlers that hang on purpose."""
        await self._done.wait()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        servers = [await asyncio.start_server(self._guarded(one), "127.0.0.1", 0) for one in self._handlers]
        self._ports = [server.sockets[0].getsockname()[1] for server in servers]
        self._ready.set()
        await self._done.wait()
        for server in servers:
            server.close()
        self._cut()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._writers.add(writer)
            try:
                await handler(reader, writer)
            except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError) as error:
                # A viewer that leaves, and one that a fault cuts off, are what this server is for.
                _log.debug("a viewer is gone: %r", error)
            except asyncio.CancelledError:
                # Only the server's end cancels, and nobody awaits this. Left to asyncio, it is reported as a
                # handler that failed (asyncio.streams, before Python 3.12).
                _log.debug("a viewer is cut off by the server's end")
            finally:
                self._writers.discard(writer)
                writer.close()

        return guarded

    def _cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
