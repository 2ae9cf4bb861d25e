"""Keeps evidence as files: written whole or not at all, and never changed afterwards."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pipeline.errors import EvidenceError, EvidenceMissingError, EvidenceUnavailableError
from pipeline.report import Evidence, EvidenceKind
from storage.blob_store import StoredBlob
from storage.evidence_keys import check_content, check_key, evidence_key

_log = logging.getLogger(__name__)

_INCOMING = ".incoming"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


class EvidenceFolder:
    """`storage.blob_store.BlobStore` in a folder.

    A file is written beside the final places, fsynced, renamed, and its folder fsynced: after `put` returns,
    the evidence survives a power cut; when it raises, nothing is there.
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
        key = evidence_key(camera=camera, kind=kind, taken_at=taken_at, digest=digest, media_type=media_type)
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
            raise EvidenceMissingError(
                f"there is no evidence {key} in {self._root}: the file is gone"
            ) from None
        except OSError as error:
            raise self._error(f"did not give {key}", error) from error
        check_content(key, data, str(self._root))
        return data

    def delete(self, key: str) -> bool:
        path = self.path(key)
        try:
            path.unlink()
            _fsync_folder(path.parent)
            self._remove_empty(path.parent)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._error(f"did not delete {key}", error) from error
        return True

    def blobs(self) -> Iterator[StoredBlob]:
        for folder, folders, names in os.walk(self._root):
            # In place, so that the walk follows: in order, and never into what is being written.
            folders[:] = sorted(name for name in folders if name != _INCOMING)
            for name in sorted(names):
                path = Path(folder, name)
                try:
                    status = path.lstat()
                except FileNotFoundError:
                    # Deleted since it was listed.
                    continue
                yield StoredBlob(
                    key=path.relative_to(self._root).as_posix(),
                    size_bytes=status.st_size,
                    modified_at=datetime.fromtimestamp(status.st_mtime, UTC),
                )

    def where(self, key: str) -> str:
        return str(self.path(key))

    def path(self, key: str) -> Path:
        """Where the file of `key` lies, for programs that open it; it need not exist.

        Raises:
            EvidenceError: the key is not one of ours, or leads out of the folder.
        """
        check_key(key)
        path = self._root / key
        # A link planted in the folder must not lead elsewhere either.
        if not path.resolve().is_relative_to(self._root.resolve()):
            raise EvidenceError(f"the evidence {key!r} leads out of {self._root}")
        return path

    def _write(self, path: Path, data: bytes) -> None:
        temporary = self._incoming / f"{path.name}.{secrets.token_hex(8)}"
        with _locked(self._incoming, fcntl.LOCK_SH):
            self._make_folder(path.parent)
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

    def _remove_empty(self, folder: Path) -> None:
        # The folders of days that have expired would pile up for ever. Under the lock, so that none goes in
        # which somebody is just writing.
        try:
            with _locked(self._incoming, fcntl.LOCK_EX | fcntl.LOCK_NB):
                for one in (folder, *folder.parents):
                    if one == self._root:
                        return
                    one.rmdir()
        except OSError:
            # Somebody writes, or the folder holds more: it goes with its last file.
            return

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

    def _error(self, what: str, error: OSError) -> EvidenceUnavailableError:
        # Whatever the disk says, it says of itself and not of this piece of evidence.
        if error.errno in _FULL:
            advice = "it is full: free space there or set evidence.folder to another disk"
        elif error.errno in _FORBIDDEN:
            advice = (
                "its rights forbid it: let this user write there or set evidence.folder to another folder"
            )
        else:
            advice = f"{error.strerror or error}; check the disk or set evidence.folder to another one"
        return EvidenceUnavailableError(f"the evidence folder {self._root} {what}: {advice}")


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
