"""`gotcha` as a process of its own, as a user starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]


class Program:
    """A running `gotcha`; what it writes is collected as it comes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: list[str] = []
        self._grown = threading.Condition()
        self._out: list[str] = []
        self._readers = [
            threading.Thread(target=self._read_err, daemon=True),
            threading.Thread(target=self._read_out, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        """What it wrote to standard error so far."""
        with self._grown:
            return "".join(self._lines)

    @property
    def shown(self) -> str:
        """What it wrote to standard output; whole once it has ended."""
        return "".join(self._out)

    def wait_for(self, text: str, *, within_s: float = 90.0, times: int = 1) -> None:
        """Wait until the log holds `text` in so many lines.

        Raises:
            AssertionError: it does not in time.
        """
        with self._grown:
            self._grown.wait_for(
                lambda: self._holds(text, times) or self._process.poll() is not None, within_s
            )
            holds = self._holds(text, times)
        assert holds, f"{text!r} was not logged within {within_s} s:\n{self.log}"

    def _holds(self, text: str, times: int) -> bool:
        return sum(text in line for line in self._lines) >= times

    def children(self, name: str) -> list[psutil.Process]:
        """Its processes whose command line holds `name`."""
        return [
            child
            for child in psutil.Process(self.pid).children(recursive=True)
            if name in " ".join(child.cmdline())
        ]

    def interrupt(self) -> float:
        """Ctrl-C, and wait for the end; how many seconds that took."""
        began_s = time.monotonic()
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=60)
        took_s = time.monotonic() - began_s
        self.end()
        return took_s

    @property
    def exit_code(self) -> int | None:
        return self._process.poll()

    def end(self) -> None:
        """End it the hard way if it still runs, and read what is left to read."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for reader in self._readers:
            reader.join(10)

    def _read_err(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            with self._grown:
                self._lines.append(line)
                self._grown.notify_all()
        with self._grown:
            self._grown.notify_all()

    def _read_out(self) -> None:
        assert self._process.stdout is not None
        self._out.extend(self._process.stdout)


@contextmanager
def gotcha(config: Path, *arguments: str, **environment: str) -> Iterator[Program]:
    """`gotcha --config CONFIG ...` while the block lasts."""
    process = subprocess.Popen(
        [sys.executable, "-c", "from gotcha.cli import main; main()", "--config", str(config), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
    )
    program = Program(process)
    try:
        yield program
    finally:
        program.end()
