"""Pictures of a device of this machine, read by a thread that may be given up: its calls cannot be woken."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import av

from pipeline.errors import SourceError, SourceOpenError, SourcePermanentError, SourceStalledError

# How soon a waiting thread notices that it is to end, seconds.
_POLL_S = 0.1
# Pictures that wait for a slow consumer; the device drops what comes meanwhile.
_WAITING = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What is opened, in FFmpeg's terms.

    Attributes:
        path: its device file.
        input_format: name of the interface.
        input_options: options of the interface.
        open_timeout_s: a device without a first picture for this long is away.
        stall_s: one without a further picture for this long has stalled.
    """

    path: str
    input_format: str
    input_options: Mapping[str, str]
    open_timeout_s: float
    stall_s: float


@dataclass(slots=True, kw_only=True)
class _Reading:
    """One thread's reading; `failure` is set before the None that ends `images`."""

    images: queue.Queue[av.VideoFrame | None] = field(default_factory=lambda: queue.Queue(_WAITING))
    given_up: threading.Event = field(default_factory=threading.Event)
    failure: SourceError | None = None
    thread: threading.Thread | None = None


class DeviceReader:
    """Reads one device again and again.

    V4L2's `open` and `DQBUF` may block for good in a driver, where no interruption of FFmpeg's reaches. The
    thread that hangs there is left behind, and as long as it hangs no second one is started: the device is
    taken, and threads would pile up.

    Args:
        device: what is opened.
        name: of the threads.
        monotonic: the clock of the timeouts, seconds.
    """

    def __init__(self, device: Device, *, name: str, monotonic: Callable[[], float]) -> None:
        self._device = device
        self._name = name
        self._monotonic = monotonic
        self._hanging: threading.Thread | None = None

    def images(self, ending: threading.Event) -> Iterator[av.VideoFrame]:
        """Pictures of one opening of the device, until it ends or `ending` is set.

        Raises:
            SourcePermanentError: there is no such device, or it may not be read.
            SourceStalledError: nothing comes, or an earlier opening still hangs.
            SourceOpenError: it does not open, or broke off.
        """
        if self._hanging is not None and self._hanging.is_alive():
            raise SourceStalledError(f"{self._device.path} still hangs in its driver")
        reading = _Reading()
        reading.thread = threading.Thread(
            target=_read, args=(self._device, reading), name=self._name, daemon=True
        )
        self._hanging = reading.thread
        reading.thread.start()
        try:
            yield from self._received(reading, ending)
        finally:
            reading.given_up.set()
            reading.thread.join(2 * _POLL_S)

    def _received(self, reading: _Reading, ending: threading.Event) -> Iterator[av.VideoFrame]:
        device = self._device
        patience_s, heard_s = device.open_timeout_s, self._monotonic()
        while not ending.is_set():
            try:
                image = reading.images.get(timeout=_POLL_S)
            except queue.Empty:
                if self._monotonic() - heard_s >= patience_s:
                    raise SourceStalledError(
                        f"{device.path} has sent no picture for {patience_s:.0f} s"
                    ) from None
                continue
            if image is None:
                if reading.failure is not None:
                    raise reading.failure
                return
            yield image
            # From here on: what the consumer took its time for is no stall.
            patience_s, heard_s = device.stall_s, self._monotonic()


def _read(device: Device, reading: _Reading) -> None:
    try:
        with _opened(device) as container:
            for image in container.decode(video=0):
                if not _put(reading, image):
                    return
    except SourceError as error:
        reading.failure = error
    except (av.FFmpegError, IndexError) as error:
        reading.failure = SourceOpenError(f"{device.path} broke off ({type(error).__name__})")
    except BaseException as error:
        reading.failure = SourceOpenError(f"{device.path} cannot be read ({type(error).__name__})")
        raise
    finally:
        _put(reading, None)


def _put(reading: _Reading, image: av.VideoFrame | None) -> bool:
    """Hands over `image`; False when nobody takes it any more."""
    while not reading.given_up.is_set():
        try:
            reading.images.put(image, timeout=_POLL_S)
        except queue.Full:
            continue
        return True
    return False


def _opened(device: Device) -> av.container.InputContainer:
    try:
        return av.open(
            device.path,
            "r",
            format=device.input_format,
            options=dict(device.input_options),
            timeout=(device.open_timeout_s, device.stall_s / 2),
        )
    except FileNotFoundError:
        raise SourcePermanentError(f"there is no camera {device.path}") from None
    except PermissionError:
        raise SourcePermanentError(f"{device.path} may not be read by this user (group video)") from None
    except (av.FFmpegError, ValueError) as error:
        asked = ", ".join(f"{key} {value}" for key, value in device.input_options.items())
        raise SourceOpenError(
            f"{device.path} does not open{f' with {asked}' if asked else ''} ({type(error).__name__})"
        ) from None
