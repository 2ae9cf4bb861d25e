"""Parts of a file, which players ask for to jump within a clip (RFC 9110 14)."""

from __future__ import annotations

import re

from fastapi.responses import Response

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def ranged(data: bytes, media_type: str, wanted: str | None, headers: dict[str, str]) -> Response:
    """The bytes, or the one part of them that the header Range asks for.

    Args:
        data: all of it.
        media_type: of it.
        wanted: the header, or None; several parts or nonsense give the whole, as the standard allows.
        headers: of the answer.
    """
    headers = {"Accept-Ranges": "bytes", **headers}
    match = None if wanted is None else _RANGE.fullmatch(wanted.strip())
    if match is None or (not match[1] and not match[2]):
        return Response(data, 200, headers, media_type)
    if match[1]:
        begin, end = int(match[1]), int(match[2]) if match[2] else len(data) - 1
    else:
        begin, end = max(0, len(data) - int(match[2])), len(data) - 1
    end = min(end, len(data) - 1)
    if begin > end:
        return Response(b"", 416, {**headers, "Content-Range": f"bytes */{len(data)}"}, media_type)
    headers["Content-Range"] = f"bytes {begin}-{end}/{len(data)}"
    return Response(data[begin : end + 1], 206, headers, media_type)
