"""Ten people look at an ESP32-CAM, which can serve one viewer: all see it, and it is connected to once."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from gotcha.config import parse_config
from gotcha.runtime import Runtime
from jobs.camera_status import StatusBoard
from jobs.embedded_redis import EmbeddedRedis
from jobs.live_view import LiveViews, View, ViewKind
from pipeline.geometry import Size
from pipeline.picture import Image
from simulator.esp32_server import Esp32Server
from tests.pipeline.fakes import street

VIEWERS, PICTURES, PATIENCE_S = 10, 3, 60.0


class CountingServer(Esp32Server):
    """Counts who asks for its stream."""

    streams = 0

    async def _server_b(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.streams += 1
        await super()._server_b(reader, writer)


def sensor(at_s: float, _size: Size) -> Image:
    return street(shade=int(at_s * 5) % 40)


def test_ten_viewers_are_one_connection_to_the_camera(tmp_path: Path) -> None:
    camera = CountingServer(sensor, fps=5.0)
    with camera, EmbeddedRedis(tmp_path / "redis") as redis:
        config = parse_config(
            f"""
state_dir: {tmp_path / "state"}
queue: {{url: "{redis.url}"}}
web: {{enabled: false}}
plates: {{enabled: false}}
detector: {{backend: onnx, input_px: 320}}
cameras:
  yard:
    kind: esp32cam
    url: {camera.base_url}
    stream_port: {camera.stream_port}
    framesize: VGA
    zones: [{{name: all, kind: no_parking, polygon: [[0, 0], [1, 0], [1, 1], [0, 1]]}}]
  lane: {{kind: device, interval_s: 60}}
""",
            environment={},
        )
        stop, seen = threading.Event(), [set[float]() for _ in range(VIEWERS)]
        runtime = threading.Thread(target=lambda: Runtime(config).run(stop), daemon=True)
        runtime.start()
        viewers = [
            threading.Thread(target=_look, args=(LiveViews(redis.connect()), mine, stop)) for mine in seen
        ]
        for viewer in viewers:
            viewer.start()
        for viewer in viewers:
            viewer.join(PATIENCE_S)
        told = StatusBoard(redis.connect()).read(["yard", "lane"])
        status = told["yard"]
        stop.set()
        runtime.join(20)
        assert all(len(mine) >= PICTURES for mine in seen), [len(mine) for mine in seen]
        assert camera.streams == 1
        assert status.frame_at is not None
        assert status.failure is None
        # One that sleeps for a minute is late after longer than one that sends all the time.
        assert (status.late_after_s, told["lane"].late_after_s) == (15.0, 150.0)


def _look(views: LiveViews, seen: set[float], stop: threading.Event) -> None:
    waited_s = 0.0
    while len(seen) < PICTURES and waited_s < PATIENCE_S and not stop.wait(0.3):
        waited_s += 0.3
        picture = views.look(View(camera="yard", kind=ViewKind.DRAWN))
        if picture is not None and picture.jpeg.startswith(b"\xff\xd8"):
            seen.add(picture.taken_at.timestamp())
