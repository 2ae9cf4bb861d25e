"""A video file as RTP payloads: H.264 (RFC 6184) and H.265 (RFC 7798)."""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av

from pipeline.errors import SourcePermanentError

_TICKS_PER_S = 90_000
_PAYLOAD_TYPE = 96
_LARGEST = 1400
_START_CODE = re.compile(rb"\x00\x00\x00?\x01")
_SOURCE = 0x60746368
# Stamps begin anywhere (RFC 3550 5.1); FFmpeg takes a 0 for none at all.
_FIRST_TICKS = 3_141_592_653
_FU_A = 28
_FU_H265 = 49


@dataclass(frozen=True, slots=True, kw_only=True)
class _Picture:
    decode_s: float
    shown_s: float
    is_key: bool
    units: tuple[bytes, ...]


class RtpVideo:
    """The first video stream of a file.

    Args:
        path: the file; its packets are held in memory.

    Raises:
        SourcePermanentError: not readable, or neither H.264 nor H.265.
    """

    def __init__(self, path: Path) -> None:
        try:
            with av.open(str(path)) as container:
                stream = container.streams.video[0]
                self._codec = stream.codec_context.name
                if self._codec not in ("h264", "hevc"):
                    raise SourcePermanentError(f"{path.name} is {self._codec}, expected h264 or hevc")
                self._pictures = _read(container, stream, self._codec)
        except (av.FFmpegError, IndexError, OSError) as error:
            raise SourcePermanentError(f"{path.name} is no video that can be served") from error
        if not self._pictures:
            raise SourcePermanentError(f"{path.name} holds no pictures")
        last = self._pictures[-1]
        before_s = self._pictures[-2].decode_s if len(self._pictures) > 1 else last.decode_s - 0.04
        self._duration_s = last.decode_s + (last.decode_s - before_s)

    def description(self) -> str:
        """The SDP (RFC 8866), with the parameter sets where the codec's payload format puts them."""
        sets = [unit for unit in self._pictures[0].units if self._is_parameter_set(unit)]
        coded = [base64.b64encode(unit).decode() for unit in sets]
        if self._codec == "h264":
            parameters = f"packetization-mode=1;sprop-parameter-sets={','.join(coded)}"
            name = "H264"
        else:
            names = {32: "sprop-vps", 33: "sprop-sps", 34: "sprop-pps"}
            kinds = [names[unit[0] >> 1 & 0x3F] for unit in sets]
            parameters = ";".join(f"{kind}={text}" for kind, text in zip(kinds, coded, strict=True))
            name = "H265"
        lines = [
            "v=0",
            "o=- 1 1 IN IP4 127.0.0.1",
            "s=camera",
            "c=IN IP4 0.0.0.0",
            "t=0 0",
            f"m=video 0 RTP/AVP {_PAYLOAD_TYPE}",
            f"a=rtpmap:{_PAYLOAD_TYPE} {name}/{_TICKS_PER_S}",
            f"a=fmtp:{_PAYLOAD_TYPE} {parameters}",
            "a=control:trackID=0",
        ]
        return "\r\n".join(lines) + "\r\n"

    def from_keyframe(self, from_s: float, *, loop: bool) -> Iterator[tuple[float, int, tuple[bytes, ...]]]:
        """Pictures from the first keyframe at or after `from_s`: seconds to send at, RTP stamp, NAL units."""
        rounds = int(from_s // self._duration_s) if loop else 0
        started = False
        while True:
            for picture in self._pictures:
                at_s = rounds * self._duration_s + picture.decode_s
                if not started and not (picture.is_key and at_s >= from_s):
                    continue
                started = True
                shown_s = rounds * self._duration_s + picture.shown_s
                yield at_s, (_FIRST_TICKS + round(shown_s * _TICKS_PER_S)) & 0xFFFFFFFF, picture.units
            if not loop:
                return
            rounds += 1

    def payloads(self, units: tuple[bytes, ...]) -> Iterator[tuple[bytes, bool]]:
        """RTP payloads of one picture, and whether one is its last."""
        for index, unit in enumerate(units):
            pieces = [unit] if len(unit) <= _LARGEST else list(self._fragments(unit))
            for piece_index, piece in enumerate(pieces):
                yield piece, index == len(units) - 1 and piece_index == len(pieces) - 1

    def _fragments(self, unit: bytes) -> Iterator[bytes]:
        if self._codec == "h264":
            head, kind, body = bytes([unit[0] & 0xE0 | _FU_A]), unit[0] & 0x1F, unit[1:]
        else:
            head, kind, body = bytes([unit[0] & 0x81 | _FU_H265 << 1, unit[1]]), unit[0] >> 1 & 0x3F, unit[2:]
        for start in range(0, len(body), _LARGEST):
            first, last = start == 0, start + _LARGEST >= len(body)
            yield head + bytes([first << 7 | last << 6 | kind]) + body[start : start + _LARGEST]

    def _is_parameter_set(self, unit: bytes) -> bool:
        return unit[0] & 0x1F in (7, 8) if self._codec == "h264" else unit[0] >> 1 & 0x3F in (32, 33, 34)


def _read(container: av.container.InputContainer, stream: av.VideoStream, codec: str) -> list[_Picture]:
    to_annex_b = av.BitStreamFilterContext(f"{codec}_mp4toannexb", stream)
    pictures: list[_Picture] = []
    tick = float(stream.time_base or 0)
    began_s: float | None = None
    for packet in container.demux(stream):
        if not packet.size or packet.dts is None or packet.pts is None:
            continue
        for filtered in to_annex_b.filter(packet):
            decode_s, shown_s = (filtered.dts or 0) * tick, (filtered.pts or 0) * tick
            began_s = decode_s if began_s is None else began_s
            units = tuple(unit for unit in _START_CODE.split(bytes(filtered)) if unit)
            pictures.append(
                _Picture(
                    decode_s=decode_s - began_s,
                    shown_s=shown_s - began_s,
                    is_key=filtered.is_keyframe,
                    units=units,
                )
            )
    return pictures


def interleaved(payload: bytes, *, sequence: int, ticks: int, marker: bool) -> bytes:
    """One RTP packet (RFC 3550) framed for the RTSP connection, channel 0."""
    header = struct.pack(
        ">BBHII", 0x80, marker << 7 | _PAYLOAD_TYPE, sequence & 0xFFFF, ticks & 0xFFFFFFFF, _SOURCE
    )
    return struct.pack(">cBH", b"$", 0, len(header) + len(payload)) + header + payload
