"""The last seconds of a stream as it came, so that a clip costs no decoding while nobody asks for one."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime

from pipeline.errors import InvalidValueError
from sources.encoded import EncodedPacket
from sources.remux import remuxed_mp4


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipOptions:
    """How much of a stream is kept for clips; whichever limit is met first.

    Attributes:
        keep_s: seconds of media time.
        keep_bytes: bytes of encoded data.
    """

    keep_s: float = 60.0
    keep_bytes: int = 64_000_000

    def __post_init__(self) -> None:
        if self.keep_s <= 0.0 or self.keep_bytes < 1:
            raise InvalidValueError(f"expected positive limits, got {self}")


class ClipRing:
    """Encoded packets of the last seconds; filled by one thread, asked by another."""

    def __init__(self, options: ClipOptions) -> None:
        self._options = options
        self._packets: deque[EncodedPacket] = deque()
        self._bytes = 0
        self._lock = threading.Lock()

    def append(self, packet: EncodedPacket) -> None:
        """Keeps `packet` and forgets what is too old or too much."""
        with self._lock:
            self._packets.append(packet)
            self._bytes += len(packet.data)
            oldest_s = packet.decode_at_s - self._options.keep_s
            while self._packets and (
                self._packets[0].decode_at_s < oldest_s or self._bytes > self._options.keep_bytes
            ):
                self._bytes -= len(self._packets.popleft().data)

    @property
    def kept_bytes(self) -> int:
        """Bytes of encoded data held now."""
        with self._lock:
            return self._bytes

    def clip(self, from_s: float, to_s: float) -> bytes | None:
        """An MP4 from the last keyframe at or before `from_s` (else the first after it) to `to_s`."""
        with self._lock:
            packets = [packet for packet in self._packets if packet.decode_at_s <= to_s]
        return _clip(packets, from_s)

    def clip_taken(self, begin: datetime, end: datetime) -> bytes | None:
        """As `clip`, between two moments of the wall clock."""
        with self._lock:
            packets = [packet for packet in self._packets if packet.taken_at <= end]
        from_s = next((packet.at_s for packet in packets if packet.taken_at >= begin), None)
        return None if from_s is None else _clip(packets, from_s)


def _clip(packets: list[EncodedPacket], from_s: float) -> bytes | None:
    """`packets` from a keyframe on, none of which a player would have to change decoders for."""
    if not packets or packets[-1].at_s < from_s:
        return None
    stream = packets[-1].format
    first: int | None = None
    for index in range(len(packets) - 1, -1, -1):
        packet = packets[index]
        if packet.format != stream:
            break
        if packet.is_key:
            first = index
            if packet.at_s <= from_s:
                break
    return None if first is None else remuxed_mp4(packets[first:])
