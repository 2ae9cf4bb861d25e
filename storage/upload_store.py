"""What a store of uploaded files must do: take them in from a stream, give them to a worker, delete them."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pipeline.errors import (
    SourceError,
    UploadError,
    UploadRefusedError,
    UploadTooLargeError,
    UploadUnavailableError,
)
from storage.blob_store import StoredBlob

_KEY = re.compile(r"([0-9a-f]{2})/\1[0-9a-f]{62}", re.ASCII)
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUpload:
    """A file that is kept: where, its SHA-256 (64 hex digits) and its length."""

    key: str
    sha256: str
    size_bytes: int


class UploadStore(Protocol):
    """Keeps uploaded files. Implementations: `UploadFolder`, `UploadBucket`; threads may share them.

    A file's key is made of its content's hash, so the same file is kept once. All methods raise UploadError
    when the store cannot be used now.
    """

    def receive(self, *, limit_bytes: int) -> AbstractContextManager[Incoming]:
        """A file that comes in; unless it is kept within the block, nothing of it is left after it."""
        ...

    def opened(self, key: str) -> AbstractContextManager[Path]:
        """The file of `key` on this machine's disk, for reading only, while the block lasts.

        Raises:
            UploadError: it is gone or altered, or the key is not one of ours.
            UploadUnavailableError: it cannot be read now, also where that is found out within the block by
                who takes it for damaged.
        """
        ...

    def delete(self, key: str, *, kept_before: datetime | None = None) -> bool:
        """Delete the file of `key`, with `kept_before` (aware) only if it was kept before that; whether it
        was deleted.
        """
        ...

    def blobs(self) -> Iterator[StoredBlob]:
        """All files that are kept."""
        ...


class Incoming:
    """A file on its way in: written to disk piece by piece, never whole in memory.

    Args:
        path: where it is written; nothing may be there.
        limit_bytes: it may not grow beyond this.
        keep: puts the finished file in its place.
    """

    def __init__(self, path: Path, *, limit_bytes: int, keep: Callable[[Path, StoredUpload], None]) -> None:
        self._path = path
        self._limit_bytes = limit_bytes
        self._keep = keep
        self._hash = hashlib.sha256()
        self._size_bytes = 0
        self._file = path.open("xb")

    @property
    def path(self) -> Path:
        """Where the bytes so far lie, for looking at them before they are kept."""
        self._file.flush()
        return self._path

    @property
    def size_bytes(self) -> int:
        """How many bytes have come."""
        return self._size_bytes

    def write(self, chunk: bytes) -> None:
        """Take the next piece.

        Raises:
            UploadTooLargeError: the file is larger than its limit.
            UploadError: the disk does not take it.
        """
        if self._size_bytes + len(chunk) > self._limit_bytes:
            raise UploadTooLargeError(
                f"the file is larger than the {shown_size(self._limit_bytes)} that are taken"
            )
        try:
            self._file.write(chunk)
        except OSError as error:
            raise UploadError(f"the upload could not be written: {error.strerror or error}") from error
        self._hash.update(chunk)
        self._size_bytes += len(chunk)

    def write_file(self, path: Path) -> None:
        """Take a whole file of this machine.

        Raises:
            UploadRefusedError: it cannot be read, or is too large.
            UploadError: the disk does not take it.
        """
        try:
            file = path.open("rb")
        except OSError as error:
            raise UploadRefusedError(f"{path} cannot be read: {error.strerror}") from error
        with file:
            while block := file.read(_BLOCK_BYTES):
                self.write(block)

    def keep(self) -> StoredUpload:
        """Keep the file; it survives a power cut when this returns.

        Raises:
            UploadRefusedError: it is empty.
            UploadError: the store does not take it.
        """
        if self._size_bytes == 0:
            raise UploadRefusedError("the file is empty: it has 0 bytes")
        digest = self._hash.hexdigest()
        upload = StoredUpload(key=f"{digest[:2]}/{digest}", sha256=digest, size_bytes=self._size_bytes)
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._keep(self._path, upload)
        except OSError as error:
            raise UploadError(f"the upload could not be kept: {error.strerror or error}") from error
        return upload

    def discard(self) -> None:
        """Leave nothing of it behind, unless it was kept."""
        self._file.close()
        self._path.unlink(missing_ok=True)


@contextmanager
def incoming(
    folder: Path, *, limit_bytes: int, keep: Callable[[Path, StoredUpload], None]
) -> Iterator[Incoming]:
    """A file that comes in through `folder`; it is gone after the block unless it was kept.

    Raises:
        UploadError: the folder does not take it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = Incoming(folder / secrets.token_hex(16), limit_bytes=limit_bytes, keep=keep)
    except OSError as error:
        raise UploadError(
            f"the folder of uploads {folder} cannot be written to: {error.strerror or error}"
        ) from error
    try:
        yield file
    finally:
        file.discard()


@contextmanager
def told_from_damage(path: Path, key: str) -> Iterator[None]:
    """Tells a file that cannot be read from one that its sender has damaged, while the block lasts.

    A decoder takes what its disk does not give for the end of the file, or for damage in it.

    Args:
        path: where the file lies.
        key: what it is kept under.

    Raises:
        UploadUnavailableError, UploadError: in the place of an error of the block, see `check_content`.
    """
    try:
        yield
    except (SourceError, UploadRefusedError, OSError):
        check_content(path, key)
        raise


def check_content(path: Path, key: str) -> None:
    """Read a kept file to its end.

    Raises:
        UploadUnavailableError: its disk does not give it now.
        UploadError: it is not what was kept under `key`.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    except OSError as error:
        raise unreadable(key, error) from error
    if digest.hexdigest() != key.rpartition("/")[2]:
        raise UploadError(
            f"the uploaded file {key} is not what was kept: its disk has altered it; send it again"
        )


def unreadable(key: str, error: OSError) -> UploadUnavailableError:
    """What to say when the disk of an uploaded file does not give it."""
    return UploadUnavailableError(
        f"the uploaded file {key} cannot be read now: {error.strerror or error}; check its disk"
    )


def check_upload_key(key: str) -> None:
    """Refuse what is no key of ours before it reaches a file system or a bucket.

    Raises:
        UploadError: `key` was not made by `Incoming.keep`.
    """
    if not _KEY.fullmatch(key):
        raise UploadError(f"expected a key of an upload (ab/abcdef... of 64 hex digits), got {key!r}")


def shown_size(size_bytes: int) -> str:
    """A length for people: 900 bytes, 20 MB."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.3g} {unit}"
    return f"{size_bytes} bytes"
