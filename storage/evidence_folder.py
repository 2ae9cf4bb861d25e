"""Keeps evidence as files: written whole or not at all, and never changed afterwards."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import logging
import os
import re
import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from pipeline.errors import EvidenceError
from pipeline.report import Evidence, EvidenceKind

_log = logging.getLogger(__name__)

HASH_DIGITS = 32
_EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "video/mp4": "mp4", "application/json": "json"}
_KEY = re.compile(
    rf"\d{{4}}/\d{{2}}/\d{{2}}/[^/\0]+/[a-z0-9_]+-(?P<hash>[0-9a-f]{{{HASH_DIGITS}}})\.[a-z0-9]{{1,8}}",
    re.ASCII,
)
_INCOMING = ".incoming"
_NAME_LIMIT = 60
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


class EvidenceFolder:
    """`pipeline.report.EvidenceStore` in a folder.

    A file is written beside the final places, fsynced, renamed, and its folder fsynced: after `put` returns,
    the evidence survives a power cut; when it raises, nothing is there. Keys are
    `YYYY/MM/DD/<camera>/<kind>-<first 32 hex digits of the SHA-256>.<extension>`, dates in UTC.
    """

    def __init__(self, root: Path) -> None:
        """Make the folder if needed and clear away what a killed program was writing.

        Raises:
            EvidenceError: the folder cannot be made or written to.
        """
        self._root = root.absolute()
        self._incoming = self._root / _INCOMING
        try:
            self._incoming.mkdir(parents=True, exist_ok=True)
            self._sweep()
        except OSError as error:
            raise self._error("cannot be used", error) from error

    @property
    def root(self) -> Path:
        return self._root

    def put(
        self, *, camera: str, kind: EvidenceKind, taken_at: datetime, data: bytes, media_type: str
    ) -> Evidence:
        digest = hashlib.sha256(data).hexdigest()
        key = _key(camera=camera, kind=kind, taken_at=taken_at, digest=digest, media_type=media_type)
        path = self._root / key
        try:
            if not _holds(path, digest):
                self._write(path, data)
        except OSError as error:
            raise self._error(f"did not take {len(data)} bytes of {kind.value}", error) from error
        return Evidence(
            kind=kind, key=key, sha256=digest, media_type=media_type, taken_at=taken_at, size_bytes=len(data)
        )

    def get(self, key: str) -> bytes:
        path = self.path(key)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise EvidenceError(f"there is no evidence {key} in {self._root}: the file is gone") from None
        except OSError as error:
            raise self._error(f"did not give {key}", error) from error
        expected = _KEY.fullmatch(key)
        digest = hashlib.sha256(data).hexdigest()
        if expected is None or not digest.startswith(expected["hash"]):
            raise EvidenceError(
                f"the evidence {key} in {self._root} was altered after it was stored: its SHA-256 is {digest}"
            )
        return data

    def path(self, key: str) -> Path:
        """Where the file of `key` lies, for programs that open it; it need not exist.

        Raises:
            EvidenceError: the key is not one of ours, or leads out of the folder.
        """
        if not _KEY.fullmatch(key) or ".." in PurePosixPath(key).parts:
            raise EvidenceError(
                f"expected a key as put() makes it (YYYY/MM/DD/camera/kind-hash.ext), got {key!r}"
            )
        path = self._root / key
        # A link planted in the folder must not lead elsewhere either.
        if not path.resolve().is_relative_to(self._root.resolve()):
            raise EvidenceError(f"the evidence {key!r} leads out of {self._root}")
        return path

    def _write(self, path: Path, data: bytes) -> None:
        self._make_folder(path.parent)
        temporary = self._incoming / f"{path.name}.{secrets.token_hex(8)}"
        with _locked(self._incoming, fcntl.LOCK_SH):
            try:
                with temporary.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
        _fsync_folder(path.parent)

    def _make_folder(self, folder: Path) -> None:
        missing = [one for one in (folder, *folder.parents) if one != self._root and not one.exists()]
        for one in reversed(missing):
            one.mkdir(exist_ok=True)
            _fsync_folder(one.parent)

    def _sweep(self) -> None:
        try:
            with _locked(self._incoming, fcntl.LOCK_EX | fcntl.LOCK_NB):
                for path in self._incoming.iterdir():
                    path.unlink()
                    _log.warning(
                        "cleared away evidence that a killed program had not finished: %s", path.name
                    )
        except BlockingIOError:
            # Another program is writing just now; the next start will find the folder quiet.
            return

    def _error(self, what: str, error: OSError) -> EvidenceError:
        if error.errno in _FULL:
            advice = "it is full: free space there or set evidence.folder to another disk"
        elif error.errno in _FORBIDDEN:
            advice = (
                "its rights forbid it: let this user write there or set evidence.folder to another folder"
            )
        else:
            advice = f"{error.strerror or error}; check the disk or set evidence.folder to another one"
        return EvidenceError(f"the evidence folder {self._root} {what}: {advice}")


def _key(*, camera: str, kind: EvidenceKind, taken_at: datetime, digest: str, media_type: str) -> str:
    if taken_at.tzinfo is None:
        raise EvidenceError(f"expected an aware time of the evidence, got the naive {taken_at.isoformat()}")
    extension = _EXTENSIONS.get(media_type)
    if extension is None:
        raise EvidenceError(f"expected a media type of {', '.join(sorted(_EXTENSIONS))}, got {media_type!r}")
    date = taken_at.astimezone(UTC).strftime("%Y/%m/%d")
    return f"{date}/{safe_name(camera)}/{kind.value}-{digest[:HASH_DIGITS]}.{extension}"


def safe_name(camera: str) -> str:
    """A camera's name as a folder's: letters, digits, `-`, `_`, `.`; two names never meet."""
    name = unicodedata.normalize("NFC", camera)
    safe = re.sub(r"[^\w.-]", "_", name)[:_NAME_LIMIT].lstrip(".")
    if safe and safe == camera:
        return safe
    # Something was replaced, so "a/b" and "a_b" must be kept apart.
    return f"{safe}-{hashlib.sha256(camera.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _holds(path: Path, digest: str) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == digest
    except FileNotFoundError:
        return False


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
