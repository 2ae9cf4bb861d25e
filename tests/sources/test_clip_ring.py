import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.geometry import Size
from sources.clip_ring import ClipOptions, ClipRing
from sources.encoded import EncodedPacket, StreamFormat
from sources.jpeg_ring import JpegRing
from tests.sources.media import bar_index, jpeg, write_video

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def packets(tmp_path: Path, *, frames: int = 60, size: Size | None = None) -> list[EncodedPacket]:
    path = write_video(
        tmp_path / "v.ts", frames=frames, fps=10, b_frames=2, size=size or Size(width=160, height=120)
    )
    with av.open(str(path), "r") as container:
        stream = container.streams.video[0]
        described = StreamFormat(
            codec="h264", extradata=stream.codec_context.extradata or b"", size=Size(width=160, height=120)
        )
        first = stream.start_time or 0
        return [
            EncodedPacket(
                data=bytes(packet),
                is_key=packet.is_keyframe,
                at_s=((packet.pts or 0) - first) / 90_000,
                decode_at_s=max(0.0, ((packet.dts or 0) - first) / 90_000),
                taken_at=NOON + timedelta(seconds=((packet.pts or 0) - first) / 90_000),
                discontinuity=False,
                format=described,
            )
            for packet in container.demux(stream)
            if packet.size
        ]


def pictures(data: bytes) -> list[int]:
    with av.open(io.BytesIO(data), "r") as container:
        return [
            bar_index(np.asarray(frame.to_ndarray(format="bgr24"), np.uint8))
            for frame in container.decode(video=0)
        ]


def filled(ring: ClipRing, kept: list[EncodedPacket]) -> ClipRing:
    for packet in kept:
        ring.append(packet)
    return ring


def test_a_clip_begins_with_the_keyframe_before_and_plays_in_order(tmp_path: Path) -> None:
    ring = filled(ClipRing(ClipOptions()), packets(tmp_path))
    data = ring.clip(2.4, 3.5)
    assert data is not None
    shown = pictures(data)
    assert shown[:14] == [(20 + index) % 20 for index in range(14)]
    assert 15 <= len(shown) <= 18
    assert ring.clip_taken(NOON + timedelta(seconds=2.4), NOON + timedelta(seconds=3.5)) is not None
    assert ring.clip(7.0, 9.0) is None


def test_seconds_and_bytes_bound_it(tmp_path: Path) -> None:
    made = packets(tmp_path)
    ring = filled(ClipRing(ClipOptions(keep_s=2.0)), made)
    assert ring.kept_bytes == sum(
        len(packet.data) for packet in made if packet.decode_at_s >= made[-1].decode_at_s - 2
    )
    small = filled(ClipRing(ClipOptions(keep_bytes=2000)), made)
    assert small.kept_bytes <= 2000
    # What is no longer there begins with the first keyframe that is.
    data = ring.clip(0.0, 6.0)
    assert data is not None
    assert pictures(data)[0] in (0, 10)


def test_a_clip_never_mixes_two_formats(tmp_path: Path) -> None:
    first = packets(tmp_path, frames=20)
    other = StreamFormat(codec="h264", extradata=first[0].format.extradata, size=Size(width=64, height=64))
    second = [
        EncodedPacket(
            data=packet.data,
            is_key=packet.is_key,
            at_s=packet.at_s + 2.0,
            decode_at_s=packet.decode_at_s + 2.0,
            taken_at=packet.taken_at,
            discontinuity=False,
            format=other,
        )
        for packet in first
    ]
    data = filled(ClipRing(ClipOptions()), first + second).clip(0.5, 3.9)
    assert data is not None
    assert len(pictures(data)) == 20


def test_jpegs_are_bounded_and_encoded_on_demand() -> None:
    ring = JpegRing(ClipOptions(keep_s=3.0, keep_bytes=100_000), fps=10.0)
    for index in range(600):
        # A hundred a second of which ten are kept; every fourth of those is damaged.
        ring.append(index * 0.0101, jpeg(index // 10) if index // 10 % 4 else b"\xff\xd8\xffdamaged")
    data = ring.clip(4.0, 5.0)
    assert data is not None
    assert len(pictures(data)) == pytest.approx(7.5, abs=1.1)
    assert ring.clip(0.0, 1.0) is None


def test_jpegs_are_bounded_by_their_bytes_too() -> None:
    one = jpeg(1)
    ring = JpegRing(ClipOptions(keep_s=60.0, keep_bytes=3 * len(one)), fps=10.0)
    for index in range(20):
        ring.append(float(index), one)
    assert ring.clip(0.0, 15.5) is None
    kept = ring.clip(0.0, 20.0)
    assert kept is not None
    assert len(pictures(kept)) == 3
