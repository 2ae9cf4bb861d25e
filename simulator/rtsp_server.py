"""An RTSP camera made of a video file, with its faults on demand: for the demo, the tests and benchmarks.

RTSP 1.0 (RFC 2326) with RTP in the RTSP connection (10.12), H.264 (RFC 6184) and H.265 (RFC 7798), Digest
(RFC 2069 form) on request. The stream is live: one timeline for all viewers, which a reconnect joins where
it has got to, in an endless loop with stamps that go on.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import time
from pathlib import Path
from types import TracebackType

from simulator.rtp import RtpVideo, interleaved
from simulator.server_thread import ServerThread

_PUBLIC = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"
_REASONS = {
    200: "OK",
    401: "Unauthorized",
    404: "Not Found",
    454: "Session Not Found",
    501: "Not Implemented",
}
_REALM = "camera"


class RtspServer:
    """Serves a video file as `rtsp://127.0.0.1:PORT/stream` while the `with` block lasts.

    Args:
        path: a video with H.264 or H.265; held in memory.
        user: asked for by Digest; empty lets everybody in.
        password: belongs to `user`.
        speed: media seconds per second.
        loop: False ends the stream with the file.
        name: the last part of the address.

    Raises:
        SourcePermanentError: no such file, or no video of these two kinds in it.
    """

    def __init__(
        self,
        path: Path,
        *,
        user: str = "",
        password: str = "",
        speed: float = 1.0,
        loop: bool = True,
        name: str = "stream",
    ) -> None:
        self._video = RtpVideo(path)
        self._user = user
        self._password = password
        self._speed = speed
        self._loop = loop
        self._name = name
        self._nonce = secrets.token_hex(8)
        self._port = 0
        self._epoch: float | None = None
        self._server = ServerThread("rtsp server", [self._viewer])
        # Faults; set from any thread, read by the server's.
        self._stalled = False
        self._missing = False
        self._hang_at = ""
        self._refuse_until = 0.0
        self._connections = 0

    @property
    def url(self) -> str:
        """The address, without user name and password."""
        return f"rtsp://127.0.0.1:{self._port}/{self._name}"

    @property
    def connections(self) -> int:
        """How many connections were accepted so far."""
        return self._connections

    def stall(self, stalled: bool = True) -> None:
        """Stops sending, with the connection open; `False` goes on."""
        self._stalled = stalled

    def missing(self, missing: bool = True) -> None:
        """Answers 404 to DESCRIBE."""
        self._missing = missing

    def hang_at(self, method: str) -> None:
        """Never answers `method` (as "DESCRIBE" or "PLAY"); empty answers again."""
        self._hang_at = method

    def close_viewers(self) -> None:
        """Cuts every connection."""
        self._server.cut_all()

    def restart(self, away_s: float) -> None:
        """Cuts every connection and refuses new ones for `away_s` seconds."""
        self._refuse_until = time.monotonic() + away_s
        self.close_viewers()

    def __enter__(self) -> RtspServer:
        self._port = self._server.start()[0]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.stop()

    async def _viewer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if time.monotonic() < self._refuse_until:
            writer.transport.abort()
            return
        self._connections += 1
        playing: asyncio.Task[None] | None = None
        try:
            while True:
                first = await reader.readexactly(1)
                if first == b"$":  # the viewer's RTCP
                    await reader.readexactly(int.from_bytes((await reader.readexactly(3))[1:]))
                    continue
                request = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                method = request.split(" ", 1)[0]
                if method == self._hang_at:
                    await self._server.until_stopped()
                writer.write(self._answer(method, request))
                if method == "PLAY" and playing is None:
                    playing = asyncio.create_task(self._play(writer))
                if method == "TEARDOWN":
                    return
        finally:
            if playing is not None:
                playing.cancel()

    def _answer(self, method: str, request: str) -> bytes:
        sequence = re.search(r"(?im)^CSeq:\s*(\d+)", request)
        headers = [f"CSeq: {sequence.group(1) if sequence else 0}"]
        status, body = 200, ""
        if method == "OPTIONS":
            headers.append(f"Public: {_PUBLIC}")
        elif not self._is_allowed(method, request):
            status = 401
            headers.append(f'WWW-Authenticate: Digest realm="{_REALM}", nonce="{self._nonce}"')
        elif method == "DESCRIBE":
            if self._missing or request.split(" ")[1].rstrip("/").rsplit("/", 1)[-1] != self._name:
                status = 404
            else:
                body = self._video.description()
                headers += ["Content-Type: application/sdp", f"Content-Base: {self.url}/"]
        elif method == "SETUP":
            headers += ["Transport: RTP/AVP/TCP;unicast;interleaved=0-1", "Session: 1;timeout=60"]
        elif method in ("PLAY", "GET_PARAMETER", "TEARDOWN"):
            headers.append("Session: 1")
        else:
            status = 501
        headers.append(f"Content-Length: {len(body)}")
        head = "\r\n".join([f"RTSP/1.0 {status} {_REASONS[status]}", *headers])
        return f"{head}\r\n\r\n{body}".encode()

    def _is_allowed(self, method: str, request: str) -> bool:
        if not self._user:
            return True
        given = dict(re.findall(r'(\w+)="([^"]*)"', request))
        if given.get("username") != self._user or given.get("nonce") != self._nonce:
            return False
        expected = _md5(
            _md5(f"{self._user}:{_REALM}:{self._password}"), self._nonce, _md5(f"{method}:{given['uri']}")
        )
        return secrets.compare_digest(given.get("response", ""), expected)

    async def _play(self, writer: asyncio.StreamWriter) -> None:
        began_s = 0.0
        if self._epoch is None:
            self._epoch = time.monotonic()
        else:
            began_s = (time.monotonic() - self._epoch) * self._speed
        sequence = 0
        for at_s, ticks, units in self._video.from_keyframe(began_s, loop=self._loop):
            wait_s = self._epoch + at_s / self._speed - time.monotonic()
            await asyncio.sleep(max(0.0, wait_s))
            if writer.transport.is_closing():
                return
            if self._stalled:
                continue
            for payload, last in self._video.payloads(units):
                writer.write(interleaved(payload, sequence=sequence, ticks=ticks, marker=last))
                sequence += 1
            await writer.drain()
        writer.close()


def _md5(*parts: str) -> str:
    # Digest is defined with MD5 (RFC 2069); nothing of value is guarded here.
    return hashlib.md5(":".join(parts).encode(), usedforsecurity=False).hexdigest()
