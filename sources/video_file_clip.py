"""A piece of a video file as an MP4."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from pipeline.picture import Image
from sources.remux import encoded_mp4

# What browsers play out of an MP4; everything else is encoded anew.
_COPIED = ("h264", "hevc")


def file_clip(path: Path, from_s: float, to_s: float) -> bytes | None:
    """The part of the file between two media times (0 = first picture), from the keyframe before it on.

    None when the file has nothing there or does not read.
    """
    try:
        with av.open(str(path), "r") as container:
            stream = container.streams.video[0]
            first = stream.start_time or 0
            tick = float(stream.time_base or 0.0)
            container.seek(first + round(max(0.0, from_s) / tick), stream=stream, backward=True)
            last = first + round(to_s / tick)
            if stream.codec_context.name in _COPIED:
                return _copied(container, stream, first + round(from_s / tick), last)
            return encoded_mp4(_images(container, stream, first, last))
    except (av.FFmpegError, OSError, IndexError, ZeroDivisionError):
        return None


def _copied(
    container: av.container.InputContainer, stream: av.VideoStream, begin: int, last: int
) -> bytes | None:
    buffer = io.BytesIO()
    base: int | None = None
    newest: int | None = None
    with av.open(buffer, "w", format="mp4") as output:
        copy = output.add_stream_from_template(stream)
        for packet in container.demux(stream):
            if packet.dts is None or packet.pts is None or (base is None and not packet.is_keyframe):
                continue
            if packet.dts > last:
                break
            base = packet.dts if base is None else base
            newest = packet.pts if newest is None else max(newest, packet.pts)
            packet.pts -= base
            packet.dts -= base
            packet.stream = copy
            output.mux(packet)
        if newest is None:
            # An empty MP4 cannot be closed properly; give the muxer nothing and say so.
            return None
    return buffer.getvalue() if newest >= begin else None


def _images(
    container: av.container.InputContainer, stream: av.VideoStream, first: int, last: int
) -> Iterator[tuple[float, Image]]:
    tick = float(stream.time_base or 0.0)
    for frame in container.decode(stream):
        if frame.pts is None or frame.pts < first:
            continue
        if frame.pts > last:
            return
        yield (frame.pts - first) * tick, np.asarray(frame.to_ndarray(format="bgr24"), dtype=np.uint8)
