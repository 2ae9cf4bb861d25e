"""Encoded packets with our own times: what is kept, remuxed and decoded when somebody looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

import av

from pipeline.errors import SourcePermanentError
from pipeline.geometry import Size

# The ticks of RTP video and MPEG systems (RFC 6184 5.1); stamps of our packets count these.
TICKS_PER_S = 90_000
TICK = Fraction(1, TICKS_PER_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamFormat:
    """What a decoder must know before the first packet.

    Attributes:
        codec: FFmpeg's name of the decoder, as "h264" or "hevc".
        extradata: parameter sets from the stream's description; may be empty.
        size: of the picture as described; a stream may change it without a word.
        pixels: FFmpeg's name of the pixel format, empty when unknown.
    """

    codec: str
    extradata: bytes
    size: Size
    pixels: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedPacket:
    """One encoded picture.

    Attributes:
        data: the access unit.
        is_key: it decodes without any other packet.
        at_s: media time at which it is shown.
        decode_at_s: media time at which it is decoded; rises from packet to packet.
        taken_at: aware UTC.
        discontinuity: a gap lies before it.
        format: how to decode it.
    """

    data: bytes
    is_key: bool
    at_s: float
    decode_at_s: float
    taken_at: datetime
    discontinuity: bool
    format: StreamFormat


def described_format(stream: av.VideoStream) -> StreamFormat:
    """The format of an open stream.

    Raises:
        SourcePermanentError: the stream says no size, so nothing can be decoded.
    """
    context = stream.codec_context
    if context.width < 1 or context.height < 1:
        raise SourcePermanentError(f"its {context.name} stream says no picture size")
    return StreamFormat(
        codec=context.name,
        extradata=context.extradata or b"",
        size=Size(width=context.width, height=context.height),
        pixels=context.pix_fmt or "",
    )
