"""A form with several files on its way to disk: piece by piece, never whole in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fastapi import HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from jobs.photo_intake import NamedFile
from storage.upload_store import Incoming

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

# Written in blocks of this size: a thread for each 64 kB would cost more than the writing.
_BLOCK_BYTES = 256_000
_MOST_FIELD_BYTES = 10_000
_MOST_FIELDS = 20
_MOST_HEADER_BYTES = 4_000


class PhotoForm:
    """A form of the media type multipart/form-data; every part with a file name is a photo.

    Args:
        request: whose body is read.
        receive: begins a file.
        most: files at most.
    """

    def __init__(self, request: Request, receive: Callable[[], Incoming], *, most: int) -> None:
        self._request = request
        self._receive = receive
        self._most = most
        self.files: list[NamedFile] = []
        self.fields: dict[str, str] = {}
        self._headers: dict[str, str] = {}
        self._header = [b"", b""]
        self._name = ""
        self._is_file = False
        self._value = bytearray()
        self._begins: list[str] = []
        self._pieces: list[tuple[int, bytes]] = []
        self._ended = False

    async def read(self) -> None:
        """Read the body to its end.

        Raises:
            HTTPException: 400 for a body that is no such form, or is cut off; 422 for too much in it.
            UploadTooLargeError: a file is over its limit.
            UploadError: the disk does not take it.
        """
        kind, options = parse_options_header(self._request.headers.get("content-type", ""))
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise HTTPException(415, "expected a form of the media type multipart/form-data with photos")
        parser = MultipartParser(boundary, self._callbacks())
        try:
            async for chunk in self._request.stream():
                parser.write(chunk)
                if sum(len(piece) for _, piece in self._pieces) >= _BLOCK_BYTES:
                    await run_in_threadpool(self._write)
        except MultipartParseError as error:
            raise HTTPException(400, f"the form cannot be read: {error}") from None
        except ClientDisconnect:
            raise HTTPException(400, "the connection ended in the middle of the upload") from None
        await run_in_threadpool(self._write)
        if not self._ended:
            raise HTTPException(400, "the form is cut off: its last boundary is missing")

    def _write(self) -> None:
        for name in self._begins:
            self.files.append(NamedFile(incoming=self._receive(), name=name))
        for number, piece in self._pieces:
            self.files[number].incoming.write(piece)
        self._begins, self._pieces = [], []

    def _callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin_part,
            "on_header_field": lambda data, start, stop: self._add_header(0, data[start:stop]),
            "on_header_value": lambda data, start, stop: self._add_header(1, data[start:stop]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._begin_content,
            "on_part_data": lambda data, start, stop: self._add_content(data[start:stop]),
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def _end(self) -> None:
        self._ended = True

    def _begin_part(self) -> None:
        self._headers, self._value, self._is_file = {}, bytearray(), False

    def _add_header(self, which: int, data: bytes) -> None:
        self._header[which] += data
        if len(self._header[which]) > _MOST_HEADER_BYTES:
            raise HTTPException(400, "a header in the form is too long")

    def _end_header(self) -> None:
        self._headers[self._header[0].decode("latin-1").lower()] = self._header[1].decode("latin-1")
        self._header = [b"", b""]

    def _begin_content(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition", ""))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        self._is_file = b"filename" in options
        if not self._is_file:
            if len(self.fields) >= _MOST_FIELDS:
                raise HTTPException(422, f"the form has more than {_MOST_FIELDS} fields")
            return
        if len(self.files) + len(self._begins) >= self._most:
            several = f"{self._most} photos" if self._most > 1 else "one photo"
            raise HTTPException(422, f"expected at most {several} in one upload")
        self._begins.append(options[b"filename"].decode("utf-8", "replace"))

    def _add_content(self, data: bytes) -> None:
        if self._is_file:
            self._pieces.append((len(self.files) + len(self._begins) - 1, data))
            return
        self._value += data
        if len(self._value) > _MOST_FIELD_BYTES:
            raise HTTPException(
                422,
                f"the field {self._name!r} is longer than {_MOST_FIELD_BYTES} bytes; a photo has a file name",
            )

    def _end_part(self) -> None:
        if not self._is_file:
            self.fields[self._name] = self._value.decode("utf-8", "replace")
