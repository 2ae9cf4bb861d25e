"""Written videos decode to what was written, and the command line writes them."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.geometry import Size
from simulator.__main__ import main
from simulator.scenes import build_scene
from simulator.video import write_video


def test_video_decodes_with_all_frames_key_frames_and_truth(tmp_path: Path) -> None:
    scene = build_scene("day", 2, Size(width=320, height=180), fps=4.0, duration_s=40.0)
    seen: list[int] = []
    truth = write_video(scene, tmp_path / "day.mp4", gop_s=2.0, on_frame=lambda done, _: seen.append(done))
    with av.open(str(tmp_path / "day.mp4")) as container:
        frames = list(container.decode(video=0))
        assert container.streams.video[0].codec_context.name == "h264"
    assert len(frames) == truth.frames == 160 == len(seen)
    assert [k for k, f in enumerate(frames) if f.key_frame] == list(range(0, 160, 8))
    assert [f.time for f in frames] == pytest.approx([k / 4 for k in range(160)])
    drawn, decoded = scene.frame(10.0).astype(int), frames[40].to_ndarray(format="bgr24").astype(int)
    assert np.abs(drawn - decoded).mean() < 12.0
    written = json.loads((tmp_path / "day.json").read_text(encoding="utf-8"))
    assert written["file"] == "day.mp4"
    assert written["frames"] == 160
    assert written["gop_s"] == 2.0
    assert len(written["stationary"]) == len(truth.stationary) > 0


def test_command_line_renders_and_lists(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "n.mp4"
    assert (
        main(
            [
                "render",
                "--kind",
                "night",
                "--size",
                "160x90",
                "--fps",
                "2",
                "--duration",
                "40",
                "--out",
                str(out),
            ]
        )
        == 0
    )
    assert out.stat().st_size > 1000
    assert out.with_suffix(".json").exists()
    assert main(["kinds"]) == 0
    assert "jpeg_damage" in capsys.readouterr().out


def test_command_line_refuses_a_bad_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["render", "--size", "big", "--out", str(tmp_path / "x.mp4")])
    assert "1280x720" in capsys.readouterr().err
