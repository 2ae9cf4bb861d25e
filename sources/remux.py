"""MP4 files: encoded packets as they are, or single pictures encoded as H.264."""

from __future__ import annotations

import io
from collections.abc import Iterable
from fractions import Fraction

import av
import numpy as np

from pipeline.errors import PictureError
from pipeline.picture import Image
from sources.encoded import TICK, TICKS_PER_S, EncodedPacket


def remuxed_mp4(packets: list[EncodedPacket]) -> bytes | None:
    """An MP4 with `packets` (Annex B, a keyframe first), not encoded anew; None when they do not fit one."""
    first = packets[0]
    shown = [round(packet.at_s * TICKS_PER_S) for packet in packets]
    # Live demuxers guess decoding times. The n-th picture is decoded when the n-th is shown, less the
    # longest delay that this ordering asks for; so no picture is shown before it is decoded.
    in_order = sorted(shown)
    delay = max(place - own for place, own in zip(in_order, shown, strict=True))
    began = in_order[0] - delay
    buffer = io.BytesIO()
    # The muxer wants the parameter sets; a demuxer reads them from the first keyframe.
    described = io.BytesIO(first.format.extradata + first.data)
    try:
        with (
            av.open(described, "r", format=first.format.codec) as template,
            av.open(buffer, "w", format="mp4") as output,
        ):
            stream = output.add_stream_from_template(template.streams.video[0])
            stream.time_base = TICK
            last_dts = -1
            for packet, own, place in zip(packets, shown, in_order, strict=True):
                encoded = av.Packet(packet.data)
                encoded.time_base = TICK
                # The muxer refuses times that do not rise.
                last_dts = max(last_dts + 1, place - delay - began)
                encoded.dts = last_dts
                encoded.pts = max(last_dts, own - began)
                encoded.is_keyframe = packet.is_key
                encoded.stream = stream
                output.mux(encoded)
    except (av.FFmpegError, ValueError, IndexError):
        return None
    return buffer.getvalue()


def encoded_mp4(pictures: Iterable[tuple[float, Image]]) -> bytes | None:
    """An MP4 (H.264) of pictures with their media times in seconds; None when there are none.

    All pictures take the first one's size, cut to even numbers as 4:2:0 needs.
    """
    buffer = io.BytesIO()
    try:
        with av.open(buffer, "w", format="mp4") as output:
            stream = None
            began_s = 0.0
            last_pts = -1
            for at_s, image in pictures:
                if stream is None:
                    options = {"preset": "veryfast", "crf": "23", "threads": "1"}
                    stream = output.add_stream("libx264", rate=Fraction(30), options=options)
                    stream.width, stream.height = image.shape[1] // 2 * 2, image.shape[0] // 2 * 2
                    stream.pix_fmt = "yuv420p"
                    stream.codec_context.time_base = TICK
                    began_s = at_s
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), "bgr24")
                frame = frame.reformat(stream.width, stream.height, "yuv420p")
                last_pts = max(last_pts + 1, round((at_s - began_s) * TICKS_PER_S))
                frame.pts = last_pts
                frame.time_base = TICK
                output.mux(stream.encode(frame))
            if stream is None:
                return None
            output.mux(stream.encode(None))
    except (av.FFmpegError, ValueError, PictureError):
        return None
    return buffer.getvalue()
