"""`gotcha check` against real cameras: a video file and an RTSP server that asks for a password."""

from __future__ import annotations

from pathlib import Path

import cv2
from typer.testing import CliRunner

from gotcha.cli.app import app
from pipeline.geometry import Size
from simulator.rtsp_server import RtspServer
from tests.sources.media import write_video

CONFIG = """\
cameras:
  gate:
    kind: rtsp
    url: "{gate}"
    zones: [{{name: hydrant, kind: fire_hydrant, polygon: [[0.2, 0.2], [0.6, 0.2], [0.6, 0.9]]}}]
  locked:
    kind: rtsp
    url: "{locked}"
  recording: {{kind: file, path: street.mp4, decode: all}}
  gone: {{kind: file, path: gone.mp4}}
"""


def test_each_camera_gets_its_own_findings(tmp_path: Path) -> None:
    video = write_video(
        tmp_path / "street.mp4", frames=120, fps=10, keyframe_every=10, size=Size(width=320, height=180)
    )
    with RtspServer(video, user="admin", password="right/@1") as server:
        gate = server.url.replace("rtsp://", "rtsp://admin:${GATE}@")
        locked = server.url.replace("rtsp://", "rtsp://admin:${LOCKED}@")
        (tmp_path / "config.yaml").write_text(CONFIG.format(gate=gate, locked=locked))
        result = CliRunner().invoke(
            app,
            ["--config", str(tmp_path / "config.yaml"), "check"],
            env={"GATE": "right/@1", "LOCKED": "hunter2"},
        )
    assert result.exit_code == 1
    texts = result.stdout.split("\n")
    heads = [line for line in texts if line.endswith((" works", " failed"))]
    assert heads == [
        "gate (rtsp) works",
        "locked (rtsp) failed",
        "recording (file) works",
        "gone (file) failed",
    ]
    facts = result.stdout
    assert "sends h264 320x180 at 10 fps" in facts
    assert "keyframes come 1.0 s apart" in facts
    assert "hydrant (60 s)" in facts
    assert "refuses the user name or the password (401)" in facts
    assert "decode: all, whatever is said above" in facts
    assert f"there is no file {tmp_path / 'gone.mp4'}" in facts
    assert "hunter2" not in result.output
    assert "right" not in result.output
    picture = cv2.imread(str(tmp_path / "var" / "check" / "gate.jpg"))
    assert picture is not None
    assert picture.shape == (180, 320, 3)
