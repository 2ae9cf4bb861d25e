"""Uploads that come in pieces: what has arrived stays on disk, so that a broken line costs nothing."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import time

from pipeline.errors import UploadError, UploadRefusedError, UploadTooLargeError
from storage.upload_store import shown_size

_log = logging.getLogger(__name__)

# Who has not come back after a day has given up.
KEPT_S = 24 * 3600.0
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialUpload:
    """An upload on its way.

    Attributes:
        id: 32 hex digits.
        owner: who sends it.
        size_bytes: how long it will be.
        offset: how many bytes have arrived.
        asked: what is to be done with it.
        answer: what became of it, once it was complete; "" before.
    """

    id: str
    owner: str
    size_bytes: int
    offset: int
    asked: Mapping[str, str]
    answer: str


class PartialUploads:
    """Keeps unfinished uploads in a folder of this machine. Threads and programs may share it.

    Args:
        root: the folder.
        limit_bytes: no upload may be longer.
        most: an owner may have so many unfinished ones.
    """

    def __init__(self, root: Path, *, limit_bytes: int, most: int) -> None:
        self._root = root
        self._limit_bytes = limit_bytes
        self._most = most

    @property
    def limit_bytes(self) -> int:
        """No upload may be longer."""
        return self._limit_bytes

    def begin(self, *, owner: str, size_bytes: int, asked: Mapping[str, str]) -> PartialUpload:
        """Make room for an upload of `size_bytes`.

        Raises:
            UploadTooLargeError: it is over the limit.
            UploadRefusedError: it is empty, or its owner has too many unfinished ones.
            UploadError: the folder cannot be used.
        """
        if size_bytes < 1:
            raise UploadRefusedError("the file is empty: it has 0 bytes")
        if size_bytes > self._limit_bytes:
            raise UploadTooLargeError(
                f"the file is larger than the {shown_size(self._limit_bytes)} that are taken"
            )
        upload_id = secrets.token_hex(16)
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            self._clear_old()
            open_ones = sum(not one.answer and one.owner == owner for one in self._all())
            if open_ones >= self._most:
                raise UploadRefusedError(
                    f"{owner} has {open_ones} unfinished uploads; finish or delete one of them first"
                )
            self._data(upload_id).touch(mode=0o600, exist_ok=False)
            self._describe(upload_id, {"owner": owner, "size_bytes": size_bytes, "asked": dict(asked)})
        except OSError as error:
            raise _unusable(error) from error
        return PartialUpload(
            id=upload_id, owner=owner, size_bytes=size_bytes, offset=0, asked=dict(asked), answer=""
        )

    def get(self, upload_id: str) -> PartialUpload | None:
        """The upload; None when there is none of that id, or no longer."""
        if not _ID.fullmatch(upload_id):
            return None
        try:
            said = json.loads(self._description(upload_id).read_bytes())
            answer = str(said.get("answer", ""))
            offset = int(said["size_bytes"]) if answer else self._data(upload_id).stat().st_size
        except (FileNotFoundError, ValueError):
            return None
        except OSError as error:
            raise _unusable(error) from error
        return PartialUpload(
            id=upload_id,
            owner=str(said["owner"]),
            size_bytes=int(said["size_bytes"]),
            offset=offset,
            asked={str(key): str(value) for key, value in said["asked"].items()},
            answer=answer,
        )

    @contextmanager
    def held(self, upload_id: str) -> Iterator[PieceWriter]:
        """The only one that may write to an upload, while the block lasts; what was written stays.

        Raises:
            UploadRefusedError: it is gone.
            UploadError: somebody else writes to it or has just completed it, or the folder cannot be used.
        """
        try:
            with open(self._data(upload_id), "ab", opener=_existing) as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                upload = self.get(upload_id)
                if upload is None:
                    raise UploadRefusedError("the upload is gone; begin it anew")
                if upload.answer:
                    raise UploadError("another request has just completed this upload; ask again")
                yield PieceWriter(file.fileno(), upload)
        except FileNotFoundError:
            raise UploadRefusedError("the upload is gone; begin it anew") from None
        except BlockingIOError:
            raise UploadError("another request writes to this upload; come again when it has ended") from None

    def path(self, upload_id: str) -> Path:
        """Where the bytes of an upload lie."""
        return self._data(upload_id)

    def answered(self, upload_id: str, answer: str) -> None:
        """Remember what became of a complete upload, for who did not hear it; its bytes go."""
        upload = self.get(upload_id)
        if upload is not None:
            said = {"owner": upload.owner, "size_bytes": upload.size_bytes, "asked": dict(upload.asked)}
            try:
                self._describe(upload_id, said | {"answer": answer})
                self._data(upload_id).unlink(missing_ok=True)
            except OSError as error:
                raise _unusable(error) from error

    def discard(self, upload_id: str) -> None:
        """Leave nothing of an upload behind."""
        try:
            self._data(upload_id).unlink(missing_ok=True)
            self._description(upload_id).unlink(missing_ok=True)
        except OSError as error:
            raise _unusable(error) from error

    def _all(self) -> Iterator[PartialUpload]:
        for path in self._root.glob("*.json"):
            upload = self.get(path.stem)
            if upload is not None:
                yield upload

    def _clear_old(self) -> None:
        for path in self._root.iterdir():
            try:
                old = time() - path.stat().st_mtime > KEPT_S
            except FileNotFoundError:
                # Another upload's description that was written just now has its name since.
                continue
            if old and not self._data(path.stem).exists():
                path.unlink(missing_ok=True)
            elif old and path.suffix == ".part":
                _log.info("an upload that nobody finished within a day is deleted")
                self.discard(path.stem)

    def _describe(self, upload_id: str, said: Mapping[str, object]) -> None:
        path = self._description(upload_id)
        written = path.with_suffix(".new")
        written.write_text(json.dumps(said), encoding="utf-8")
        written.replace(path)

    def _data(self, upload_id: str) -> Path:
        return self._root / f"{upload_id}.part"

    def _description(self, upload_id: str) -> Path:
        return self._root / f"{upload_id}.json"


class PieceWriter:
    """Appends to an upload that is held.

    Args:
        descriptor: of the file, open for appending.
        upload: as it was when it was taken hold of.
    """

    def __init__(self, descriptor: int, upload: PartialUpload) -> None:
        self._descriptor = descriptor
        self.upload = upload
        self.offset = upload.offset

    def write(self, chunk: bytes) -> None:
        """Append; it survives the end of the program when this returns.

        Raises:
            UploadTooLargeError: more comes than was announced.
            UploadError: the disk does not take it.
        """
        if self.offset + len(chunk) > self.upload.size_bytes:
            raise UploadTooLargeError(
                f"more bytes come than the {self.upload.size_bytes:,} that were announced"
            )
        left = memoryview(chunk)
        try:
            while left:
                written = os.write(self._descriptor, left)
                self.offset += written
                left = left[written:]
        except OSError as error:
            raise _unusable(error) from error


def _existing(path: str, flags: int) -> int:
    """Opens a file that is there: appending would else make one anew that was just discarded."""
    return os.open(path, flags & ~os.O_CREAT)


def _unusable(error: OSError) -> UploadError:
    return UploadError(f"unfinished uploads cannot be kept: {error.strerror or error}")
