"""From encoded packets to decoded frames: cheap single keyframes, running streams, best-quality stills."""

from __future__ import annotations

import threading
from collections.abc import Callable

import av
from av.video.codeccontext import VideoCodecContext

from pipeline.errors import PictureError
from pipeline.geometry import Size
from pipeline.picture import Gray, Image
from sources.encoded import TICK, TICKS_PER_S, EncodedPacket, StreamFormat
from sources.video_picture import VideoPicture

# Below this a picture is a camera's fault, not a street.
_LEAST_SIDE = 16
_MOST_PIXELS = str(8192 * 8192)


class KeyframeDecoder:
    """Decodes keyframes of one stream, in any order and from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._format: StreamFormat | None = None
        self._context: VideoCodecContext | None = None

    def decode(self, packet: EncodedPacket) -> av.VideoFrame:
        """The one frame of a keyframe, without the in-loop filter (a seventh of the cost, hardly seen).

        Raises:
            PictureError: it does not decode.
        """
        with self._lock:
            if self._context is None or packet.discontinuity or packet.format != self._format:
                self._context = _decoder(packet.format, hurried=True)
                self._format = packet.format
            return _only_frame(self._context, packet)


class PacketDecoder:
    """Decodes one stream in one thread; frames carry `at_s` in 90 kHz ticks as their `pts`."""

    def __init__(self) -> None:
        self._format: StreamFormat | None = None
        self._running: VideoCodecContext | None = None

    def running(self, packet: EncodedPacket) -> list[av.VideoFrame]:
        """The frames that become complete with `packet`, which follows the one before.

        Raises:
            PictureError: it does not decode; the next keyframe may.
        """
        self._follow(packet)
        if self._running is None:
            self._running = _decoder(packet.format, hurried=False)
        return _decoded(self._running, packet)

    def leave(self) -> None:
        """The row is left: what follows begins with a keyframe."""
        self._running = None

    def rest(self) -> list[av.VideoFrame]:
        """The frames a running decoder still holds at the end of its stream."""
        if self._running is None:
            return []
        try:
            return self._running.decode(None)
        except av.FFmpegError:
            return []
        finally:
            self._running = None

    def _follow(self, packet: EncodedPacket) -> None:
        if packet.discontinuity or packet.format != self._format:
            self._format = packet.format
            self._running = None


def decoded_keyframe(packet: EncodedPacket) -> av.VideoFrame:
    """The frame of a keyframe in its best quality.

    Raises:
        PictureError: it does not decode.
    """
    return _only_frame(_decoder(packet.format, hurried=False), packet)


def video_picture(frame: av.VideoFrame, packet: EncodedPacket | None = None) -> VideoPicture:
    """The picture of a frame; with `packet`, its best quality is decoded from there on demand.

    Raises:
        PictureError: it is too small to be a picture of anything.
    """
    if min(frame.width, frame.height) < _LEAST_SIDE:
        raise PictureError(f"the camera sent a picture of {frame.width}x{frame.height} pixels")
    return VideoPicture(frame, None if packet is None else lambda: decoded_keyframe(packet))


class OnDemandPicture:
    """A picture that is opened when somebody looks at it, and says what is wrong with it each time.

    Args:
        opened: opens it; raises PictureError.
    """

    def __init__(self, opened: Callable[[], VideoPicture]) -> None:
        self._opened = opened
        self._picture: VideoPicture | None = None
        self._error: PictureError | None = None

    @property
    def size(self) -> Size:
        """Full resolution, which only the decoded picture knows.

        Raises:
            PictureError: the picture is damaged.
        """
        return self._open().size

    def gray(self, size: Size) -> Gray:
        """Luma, uint8.

        Raises:
            PictureError: the picture is damaged.
        """
        return self._open().gray(size)

    def bgr(self, size: Size | None = None) -> Image:
        """Colours, BGR uint8.

        Raises:
            PictureError: the picture is damaged.
        """
        return self._open().bgr(size)

    def original(self) -> bytes | None:
        """None: the picture is part of a stream."""
        return None

    def _open(self) -> VideoPicture:
        if self._error is not None:
            raise self._error
        if self._picture is None:
            try:
                self._picture = self._opened()
            except PictureError as error:
                self._error = error
                raise
        return self._picture


class PacketPicture:
    """A keyframe that is decoded only when somebody looks at it.

    Args:
        packet: the keyframe.
    """

    def __init__(self, packet: EncodedPacket) -> None:
        self._packet = packet
        self._picture: VideoPicture | None = None

    @property
    def size(self) -> Size:
        return self._packet.format.size if self._picture is None else self._picture.size

    def gray(self, size: Size) -> Gray:
        """Luma, uint8.

        Raises:
            PictureError: the keyframe does not decode.
        """
        return self._decoded().gray(size)

    def bgr(self, size: Size | None = None) -> Image:
        """Colours, BGR uint8.

        Raises:
            PictureError: the keyframe does not decode.
        """
        return self._decoded().bgr(size)

    def original(self) -> bytes | None:
        """None: the picture is part of a stream."""
        return None

    def _decoded(self) -> VideoPicture:
        if self._picture is None:
            self._picture = video_picture(decoded_keyframe(self._packet))
        return self._picture


def _decoder(stream: StreamFormat, *, hurried: bool) -> VideoCodecContext:
    context = av.CodecContext.create(stream.codec, "r")
    if not isinstance(context, VideoCodecContext):
        raise PictureError(f"{stream.codec} is no video codec")
    if stream.extradata:
        context.extradata = stream.extradata
    if stream.pixels:
        # Raw video has nothing else to go by; real codecs overwrite these from their own headers.
        context.pix_fmt = stream.pixels
        context.width, context.height = stream.size.width, stream.size.height
    # More threads cost the same CPU and hold frames back.
    context.thread_count = 1
    # A stream may turn gigantic behind its header: FFmpeg refuses such a picture before it makes room for it.
    context.options = {"max_pixels": _MOST_PIXELS}
    if hurried:
        context.options = {"max_pixels": _MOST_PIXELS, "skip_loop_filter": "all"}
    return context


def _decoded(context: VideoCodecContext, packet: EncodedPacket) -> list[av.VideoFrame]:
    encoded = av.Packet(packet.data)
    encoded.time_base = TICK
    encoded.pts = round(packet.at_s * TICKS_PER_S)
    encoded.dts = round(packet.decode_at_s * TICKS_PER_S)
    encoded.is_keyframe = packet.is_key
    try:
        return context.decode(encoded)
    except (av.FFmpegError, ValueError):
        pass
    raise PictureError(f"a damaged {packet.format.codec} picture at {packet.at_s:.1f} s")


def _only_frame(context: VideoCodecContext, packet: EncodedPacket) -> av.VideoFrame:
    # A decoder that reorders holds a picture back until the next: draining gives it at once.
    frames = _decoded(context, packet)
    try:
        frames += context.decode(None)
        context.flush_buffers()
    except av.FFmpegError:
        frames = frames[:1]
    if not frames:
        raise PictureError(f"a damaged {packet.format.codec} keyframe at {packet.at_s:.1f} s")
    return frames[0]
