"""What a video file that somebody handed in is, found without decoding any of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from pipeline.errors import UploadRefusedError, UploadTooLargeError
from pipeline.geometry import Size
from sources.container_lengths import Mp4Lengths, is_whole, mp4_lengths
from sources.encoded import described_format
from sources.video_date import filmed_at

# FFmpeg's readers of files that cameras, recorders and phones write. Left out on purpose are those that take
# a text for a list of further files or addresses (hls, concat, dash), or anything at all for a picture (tty).
CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf"
# A header and the pictures may differ by their last picture and by rounding, not by more than this.
_TOLERANCE_S = 1.0
_TOLERANCE_SHARE = 0.05
# Many more pictures than any camera takes: stamps that stand still would outlast every limit of time.
_MOST_FPS = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoLimits:
    """What is taken at most.

    Attributes:
        length_s: seconds of media time, by the header and by the pictures.
        pixels: of one picture, width times height.
    """

    length_s: float
    pixels: int = 8192 * 4320


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFacts:
    """What a video is.

    Attributes:
        length_s: media time from the first to past the last picture that is there.
        size: of its pictures, as its header says.
        codec: FFmpeg's name.
        ends_early_s: the length that the header says, when the file was cut before; else None.
        filmed_at: when its first picture was taken, aware UTC, as far as the file says.
    """

    length_s: float
    size: Size
    codec: str
    ends_early_s: float | None
    filmed_at: datetime | None


def video_facts(path: Path, limits: VideoLimits) -> VideoFacts:
    """Read the header and the stamp of every picture of `path`; nothing is decoded.

    A file that was cut is taken, as far as it reaches; one whose header contradicts its pictures is not.

    Raises:
        UploadRefusedError: it is no video, holds no picture, or its header lies about its length.
        UploadTooLargeError: it is over a limit.
    """
    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
    try:
        container = av.open(str(path), "r", options=options, metadata_errors="ignore")
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise UploadRefusedError(f"the file cannot be read as a video ({reason})") from None
    with container:
        return _facts(container, path, limits)


def _facts(container: InputContainer, path: Path, limits: VideoLimits) -> VideoFacts:
    if not container.streams.video:
        raise UploadRefusedError("the file holds no video")
    stream = container.streams.video[0]
    described = described_format(stream)
    if described is None:
        raise UploadRefusedError("the file says no size of its pictures, so none can be shown")
    size = described.size
    if size.width * size.height > limits.pixels:
        raise UploadTooLargeError(
            f"the video's pictures are {size}; at most {limits.pixels:,} pixels are taken"
        )
    says_s = _said_s(container, stream)
    movie = mp4_lengths(path)
    if movie is not None:
        claimed_s = max((movie.says_s, *(track.says_s for track in movie.tracks)))
        _check_length(max(says_s, claimed_s), limits)
        _check_claims(movie)
        says_s = max((track.shown_s for track in movie.tracks), default=0.0)
    _check_length(says_s, limits)
    length_s = _measured_s(container, stream, limits)
    is_short = says_s > length_s and _differ(says_s, length_s)
    # A movie that leaves out parts of its samples by edits holds more than it says.
    is_long = movie is None and 0.0 < says_s < length_s and _differ(says_s, length_s)
    if is_long or (is_short and is_whole(path)):
        raise _lie(says_s, length_s)
    return VideoFacts(
        length_s=length_s,
        size=size,
        codec=described.codec,
        ends_early_s=says_s if is_short else None,
        filmed_at=filmed_at(container),
    )


def _check_length(length_s: float, limits: VideoLimits) -> None:
    if length_s > limits.length_s:
        raise UploadTooLargeError(
            f"the video says it is {length_s:,.0f} s long; at most {limits.length_s:,.0f} s are taken"
        )


def _check_claims(movie: Mp4Lengths) -> None:
    """A movie lists all its samples, so that its claims can be held against them even when it was cut."""
    for track in movie.tracks:
        if track.says_s and track.listed_s and _differ(track.says_s, track.listed_s):
            raise _lie(track.says_s, track.listed_s)
    shown_s = max((track.shown_s for track in movie.tracks), default=0.0)
    if movie.says_s and shown_s and _differ(movie.says_s, shown_s):
        raise _lie(movie.says_s, shown_s)


def _lie(says_s: float, holds_s: float) -> UploadRefusedError:
    return UploadRefusedError(
        f"the video's header lies about its length: it says {says_s:,.1f} s and holds {holds_s:,.1f} s"
    )


def _differ(one_s: float, other_s: float) -> bool:
    return abs(one_s - other_s) > max(_TOLERANCE_S, _TOLERANCE_SHARE * max(one_s, other_s))


def _said_s(container: InputContainer, stream: VideoStream) -> float:
    """The longest length that any header of the file claims; 0 when none does."""
    whole_s = (container.duration or 0) / av.time_base
    own_s = float((stream.duration or 0) * (stream.time_base or 0))
    return max(0.0, whole_s, own_s)


def _measured_s(container: InputContainer, stream: VideoStream, limits: VideoLimits) -> float:
    tick = float(stream.time_base or 0.0)
    period_s = _period_s(stream)
    first_s: float | None = None
    last_s, count, undated_s = 0.0, 0, 0.0
    try:
        for packet in container.demux(stream):
            if not packet.size:
                continue
            count += 1
            undated_s += period_s
            stamp = packet.pts if packet.pts is not None else packet.dts
            shown_s = undated_s if stamp is None else stamp * tick
            first_s = shown_s if first_s is None else min(first_s, shown_s)
            last_s = max(last_s, shown_s)
            length_s = last_s - first_s + period_s
            if length_s > limits.length_s:
                raise UploadTooLargeError(
                    f"the video holds more than the {limits.length_s:,.0f} s that are taken"
                )
            if count > _MOST_FPS * (length_s + 10.0):
                raise UploadRefusedError(
                    f"the video holds {count:,} pictures within {length_s:.1f} s; no camera takes so many"
                )
    except (av.FFmpegError, OSError):
        # What comes before the damage can be read.
        pass
    if first_s is None:
        raise UploadRefusedError("the file holds no picture: it was cut off before the first, or is damaged")
    return last_s - first_s + period_s


def _period_s(stream: VideoStream) -> float:
    rate = float(stream.average_rate or stream.guessed_rate or 25)
    return 1.0 / rate if rate > 0 else 0.04
