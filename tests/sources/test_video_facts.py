"""Videos that somebody hands in: what is taken, what is refused, and with which sentence."""

from __future__ import annotations

import io
import struct
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from pipeline.errors import PictureError, UploadRefusedError, UploadTooLargeError
from pipeline.geometry import Size
from sources.container_lengths import is_whole, mp4_lengths
from sources.encoded import EncodedPacket, StreamFormat
from sources.packet_decoder import PacketDecoder
from sources.video_facts import VideoLimits, video_facts
from tests.sources.media import write_video

LIMITS = VideoLimits(length_s=600.0)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds of 160x120 with the list of its pictures behind them."""
    return write_video(tmp_path_factory.mktemp("facts") / "street.mp4", frames=100, fps=10)


def remuxed(video: Path, path: Path, **options: str) -> Path:
    with av.open(str(video)) as source, av.open(str(path), "w", options=options) as output:
        copy = output.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = copy
                output.mux(packet)
    return path


def lying(video: Path, path: Path, boxes: tuple[bytes, ...], length: int) -> Path:
    """A copy of an MP4 whose headers claim `length` ticks."""
    data = bytearray(video.read_bytes())
    for box in boxes:
        at = data.find(box) + 4
        assert at > 3
        assert data[at] == 0  # version 0: times of 32 bits
        struct.pack_into(">I", data, at + 16, length)
    path.write_bytes(data)
    return path


def refusal(path: Path, limits: VideoLimits = LIMITS) -> str:
    with pytest.raises(UploadRefusedError) as caught:
        video_facts(path, limits)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert str(path.parent) not in sentence
    return sentence


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "avi", "ts", "flv"])
def test_usual_containers_are_taken(tmp_path: Path, video: Path, suffix: str) -> None:
    path = tmp_path / f"street.{suffix}"
    # The muxer of AVI wants pictures at an even pace, which only an encoder gives it.
    facts = video_facts(
        write_video(path, frames=100, fps=10) if suffix == "avi" else remuxed(video, path), LIMITS
    )
    assert facts.length_s == pytest.approx(10.0, abs=0.15)
    assert (facts.size, facts.codec, facts.ends_early_s) == (Size(width=160, height=120), "h264", None)


def test_a_fragmented_recording_is_taken_with_the_length_of_its_pictures(tmp_path: Path, video: Path) -> None:
    path = remuxed(video, tmp_path / "live.mp4", movflags="frag_keyframe+empty_moov")
    assert video_facts(path, LIMITS).length_s == pytest.approx(10.0, abs=0.15)


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("street.txt", "no video" * 100)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"A text that somebody named .mp4. " * 40,
        zipped(),
        # Lists of other files: FFmpeg would open whatever they name.
        b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile 'street.mp4'\n",
    ],
)
def test_what_is_no_video_is_refused(tmp_path: Path, video: Path, content: bytes) -> None:
    remuxed(video, tmp_path / "street.mp4")
    path = tmp_path / "claimed.mp4"
    path.write_bytes(content)
    assert "cannot be read as a video" in refusal(path)


@pytest.mark.parametrize("boxes", [(b"mvhd",), (b"mdhd",), (b"mvhd", b"mdhd")])
@pytest.mark.parametrize("length", [1, 300_000])
def test_a_header_that_lies_about_the_length_is_refused(
    tmp_path: Path, video: Path, boxes: tuple[bytes, ...], length: int
) -> None:
    """FFmpeg quietly goes by the list of pictures instead: the claim has to be read byte by byte."""
    path = lying(video, tmp_path / "lying.mp4", boxes, length)
    assert "lies about its length" in refusal(path)


def test_a_length_left_open_is_a_lie_where_every_picture_is_listed(tmp_path: Path, video: Path) -> None:
    path = lying(video, tmp_path / "open.mp4", (b"mvhd", b"mdhd"), 0xFFFFFFFF)
    with pytest.raises(UploadTooLargeError):
        video_facts(path, LIMITS)


def test_a_matroska_that_is_whole_cannot_be_longer_than_its_pictures(tmp_path: Path, video: Path) -> None:
    path = remuxed(video, tmp_path / "street.mkv")
    data = bytearray(path.read_bytes())
    at = data.find(b"\x44\x89\x88") + 3  # Duration, a float of 8 bytes, milliseconds
    struct.pack_into(">d", data, at, 50_000.0)
    path.write_bytes(data)
    assert "it says 50.0 s and holds 10.0 s" in refusal(path)


def test_a_file_that_was_cut_is_taken_as_far_as_it_reaches(tmp_path: Path, video: Path) -> None:
    for name, options in (("street.mp4", {"movflags": "faststart"}), ("street.mkv", {})):
        path = remuxed(video, tmp_path / name, **options)
        assert is_whole(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
        assert not is_whole(path)
        facts = video_facts(path, LIMITS)
        assert 3.0 < facts.length_s < 8.0
        assert facts.ends_early_s == pytest.approx(10.0, abs=0.15)


def test_a_file_that_was_cut_before_its_list_of_pictures_is_refused(tmp_path: Path, video: Path) -> None:
    path = tmp_path / "cut.mp4"
    path.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    assert "cannot be read as a video" in refusal(path)


def test_limits_hold_for_the_header_and_for_the_pictures(tmp_path: Path, video: Path) -> None:
    for name in ("street.mp4", "street.ts"):
        path = remuxed(video, tmp_path / name)
        with pytest.raises(UploadTooLargeError, match=r"at most 5 s are taken|the 5 s that are taken"):
            video_facts(path, VideoLimits(length_s=5.0))
    with pytest.raises(UploadTooLargeError, match="160x120; at most 1,000 pixels"):
        video_facts(video, VideoLimits(length_s=60.0, pixels=1000))


def test_pictures_whose_time_stands_still_are_refused(tmp_path: Path) -> None:
    """They would be analysed for ever below any limit of seconds."""
    path = tmp_path / "still.mkv"
    source = write_video(tmp_path / "many.mp4", frames=400, fps=10)
    with av.open(str(source)) as read, av.open(str(path), "w") as output:
        copy = output.add_stream_from_template(read.streams.video[0])
        for _ in range(8):
            read.seek(0)
            for packet in read.demux(video=0):
                if packet.dts is not None:
                    packet.stream, packet.pts, packet.dts = copy, 0, 0
                    output.mux(packet)
    assert "no camera takes so many" in refusal(path)


def test_a_movie_that_its_owner_trimmed_is_taken(tmp_path: Path, video: Path) -> None:
    """Phones trim by a list of edits: the samples stay, the movie shows fewer of them."""
    data = bytearray(video.read_bytes())
    edits = data.find(b"elst")
    struct.pack_into(">I", data, edits + 12, 4000)
    struct.pack_into(">I", data, data.find(b"mvhd") + 20, 4000)
    path = tmp_path / "trimmed.mp4"
    path.write_bytes(data)
    lengths = mp4_lengths(path)
    assert lengths is not None
    assert (lengths.says_s, lengths.tracks[0].edited_s, lengths.tracks[0].listed_s) == (4.0, 4.0, 10.0)
    assert video_facts(path, LIMITS).size == Size(width=160, height=120)


def test_a_picture_that_is_gigantic_behind_its_header_is_not_decoded() -> None:
    """The header of the video says 160x120; the picture itself has 72 million pixels."""
    done, picture = cv2.imencode(".jpg", np.full((8000, 9000), 60, np.uint8))
    assert done
    packet = EncodedPacket(
        data=picture.tobytes(),
        is_key=True,
        at_s=0.0,
        decode_at_s=0.0,
        taken_at=datetime(2026, 5, 1, tzinfo=UTC),
        discontinuity=False,
        format=StreamFormat(codec="mjpeg", extradata=b"", size=Size(width=160, height=120)),
    )
    with pytest.raises(PictureError):
        PacketDecoder().running(packet)
