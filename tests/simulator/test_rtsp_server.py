import itertools
import socket
import time
from pathlib import Path

import av
import pytest

from pipeline.errors import SourcePermanentError
from simulator.rtsp_server import RtspServer
from tests.sources.media import threads_named, write_video


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("video") / "v.mp4", frames=20, fps=20, keyframe_every=5)


def asked(server: RtspServer, method: str, *, headers: str = "") -> str:
    port = int(server.url.rsplit(":", 1)[1].split("/")[0])
    with socket.create_connection(("127.0.0.1", port), timeout=5.0) as connection:
        connection.sendall(f"{method} {server.url} RTSP/1.0\r\nCSeq: 7\r\n{headers}\r\n".encode())
        return connection.recv(65536).decode()


def test_it_answers_as_a_camera(video: Path) -> None:
    with RtspServer(video) as server:
        assert "Public: OPTIONS, DESCRIBE" in asked(server, "OPTIONS")
        described = asked(server, "DESCRIBE")
        assert described.startswith("RTSP/1.0 200 OK\r\nCSeq: 7\r\n")
        assert "a=rtpmap:96 H264/90000" in described
        assert "sprop-parameter-sets=Z" in described
        assert "RTSP/1.0 501" in asked(server, "RECORD")
        server.missing()
        assert "RTSP/1.0 404" in asked(server, "DESCRIBE")
    assert not threads_named("rtsp server")


def test_digest_is_asked_for_and_checked(video: Path) -> None:
    with RtspServer(video, user="u", password="p") as server:
        assert 'WWW-Authenticate: Digest realm="camera", nonce="' in asked(server, "DESCRIBE")
        forged = 'Authorization: Digest username="u", nonce="x", uri="/", response="0"\r\n'
        assert "RTSP/1.0 401" in asked(server, "DESCRIBE", headers=forged)


def test_the_loop_goes_on_with_rising_stamps(video: Path) -> None:
    stamps: list[float] = []
    with (
        RtspServer(video, speed=4.0) as server,
        av.open(server.url, "r", options={"rtsp_transport": "tcp"}, timeout=5.0) as container,
    ):
        for packet in container.demux(video=0):
            if packet.pts is not None and packet.time_base is not None:
                stamps.append(float(packet.pts * packet.time_base))
            if len(stamps) == 70:
                break
    steps = [after - before for before, after in itertools.pairwise(stamps)]
    assert steps == pytest.approx([0.05] * 69, abs=0.002)


def test_without_a_loop_it_ends_with_the_file_in_the_files_time(video: Path) -> None:
    with RtspServer(video, loop=False, speed=2.0) as server:
        began = time.monotonic()
        with av.open(server.url, "r", options={"rtsp_transport": "tcp"}, timeout=5.0) as container:
            assert sum(1 for packet in container.demux(video=0) if packet.size) == 20
        assert 0.4 < time.monotonic() - began < 4.0


def test_what_it_cannot_serve_is_said(tmp_path: Path) -> None:
    letter = tmp_path / "letter.mp4"
    letter.write_bytes(b"dear camera")
    with pytest.raises(SourcePermanentError, match="no video that can be served"):
        RtspServer(letter)
    jpegs = write_video(tmp_path / "v.avi", codec="mjpeg", frames=3, pixels="yuvj420p")
    with pytest.raises(SourcePermanentError, match="expected h264 or hevc"):
        RtspServer(jpegs)
