import dataclasses
import itertools
import threading
import time

import httpx
import numpy as np
import pytest

from pipeline.errors import InvalidValueError
from pipeline.geometry import Size
from pipeline.picture import Image
from simulator.esp32_server import Esp32Server, Fault
from sources.clip_ring import ClipOptions
from sources.esp32 import Esp32CamSource, Esp32Options
from sources.jpeg_frames import JpegOptions
from sources.reconnect import RetryOptions
from tests.sources.media import Notices, Reading, bar_image, threads_named, wait_until

VGA = Size(width=640, height=480)


def seen(at_s: float, size: Size) -> Image:
    """A moving bar; a column of noise, as no sensor sends the same picture twice."""
    image = bar_image(int(at_s * 10), size).copy()
    image[:, 0] = np.random.default_rng(int(at_s * 1e6)).integers(0, 255, (size.height, 3))
    return image


def options(server: Esp32Server) -> Esp32Options:
    return Esp32Options(
        base_url=server.base_url,
        stream_port=server.stream_port,
        frame_size="vga",
        quality=12,
        stall_s=1.0,
        jpeg=JpegOptions(analysis_fps=None, clip=ClipOptions(keep_s=20.0), frozen_s=1.0),
        retry=RetryOptions(first_s=0.1, longest_s=0.3),
    )


@pytest.mark.parametrize("table", ["new", "old"])
def test_size_and_quality_are_set_and_seen_in_the_picture(table: str) -> None:
    notices = Notices()
    with Esp32Server(seen, fps=20.0, table="new" if table == "new" else "old") as server:
        with Reading(Esp32CamSource("c", options(server), sink=notices)) as reading:
            reading.more()
        assert server.settings == (VGA, 12)
    assert {frame.picture.size for frame in reading.frames} == {VGA}
    assert reading.frames[0].picture.bgr().shape == (480, 640, 3)
    assert reading.frames[0].picture.original() is not None
    assert notices.texts("settings") == "the camera sends 640x480 as set"
    assert not threads_named("esp32 c")
    for before, after in itertools.pairwise(reading.frames):
        assert after.at_s > before.at_s
        assert (after.taken_at - before.taken_at).total_seconds() == pytest.approx(
            after.at_s - before.at_s, abs=0.01
        )


@pytest.mark.parametrize(
    "fault",
    [
        Fault.LENGTH_TOO_LARGE,
        Fault.LENGTH_TOO_SMALL,
        Fault.NO_LENGTH,
        Fault.NO_BOUNDARY,
        Fault.BOUNDARY_AFTER,
    ],
)
def test_a_stream_as_other_firmware_sends_it_is_read(fault: Fault) -> None:
    notices = Notices()
    with Esp32Server(seen, fps=20.0) as server:
        server.fault(fault)
        with Reading(Esp32CamSource("c", options(server), sink=notices)) as reading:
            reading.more(10)
    for frame in reading.frames:
        assert frame.picture.bgr().shape == (480, 640, 3)
    assert "damaged" not in notices.kinds()


@pytest.mark.parametrize(
    ("fault", "said"),
    [(Fault.CUT_JPEG, "the camera sent a cut JPEG"), (Fault.TINY, "a picture of 1x1 pixels")],
)
def test_damaged_pictures_are_said_once_and_the_stream_goes_on(fault: Fault, said: str) -> None:
    notices = Notices()
    with (
        Esp32Server(seen, fps=20.0) as server,
        Reading(Esp32CamSource("c", options(server), sink=notices)) as reading,
    ):
        reading.more()
        server.fault(fault)
        wait_until(lambda: "damaged" in notices.kinds())
        server.fault(Fault.NONE)
        reading.more()
    assert said in notices.texts("damaged")
    assert notices.kinds().count("damaged") == 1
    assert notices.kinds().count("connected") == 1


def test_a_stall_with_an_open_connection_is_noticed() -> None:
    notices = Notices()
    with (
        Esp32Server(seen, fps=20.0) as server,
        Reading(Esp32CamSource("c", options(server), sink=notices)) as reading,
    ):
        reading.more()
        server.fault(Fault.STALL)
        began = time.monotonic()
        wait_until(lambda: "stalled" in notices.kinds())
        assert time.monotonic() - began < 3.0  # with stall_s = 1
        server.fault(Fault.NONE)
        reading.more()
    assert "though the connection is open" in notices.texts("stalled")
    assert sum(frame.discontinuity for frame in reading.frames) == 1


def test_a_frozen_picture_is_a_stall_however_much_is_sent() -> None:
    notices = Notices()
    with (
        Esp32Server(seen, fps=20.0) as server,
        Reading(Esp32CamSource("c", options(server), sink=notices)) as reading,
    ):
        reading.more()
        server.fault(Fault.FROZEN)
        wait_until(lambda: "the same old picture" in notices.texts("stalled"))
        server.fault(Fault.NONE)
        reading.more()


def test_after_a_reboot_the_settings_are_set_again() -> None:
    notices = Notices()
    with Esp32Server(seen, fps=20.0) as server:
        with Reading(Esp32CamSource("c", options(server), sink=notices)) as reading:
            threading.Event().wait(1.5)  # its own clock must have got somewhere
            reading.more()
            server.reboot()
            assert server.settings[0] == Size(width=320, height=240)
            wait_until(lambda: "restarted" in notices.texts("settings"))
            reading.more()
        assert server.settings == (VGA, 12)
    # No picture of the size it boots with was handed over.
    assert {frame.picture.size for frame in reading.frames} == {VGA}
    assert notices.texts("settings").count("as set") == 2
    assert sum(frame.discontinuity for frame in reading.frames) == 1


def test_a_camera_that_takes_no_settings_is_used_as_it_is() -> None:
    notices = Notices()
    with Esp32Server(seen, fps=20.0) as server:
        server.deaf()
        with Reading(Esp32CamSource("c", options(server), sink=notices)) as reading:
            reading.more()
    assert reading.frames[0].picture.size == Size(width=320, height=240)
    assert "did not take its settings" in notices.texts("settings")


def test_a_second_viewer_gets_nothing_and_a_stop_ends_at_once() -> None:
    with Esp32Server(seen, fps=20.0) as server, Reading(Esp32CamSource("a", options(server))) as reading:
        reading.more()
        notices = Notices()
        second = Esp32CamSource("b", options(server), sink=notices)
        stop = threading.Event()
        threading.Timer(2.0, stop.set).start()
        began = time.monotonic()
        assert list(second.frames(stop)) == []
        assert time.monotonic() - began < 4.0
        assert "connected" not in notices.kinds()
        reading.more()


def test_a_clip_is_encoded_from_what_came() -> None:
    with Esp32Server(seen, fps=20.0) as server:
        source = Esp32CamSource("c", options(server))
        with Reading(source) as reading:
            reading.more(20)
        clip = source.clip(reading.frames[2].at_s, reading.frames[12].at_s)
    assert clip is not None
    assert b"ftyp" in clip[:12]


@pytest.mark.parametrize(
    "change", [{"base_url": "rtsp://x"}, {"stream_port": 0}, {"stall_s": 0.0}, {"most_bytes": 0}]
)
def test_absurd_options_are_refused(change: dict[str, object]) -> None:
    good = Esp32Options(base_url="http://camera")
    with pytest.raises(InvalidValueError, match="expected"):
        dataclasses.replace(good, **change)  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="expected one of qqvga"):
        Esp32CamSource("c", dataclasses.replace(good, frame_size="4k"))


def test_the_wire_is_the_firmwares() -> None:
    with Esp32Server(seen, fps=20.0) as server:
        assert httpx.get(f"{server.base_url}/status").json() == {"framesize": 6, "quality": 10}
        assert httpx.get(f"{server.base_url}/capture").content.startswith(b"\xff\xd8")
        with httpx.stream("GET", f"http://127.0.0.1:{server.stream_port}/stream") as response:
            assert response.headers["content-type"] == (
                "multipart/x-mixed-replace;boundary=123456789000000000000987654321"
            )
            body = b""
            for chunk in response.iter_raw():
                body += chunk
                if len(body) > 500:
                    break
    header, _, picture = body.partition(b"\r\n\r\n")
    assert header == b"\r\n--123456789000000000000987654321\r\nContent-Type: image/jpeg" or header.startswith(
        b"\r\n--123456789000000000000987654321\r\nContent-Type: image/jpeg\r\nContent-Length: "
    )
    assert b"X-Timestamp: 0." in header
    assert picture.startswith(b"\xff\xd8")
