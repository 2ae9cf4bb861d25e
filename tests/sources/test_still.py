import http.server
import logging
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from pipeline.frame import Frame
from sources.jpeg_frames import JpegOptions
from sources.reconnect import RetryOptions
from sources.still import StillOptions, StillSource
from tests.sources.media import Notices, bar_index, jpeg, wait_until


class Camera(http.server.ThreadingHTTPServer):
    """A snapshot server that asks for a password when it has one, and fails when told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.scheme = ""
        self.status = 200
        self.sent = 0
        self.standing = False
        self.body: bytes | None = None
        # Cleared while the camera hangs in the middle of an answer.
        self.answers = threading.Event()
        self.answers.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/snap.jpg"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Camera

    def do_GET(self) -> None:
        camera = self.server
        camera.answers.wait(5.0)
        given = self.headers.get("Authorization", "")
        if camera.scheme == "basic" and given != "Basic dXNlcjpnZWhlaW0=":
            return self._answer(401, b"", 'Basic realm="x"')
        if camera.scheme == "digest" and 'username="user"' not in given:
            return self._answer(401, b"", 'Digest realm="x", nonce="abc", algorithm=MD5, qop="auth"')
        if not camera.standing:
            camera.sent += 1
        body = jpeg(camera.sent) if camera.body is None else camera.body
        return self._answer(camera.status, body if camera.status == 200 else b"")

    def _answer(self, status: int, body: bytes, challenge: str = "") -> None:
        self.send_response(status)
        if challenge:
            self.send_header("WWW-Authenticate", challenge)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def camera() -> Iterator[Camera]:
    server = Camera()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def options(url: str, *, username: str = "", password: str = "") -> StillOptions:
    return StillOptions(
        url=url,
        interval_s=0.05,
        timeout_s=1.0,
        jpeg=JpegOptions(analysis_fps=None, frozen_s=0.5),
        retry=RetryOptions(first_s=0.05, longest_s=0.1, refused_s=0.2),
        username=username,
        password=password,
    )


def watched(source: StillSource, until: threading.Event, frames: list[Frame]) -> threading.Thread:
    def read() -> None:
        for frame in source.frames(until):
            frames.append(frame)  # noqa: PERF402 - the test looks on while it grows

    thread = threading.Thread(target=read)
    thread.start()
    return thread


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


@pytest.mark.parametrize("scheme", ["", "basic", "digest"])
def test_pictures_come_in_order_with_whatever_password_scheme(
    camera: Camera, stop: threading.Event, scheme: str
) -> None:
    camera.scheme = scheme
    frames: list[Frame] = []
    source = StillSource("c", options(camera.url.replace("//", "//user:geheim@")))
    thread = watched(source, stop, frames)
    wait_until(lambda: len(frames) >= 5)
    stop.set()
    thread.join(3.0)
    assert not thread.is_alive()
    assert [bar_index(frame.picture.bgr()) for frame in frames[:5]] == [1, 2, 3, 4, 5]
    assert source.clip(0.0, 10.0) is not None


def test_a_wrong_password_is_refused_and_never_shown(
    camera: Camera, stop: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    camera.scheme = "basic"
    notices = Notices()
    with caplog.at_level(logging.DEBUG):
        source = StillSource("c", options(camera.url, username="user", password="hunter2"), sink=notices)
        thread = watched(source, stop, [])
        wait_until(lambda: "refused" in notices.kinds())
        stop.set()
        thread.join(3.0)
    assert "refuses the user name or the password (401)" in notices.texts("refused")
    assert "hunter2" not in caplog.text + repr(notices) + repr(source._options)


def test_single_failures_are_tolerated_and_many_are_said(camera: Camera, stop: threading.Event) -> None:
    notices = Notices()
    frames: list[Frame] = []
    thread = watched(StillSource("c", options(camera.url), sink=notices), stop, frames)
    wait_until(lambda: len(frames) >= 3)
    camera.status = 500
    wait_until(lambda: "lost" in notices.kinds())
    camera.status = 200
    had = len(frames)
    wait_until(lambda: len(frames) >= had + 3)
    stop.set()
    thread.join(3.0)
    assert "the camera answers 500" in notices.texts("lost")
    assert sum(frame.discontinuity for frame in frames) == 1


def test_a_missing_picture_is_permanent(camera: Camera, stop: threading.Event) -> None:
    camera.status = 404
    notices = Notices()
    thread = watched(StillSource("c", options(camera.url), sink=notices), stop, [])
    wait_until(lambda: "knows no such picture (404)" in notices.texts("refused"))
    stop.set()
    thread.join(3.0)


def test_the_same_bytes_for_long_are_a_frozen_camera(camera: Camera, stop: threading.Event) -> None:
    notices = Notices()
    frames: list[Frame] = []
    thread = watched(StillSource("c", options(camera.url), sink=notices), stop, frames)
    wait_until(lambda: len(frames) >= 2)
    camera.standing = True
    wait_until(lambda: "stalled" in notices.kinds())
    camera.standing = False
    wait_until(lambda: notices.kinds()[-1] == "connected")
    stop.set()
    thread.join(3.0)
    assert "the same picture for" in notices.texts("stalled")


@pytest.mark.parametrize("body", [b"<html>login</html>", jpeg(1)[:400], b""])
def test_what_is_no_picture_is_said_and_polling_goes_on(
    camera: Camera, stop: threading.Event, body: bytes
) -> None:
    notices = Notices()
    frames: list[Frame] = []
    camera.body = body
    thread = watched(StillSource("c", options(camera.url), sink=notices), stop, frames)
    wait_until(lambda: "damaged" in notices.kinds())
    camera.body = None
    wait_until(lambda: len(frames) >= 2)
    stop.set()
    thread.join(3.0)
    assert camera.status == httpx.codes.OK


def test_a_camera_that_hangs_is_said_at_its_first_late_picture(camera: Camera, stop: threading.Event) -> None:
    # Three late pictures in a row took half a minute; a stall is to be noticed within ten seconds.
    notices = Notices()
    frames: list[Frame] = []
    source = StillSource("c", options(camera.url), sink=notices)
    thread = watched(source, stop, frames)
    wait_until(lambda: len(frames) >= 2)
    camera.answers.clear()
    began_s = time.monotonic()
    wait_until(lambda: "stalled" in notices.kinds())
    took_s = time.monotonic() - began_s
    camera.answers.set()
    had = len(frames)
    wait_until(lambda: len(frames) > had)
    stop.set()
    thread.join(3.0)
    assert "no picture in 1 s" in notices.texts("stalled")
    assert took_s < 2.5
