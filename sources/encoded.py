"""Encoded packets with our own times: what is kept, remuxed and decoded when somebody looks."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

import av

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


def described_format(stream: av.VideoStream, keyframe: bytes = b"") -> StreamFormat | None:
    """The format of an open stream, or None while nobody has said the picture's size.

    A camera that begins to send late, or in the middle of a row, is open before its size is known: then
    `keyframe` (Annex B), its first one, says it.
    """
    context = stream.codec_context
    size = (context.width, context.height)
    extradata, pixels = context.extradata or b"", context.pix_fmt or ""
    if min(size) < 1 and keyframe:
        try:
            with av.open(io.BytesIO(extradata + keyframe), "r", format=context.name) as container:
                own = container.streams.video[0].codec_context
                size, pixels = (own.width, own.height), own.pix_fmt or ""
                extradata = extradata or own.extradata or b""
        except (av.FFmpegError, ValueError, IndexError):
            return None
    if min(size) < 1:
        return None
    return StreamFormat(
        codec=context.name, extradata=extradata, size=Size(width=size[0], height=size[1]), pixels=pixels
    )
