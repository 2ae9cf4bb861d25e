import json
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest

from pipeline.errors import SourcePermanentError
from pipeline.geometry import Size
from pipeline.picture import Image
from simulator.esp32_server import Esp32Server
from simulator.video_frames import VideoFrames
from tests.sources.media import bar_image, bar_index, threads_named, write_video


def grey(_: float, size: Size) -> Image:
    return bar_image(2, size)


def shape(data: bytes) -> tuple[int, ...]:
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return tuple(np.asarray(decoded).shape)


@pytest.mark.parametrize(("table", "number"), [("new", 10), ("old", 8)])
def test_settings_are_taken_by_the_firmwares_numbers_and_lost_on_a_reboot(table: str, number: int) -> None:
    with Esp32Server(grey, table="new" if table == "new" else "old") as server:
        with httpx.Client(base_url=server.base_url) as client:
            assert shape(client.get("/capture").content) == (240, 320, 3)
            set_size = client.get("/control", params={"var": "framesize", "val": number})
            assert set_size.status_code == 200
            assert shape(client.get("/capture").content) == (480, 640, 3)
            assert client.get("/control", params={"var": "framesize"}).status_code == 404
            assert client.get("/control", params={"var": "shutter", "val": 1}).status_code == 500
            assert client.get("/nothing").status_code == 404
            server.capture_fails()
            assert client.get("/capture").status_code == 500
        server.capture_fails(False)
        server.reboot()
        assert shape(httpx.get(f"{server.base_url}/capture").content) == (240, 320, 3)
        assert json.loads(httpx.get(f"{server.base_url}/status").text)["quality"] == 10
    assert not threads_named("esp32 server")


def test_a_video_is_what_the_sensor_sees_in_a_loop(tmp_path: Path) -> None:
    frames = VideoFrames(write_video(tmp_path / "v.mp4", frames=15, fps=10))
    size = Size(width=160, height=120)
    seen = [bar_index(frames(index / 10 + 0.05, size)) for index in range(40)]
    assert seen == [index % 15 for index in range(40)]
    assert frames(4.1, Size(width=64, height=48)).shape == (48, 64, 3)
    with pytest.raises(SourcePermanentError, match="does not read as a video"):
        VideoFrames(tmp_path / "none.mp4")
