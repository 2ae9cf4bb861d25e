"""Keeps uploaded files in a folder, by the hash of their content: whole or not at all."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.errors import UploadError, UploadUnavailableError
from storage.blob_store import StoredBlob
from storage.upload_store import (
    Incoming,
    StoredUpload,
    check_upload_key,
    incoming,
    told_from_damage,
    unreadable,
)

_log = logging.getLogger(__name__)

INCOMING = ".incoming"
# No upload takes longer: what is older was left by a program that was killed.
_LEFT_BEHIND = timedelta(days=1)


class UploadFolder:
    """`storage.upload_store.UploadStore` in a folder that all programs of the machine share."""

    def __init__(self, root: Path) -> None:
        """Make the folder if needed and clear away what a killed program was writing a day ago.

        Raises:
            UploadError: the folder cannot be made or written to.
        """
        self._root = root.absolute()
        self._incoming = self._root / INCOMING
        try:
            self._incoming.mkdir(parents=True, exist_ok=True)
            clear_left_behind(self._incoming)
        except OSError as error:
            raise UploadError(
                f"the folder of uploads {self._root} cannot be used: {error.strerror or error}"
            ) from error

    def receive(self, *, limit_bytes: int) -> AbstractContextManager[Incoming]:
        return incoming(self._incoming, limit_bytes=limit_bytes, keep=self._keep)

    @contextmanager
    def opened(self, key: str) -> Iterator[Path]:
        path = self._path(key)
        try:
            path.stat()
        except FileNotFoundError:
            # A disk that is not mounted holds nothing at all.
            if not self._incoming.is_dir():
                raise UploadUnavailableError(
                    f"the folder of uploads {self._root} is away: check that its disk is mounted"
                ) from None
            raise UploadError(f"the uploaded file {key} is gone from {self._root}") from None
        except OSError as error:
            raise unreadable(key, error) from error
        with told_from_damage(path, key):
            yield path

    def delete(self, key: str, *, kept_before: datetime | None = None) -> bool:
        path = self._path(key)
        try:
            if kept_before is not None and path.stat().st_mtime >= kept_before.timestamp():
                return False
            path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise UploadError(
                f"the uploaded file {path} cannot be deleted: {error.strerror or error}"
            ) from error
        return True

    def blobs(self) -> Iterator[StoredBlob]:
        for path in sorted(self._root.glob("[0-9a-f][0-9a-f]/*")):
            try:
                status = path.stat()
            except FileNotFoundError:
                # Deleted since it was listed.
                continue
            yield StoredBlob(
                key=path.relative_to(self._root).as_posix(),
                size_bytes=status.st_size,
                modified_at=datetime.fromtimestamp(status.st_mtime, UTC),
            )

    def _keep(self, path: Path, upload: StoredUpload) -> None:
        # Replaced also where it lies already: its age begins anew, and an expiry that is just looking at the
        # old one sees that.
        target = self._path(upload.key)
        target.parent.mkdir(exist_ok=True)
        path.replace(target)
        for folder in (target.parent, self._root):
            _fsync_folder(folder)

    def _path(self, key: str) -> Path:
        check_upload_key(key)
        return self._root / key


def clear_left_behind(folder: Path) -> None:
    """Delete what killed programs left in a folder of incoming files; raises OSError."""
    before = (datetime.now(UTC) - _LEFT_BEHIND).timestamp()
    for path in folder.iterdir():
        try:
            # What is being written are files; the folders beside them hold what is kept.
            if path.is_file() and path.stat().st_mtime < before:
                path.unlink()
                _log.warning("cleared away an upload that a killed program had not finished: %s", path.name)
        except FileNotFoundError:
            continue


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
