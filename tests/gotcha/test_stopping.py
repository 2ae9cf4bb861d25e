"""Ctrl-C and SIGTERM end a command in order; a second one ends it at once."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

_PROGRAM = """
import sys, threading
from gotcha.cli.stopping import stop_on_signals
with stop_on_signals() as stop:
    print("watching", flush=True)
    stop.wait(30)
    print("flushed", flush=True)
    if "stuck" in sys.argv:
        threading.Event().wait(30)
"""


def program(*arguments: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "watching\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_ends_in_order(number: signal.Signals) -> None:
    process = program()
    began = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "flushed\n")
    assert "Ending; once more to end at once." in err
    assert time.monotonic() - began < 5


def test_a_second_signal_ends_at_once() -> None:
    process = program("stuck")
    process.send_signal(signal.SIGTERM)
    assert process.stdout is not None
    assert process.stdout.readline() == "flushed\n"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == -signal.SIGTERM
