import io
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import pytest

from pipeline.errors import SourcePermanentError
from pipeline.frame import Frame
from sources.decode_mode import DecodeMode, DecodeOptions
from sources.video_file import FileOptions, FileSource
from tests.sources.media import Notices, bar_index, write_video

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def source(
    path: Path, *, mode: DecodeMode = "all", fps: float | None = None, pace: bool = False
) -> tuple[FileSource, Notices]:
    notices = Notices()
    options = FileOptions(
        path=path,
        started_at=NOON,
        decode=DecodeOptions(mode=mode, analysis_fps=fps),
        at_own_pace=pace,
    )
    return FileSource("c", options, sink=notices), notices


def frames(path: Path, *, mode: DecodeMode = "all", fps: float | None = None) -> tuple[list[Frame], Notices]:
    made, notices = source(path, mode=mode, fps=fps)
    return list(made.frames(threading.Event())), notices


@pytest.mark.parametrize(
    ("suffix", "codec", "b_frames"),
    [("mp4", "h264", 0), ("mp4", "h264", 2), ("mkv", "hevc", 2), ("avi", "mjpeg", 0)],
)
def test_all_frames_of_any_file_at_their_times(
    tmp_path: Path, suffix: str, codec: str, b_frames: int
) -> None:
    pixels = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    path = write_video(
        tmp_path / f"v.{suffix}", codec=codec, frames=35, fps=10, b_frames=b_frames, pixels=pixels
    )
    got, notices = frames(path)
    assert [bar_index(frame.picture.bgr()) for frame in got] == [index % 20 for index in range(35)]
    assert [frame.at_s for frame in got] == pytest.approx([index / 10 for index in range(35)], abs=0.002)
    assert abs(got[20].taken_at - NOON - timedelta(seconds=2)) < timedelta(milliseconds=2)
    assert notices.kinds()[-1] == "ended"


def test_keyframes_and_pace(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", frames=60, fps=10, keyframe_every=10)
    keyframes, _ = frames(path, mode="keyframes", fps=2.0)
    assert [frame.at_s for frame in keyframes] == pytest.approx([0, 1, 2, 3, 4, 5], abs=0.002)
    assert {bar_index(frame.picture.bgr()) for frame in keyframes} == {0, 10}
    paced, _ = frames(path, mode="all", fps=2.0)
    assert [frame.at_s for frame in paced] == pytest.approx([index / 2 for index in range(12)], abs=0.002)


def test_at_its_own_pace_it_takes_as_long_as_it_did(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", frames=10, fps=10)
    made, _ = source(path, pace=True)
    began = time.monotonic()
    assert len(list(made.frames(threading.Event()))) == 10
    assert time.monotonic() - began >= 0.85


def test_a_cut_file_gives_what_is_there_and_says_where_it_ends(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mkv", frames=100, fps=10)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    got, notices = frames(path)
    assert 20 < len(got) < 80
    assert notices.kinds()[-1] == "damaged"
    assert "v.mkv" in notices[-1].text
    assert f"{got[-1].at_s:.0f}." in notices[-1].text or f"{got[-1].at_s + 0.5:.0f}." in notices[-1].text


def test_damage_in_the_middle_costs_only_what_it_hit(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.ts", frames=100, fps=10, keyframe_every=10)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 1500] = b"\x5a" * 1500
    path.write_bytes(bytes(data))
    got, _ = frames(path)
    assert len(got) > 80
    assert got[-1].at_s > 9.0


@pytest.mark.parametrize("content", [b"", b"this is no video, it is a letter" * 50, None])
def test_what_is_no_video_is_one_clear_sentence(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "letter.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourcePermanentError, match=r"there is no file|letter.mp4 cannot be read as a video"):
        frames(path)


def test_a_clip_is_cut_without_encoding(tmp_path: Path) -> None:
    made, _ = source(write_video(tmp_path / "v.mp4", frames=60, fps=10, b_frames=2))
    assert made.duration_s == pytest.approx(6.0, abs=0.15)
    data = made.clip(2.5, 4.0)
    assert data is not None
    with av.open(io.BytesIO(data), "r") as container:
        first = next(container.decode(video=0))
        assert container.streams.video[0].codec_context.name == "h264"
        assert first.key_frame
        assert bar_index(first.to_ndarray(format="bgr24").astype("uint8")) == 0  # the keyframe at 2.0 s
    assert made.clip(100.0, 110.0) is None


def test_a_clip_of_another_codec_is_encoded(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.avi", codec="mjpeg", frames=30, fps=10, pixels="yuvj420p")
    made, _ = source(path)
    data = made.clip(1.0, 2.0)
    assert data is not None
    with av.open(io.BytesIO(data), "r") as container:
        assert container.streams.video[0].codec_context.name == "h264"
        assert sum(1 for _ in container.decode(video=0)) == pytest.approx(11, abs=1)
