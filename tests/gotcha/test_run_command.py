"""`gotcha run` as a process: it ends by itself, ends when told to, and leaves nothing running behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from tests.sources.media import write_video

ZONES = "[{name: all, kind: no_parking, polygon: [[0, 0], [1, 0], [1, 1], [0, 1]]}]"


def start(folder: Path, cameras: str) -> subprocess.Popen[str]:
    (folder / "config.yaml").write_text(f"detector: {{backend: onnx}}\nweb: {{port: 0}}\ncameras:\n{cameras}")
    program = "from gotcha.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", program, "--config", str(folder / "config.yaml"), "run"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def test_it_ends_when_its_files_end_and_a_missing_one_is_a_failure(tmp_path: Path) -> None:
    write_video(tmp_path / "street.mp4", frames=60, fps=10, keyframe_every=10)
    street = f"  street: {{kind: file, path: street.mp4, zones: {ZONES}}}\n"
    process = start(tmp_path, f"{street}  gone: {{kind: file, path: gone.mp4}}\n")
    out, err = process.communicate(timeout=100)
    assert process.returncode == 1, err
    rows = {line.split()[0]: line.split() for line in out.splitlines() if line.strip()}
    assert int(rows["street"][1]) >= 6
    assert rows["gone"][1] == "0"
    assert f"there is no file {tmp_path / 'gone.mp4'}" in out
    assert "Traceback" not in err


def test_ctrl_c_ends_it_with_everything_it_started(tmp_path: Path) -> None:
    """A terminal sends Ctrl-C to the program alone here; the worker and Redis have to be ended by it."""
    process = start(tmp_path, f"  away: {{kind: rtsp, url: 'rtsp://127.0.0.1:1/x', zones: {ZONES}}}\n")
    assert process.stderr is not None
    lines: list[str] = []
    for line in process.stderr:
        lines.append(line)
        if "nothing answers at 127.0.0.1:1" in line:
            break
    rest = threading.Thread(target=lambda: lines.extend(process.stderr or ()), daemon=True)
    rest.start()
    started = psutil.Process(process.pid).children(recursive=True)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 0, "".join(lines)
    # As others measure it, the interpreter's own end included, on a machine that tests share.
    assert time.monotonic() - began < 8
    rest.join(10)
    # As the program measures it, which waits for nothing longer than it may: from the signal until cameras,
    # workers, dashboard and Redis have ended.
    told = re.search(r"the end took ([0-9.]+) s", "".join(lines))
    assert told is not None, "".join(lines)
    assert float(told[1]) < 2.0
    assert "Traceback" not in "".join(lines)
    assert psutil.wait_procs(started, timeout=5)[1] == []
    assert process.stdout is not None
    assert "away" in process.stdout.read()


def test_a_program_without_cameras_takes_over_those_that_are_added(tmp_path: Path) -> None:
    """It begins with none, is given one that does not answer, and that one is removed again."""
    process = start(tmp_path, "  {}\n")
    assert process.stderr is not None
    path, said = tmp_path / "config.yaml", process.stderr
    text = path.read_text(encoding="utf-8")
    rest: list[str] = []
    try:
        assert wait_for_line(said, "there is no camera yet")
        path.write_text(text.replace("  {}", "  away: {kind: rtsp, url: 'rtsp://127.0.0.1:1/x'}"), "utf-8")
        assert wait_for_line(said, "nothing answers at 127.0.0.1:1")
        path.write_text(text, encoding="utf-8")
        assert wait_for_line(said, "away: removed")
    finally:
        process.send_signal(signal.SIGINT)
        rest.extend(process.communicate(timeout=30))
    assert process.returncode == 0, rest
    assert "away" in rest[0]
    assert "Traceback" not in rest[1]


def wait_for_line(lines: Iterable[str], part: str) -> bool:
    return any(part in line for line in lines)
