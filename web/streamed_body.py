"""A request's body on its way to disk: piece by piece, never whole in memory, never in the event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Protocol

from fastapi import HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

# Pieces are written in blocks of this size: a thread for each 64 kB would cost more than the writing.
_BLOCK_BYTES = 1 << 20
_MOST_FIELD_BYTES = 10_000
_MOST_PARTS = 20


class Sink(Protocol):
    """What bytes are written to."""

    def write(self, chunk: bytes) -> None:
        """Take the next piece; blocks while the disk does."""
        ...


async def pour(chunks: AsyncIterator[bytes], sink: Sink) -> None:
    """Write `chunks` to `sink`, in threads.

    Raises:
        HTTPException: 400, the client hung up; what came before is written.
        UploadTooLargeError, UploadError: as `sink` says.
    """
    block = bytearray()
    try:
        async for chunk in chunks:
            block += chunk
            if len(block) >= _BLOCK_BYTES:
                whole, block = bytes(block), bytearray()
                await run_in_threadpool(sink.write, whole)
    except ClientDisconnect:
        raise HTTPException(400, "the connection ended in the middle of the upload") from None
    finally:
        if block:
            await run_in_threadpool(sink.write, bytes(block))


class UploadForm:
    """A form of the media type multipart/form-data with one file; small fields may stand before and after.

    Args:
        request: whose body is read.
        sink: takes the bytes of the part `file`.
    """

    def __init__(self, request: Request, sink: Sink) -> None:
        self._request = request
        self._sink = sink
        self.fields: dict[str, str] = {}
        self.file_name: str | None = None
        self._headers: dict[str, str] = {}
        self._header = [b"", b""]
        self._name = ""
        self._is_file = False
        self._value = bytearray()
        self._parts = 0
        self._poured = bytearray()

    async def read(self) -> None:
        """Read the body to its end.

        Raises:
            HTTPException: 400 for a body that is no such form, or is cut off; 422 without a file.
            UploadTooLargeError, UploadError: as the sink says.
        """
        _, options = parse_options_header(self._request.headers.get("content-type", ""))
        boundary = options.get(b"boundary")
        if not boundary:
            raise HTTPException(400, "the form names no boundary between its parts")
        finished = False

        def end() -> None:
            nonlocal finished
            finished = True

        parser = MultipartParser(boundary, self._callbacks(end))
        await pour(self._file_bytes(parser), self._sink)
        if not finished:
            raise HTTPException(400, "the form is cut off: its last boundary is missing")
        if self.file_name is None:
            raise HTTPException(422, "expected a part `file` with the video, got none")

    async def _file_bytes(self, parser: MultipartParser) -> AsyncIterator[bytes]:
        async for chunk in self._request.stream():
            try:
                parser.write(chunk)
            except MultipartParseError as error:
                raise HTTPException(400, f"the form cannot be read: {error}") from None
            if self._poured:
                whole, self._poured = bytes(self._poured), bytearray()
                yield whole

    def _callbacks(self, end: Callable[[], None]) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin_part,
            "on_header_field": lambda data, start, stop: self._add_header(0, data[start:stop]),
            "on_header_value": lambda data, start, stop: self._add_header(1, data[start:stop]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._begin_content,
            "on_part_data": lambda data, start, stop: self._add_content(data[start:stop]),
            "on_part_end": self._end_part,
            "on_end": end,
        }

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise HTTPException(422, f"the form has more than {_MOST_PARTS} parts")
        self._headers, self._value, self._is_file = {}, bytearray(), False

    def _add_header(self, which: int, data: bytes) -> None:
        self._header[which] += data

    def _end_header(self) -> None:
        self._headers[self._header[0].decode("latin-1").lower()] = self._header[1].decode("latin-1")
        self._header = [b"", b""]

    def _begin_content(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition", ""))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if self._name == "file":
            if self.file_name is not None:
                raise HTTPException(422, "expected one part `file`, got several: send one video at a time")
            self._is_file = True
            self.file_name = options.get(b"filename", b"").decode("utf-8", "replace")
        elif b"filename" in options:
            raise HTTPException(422, f"expected a part `file` with the video, got a file as {self._name!r}")

    def _add_content(self, data: bytes) -> None:
        if self._is_file:
            self._poured += data
            return
        self._value += data
        if len(self._value) > _MOST_FIELD_BYTES:
            raise HTTPException(422, f"the field {self._name!r} is longer than {_MOST_FIELD_BYTES} bytes")

    def _end_part(self) -> None:
        if not self._is_file:
            self.fields[self._name] = self._value.decode("utf-8", "replace")
