"""Ends of the chains, written down where nobody who may only write the database can reach them.

Each camera's chain proves everything but its own end: who may write the database can rewrite the last records
and compute every hash anew (`docs/decisions/0010`). An anchor is the last link of a chain at a moment, in a
file that is only ever appended to, outside the database.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.errors import StorageError
from storage.chain import ChainLink


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The link of a chain as it was at `at` (aware UTC): 64 hex digits at a position from 1 on."""

    camera: str
    position: int
    link_sha256: str
    at: datetime


class AnchorFile:
    """A file of JSON lines, one for each anchor; readable by its owner only. Processes may share it.

    Args:
        path: made, with its folder, when the first anchor comes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # Position last noted, by camera: what has not grown is not noted again.
        self._noted: dict[str, int] | None = None

    def note(self, heads: Iterable[ChainLink], *, at: datetime) -> int:
        """Append the heads that moved on since they were last noted; on disk when this returns; how many.

        Raises:
            StorageError: the file cannot be written; says what to do.
        """
        if self._noted is None:
            self._noted = self._noted_before()
        noted = self._noted
        fresh = [head for head in heads if head.position > noted.get(head.camera, 0)]
        if not fresh:
            return 0
        lines = "".join(_line(head, at) for head in fresh).encode()
        try:
            self._append(lines)
        except OSError as error:
            raise StorageError(
                f"the ends of the chains cannot be written down in {self.path} ({error.strerror}); free "
                "space or mend the rights, or what happens meanwhile can be forged unseen"
            ) from error
        noted.update({head.camera: head.position for head in fresh})
        return len(fresh)

    def read(self) -> tuple[Anchor, ...]:
        """Every anchor, in the order they were noted; none when there is no file yet.

        Raises:
            StorageError: the file cannot be read, or holds something else; names the line.
        """
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ()
        except (OSError, UnicodeDecodeError) as error:
            raise StorageError(f"the ends of the chains in {self.path} cannot be read: {error}") from error
        lines = text.split("\n")
        # Whoever was killed in mid-line left a piece of one: what it was to say has not been relied on.
        whole = [(number, line) for number, line in enumerate(lines[:-1], start=1) if line]
        return tuple(anchor for number, line in whole if (anchor := self._parsed(number, line)) is not None)

    def _noted_before(self) -> dict[str, int]:
        try:
            return {anchor.camera: anchor.position for anchor in self.read()}
        except StorageError:
            # `read` tells whoever verifies; meanwhile one line too many is better than one too few.
            return {}

    def _parsed(self, number: int, line: str) -> Anchor | None:
        if line.endswith(_BROKEN):
            return None
        try:
            found = json.loads(line)
            return Anchor(
                camera=str(found["camera"]),
                position=int(found["position"]),
                link_sha256=str(found["link_sha256"]),
                at=datetime.fromisoformat(found["at"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise StorageError(
                f"line {number} of {self.path} is no anchor of a chain: it was altered or damaged; compare "
                "it with a copy of the file"
            ) from error

    def _append(self, lines: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not self.path.exists()
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                lines = f"{_BROKEN}\n".encode() + lines
            written = os.write(descriptor, lines)
            if written != len(lines):
                raise OSError(28, "No space left on device")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if is_new:
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


# Ends a line that was cut off by a full disk or a kill, so that the next one begins on a line of its own.
_BROKEN = "#cut off"


def _line(head: ChainLink, at: datetime) -> str:
    noted = {
        "at": at.isoformat(),
        "camera": head.camera,
        "position": head.position,
        "link_sha256": head.link_sha256,
    }
    return json.dumps(noted, ensure_ascii=False) + "\n"
