import av
import cv2
import numpy as np
import pytest

from pipeline.errors import PictureError
from pipeline.geometry import Size
from pipeline.picture import ArrayPicture
from sources.jpeg import jpeg_size
from sources.jpeg_picture import JpegPicture
from sources.video_picture import VideoPicture
from tests.sources.media import bar_image, jpeg

# A width whose lines the decoder pads.
ODD = Size(width=162, height=98)


def scene(size: Size = ODD) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Smooth colours over the whole range, with a black and a white corner."""
    x = np.linspace(0, 255, size.width)[None, :].repeat(size.height, 0)
    y = np.linspace(0, 255, size.height)[:, None].repeat(size.width, 1)
    image = np.stack([x, y, 255 - x], axis=2).astype(np.uint8)
    image[:20, :20], image[-20:, -20:] = 0, 255
    return image


@pytest.mark.parametrize(
    "pixels",
    [
        "yuv420p",
        "yuvj420p",
        "yuv422p",
        "yuvj422p",
        "yuv444p",
        "nv12",
        "yuv420p10le",
        "yuyv422",
        "bgr24",
        "gray",
    ],
)
def test_every_format_gives_the_same_picture(pixels: str) -> None:
    truth = scene()
    if pixels == "gray":
        truth = np.asarray(
            cv2.cvtColor(cv2.cvtColor(truth, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8
        )
    frame = av.VideoFrame.from_ndarray(truth, "bgr24").reformat(format=pixels)
    picture, expected = VideoPicture(frame), ArrayPicture(truth)
    assert picture.size == ODD
    small = Size(width=54, height=49)
    assert np.abs(picture.gray(small).astype(int) - expected.gray(small)).mean() < 2.5
    # Black is 0 and white is 255, whatever range the stream has.
    assert picture.gray(small)[2, 2] <= 4
    assert picture.gray(small)[-3, -3] >= 251
    assert np.abs(picture.bgr().astype(int) - truth).mean() < 4.0
    assert np.abs(picture.bgr(small).astype(int) - expected.bgr(small)).mean() < 5.0
    assert picture.original() is None


def test_the_finest_picture_is_decoded_once_and_only_at_full_size() -> None:
    rough = av.VideoFrame.from_ndarray(bar_image(1), "bgr24")
    asked: list[int] = []

    def finest() -> av.VideoFrame:
        asked.append(1)
        return av.VideoFrame.from_ndarray(bar_image(2), "bgr24")

    picture = VideoPicture(rough, finest)
    picture.gray(Size(width=40, height=30))
    picture.bgr(Size(width=40, height=30))
    assert asked == []
    assert picture.bgr() is picture.bgr()
    assert (picture.bgr() == bar_image(2)).all()
    assert asked == [1]


@pytest.mark.parametrize(
    "size", [Size(width=20, height=15), Size(width=80, height=60), Size(width=320, height=240)]
)
def test_a_jpeg_decoded_coarsely_shows_the_same(size: Size) -> None:
    data = jpeg(3)
    whole = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)
    gray = JpegPicture(data).gray(size)
    assert gray.shape == (size.height, size.width)
    assert np.abs(gray.astype(int) - ArrayPicture(whole).gray(size)).mean() < 3.0


def test_a_finer_look_after_a_coarse_one_is_fine() -> None:
    picture, fresh = JpegPicture(jpeg(3)), JpegPicture(jpeg(3))
    picture.gray(Size(width=16, height=12))
    large = Size(width=160, height=120)
    assert (picture.gray(large) == fresh.gray(large)).all()
    assert picture.original() == jpeg(3)
    assert jpeg_size(jpeg(3)) == Size(width=160, height=120)


def claiming(width: int, height: int) -> bytes:
    """A JPEG whose header says another size."""
    data = bytearray(jpeg(0))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = height.to_bytes(2) + width.to_bytes(2)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no JPEG"),
        (b"<html>", "no JPEG"),
        (jpeg(0)[: len(jpeg(0)) // 2], "without a size|cut JPEG"),
        (jpeg(0)[:-40], "cut JPEG"),
        (claiming(60000, 60000), "more than 50000000 pixels"),
        (claiming(1, 1), "1x1"),
        (claiming(0, 0), "without a size"),
        (jpeg(0)[:20] + b"\xff\xd9", "without a size"),
    ],
)
def test_a_jpeg_of_no_use_is_refused_before_it_is_decoded(data: bytes, said: str) -> None:
    with pytest.raises(PictureError, match=said):
        JpegPicture(data)


def test_a_jpeg_whose_tables_are_broken_is_found_when_verified() -> None:
    data = bytearray(jpeg(0))
    at = data.index(b"\xff\xc4")
    data[at + 2 : at + 30] = b"\x00" * 28
    with pytest.raises(PictureError, match="damaged"):
        JpegPicture(bytes(data)).verify()


def street(*how: int) -> bytes:
    """A JPEG of 800x600 with as much in it as a street, about 50 kB."""
    noise = np.random.default_rng(7).integers(0, 255, (600, 800, 3), dtype=np.uint8)
    done, data = cv2.imencode(
        ".jpg", cv2.GaussianBlur(noise, (0, 0), 3), [cv2.IMWRITE_JPEG_QUALITY, 85, *how]
    )
    assert done
    return data.tobytes()


@pytest.mark.parametrize("at", [0.3, 0.5, 0.8])
@pytest.mark.parametrize("fill", [b"", bytes(1460)], ids=["lost", "zeroed"])
def test_a_packet_lost_within_the_scan_is_found_when_verified(at: float, fill: bytes) -> None:
    """A lost packet shifts the rest of the picture into other colours and places: no evidence."""
    data = street()
    begin = int(len(data) * at)
    picture = JpegPicture(data[:begin] + fill + data[begin + 1460 :])
    with pytest.raises(PictureError, match="damaged"):
        picture.verify()


@pytest.mark.parametrize(("lost", "least"), [(20, 0.5), (50, 0.9)])
def test_most_small_losses_are_found(lost: int, least: float) -> None:
    """FFmpeg's own check, used before, found a third of the pictures that had lost 20 bytes."""
    data, random, found = street(), np.random.default_rng(3), 0
    for at in random.integers(len(data) // 20, len(data) - 100, 40):
        try:
            JpegPicture(data[:at] + data[at + lost :]).verify()
        except PictureError:
            found += 1
    assert found / 40 >= least


def test_stray_bytes_before_the_end_are_some_cameras_habit() -> None:
    data = street()
    JpegPicture(data[:-2] + bytes(40) + data[-2:]).verify()


def test_a_cut_jpeg_that_got_an_end_marker_is_found_when_verified() -> None:
    """A camera's frame buffer that was too small is closed with an end marker all the same."""
    data = street()
    with pytest.raises(PictureError, match="damaged"):
        JpegPicture(data[: len(data) // 2] + b"\xff\xd9").verify()


@pytest.mark.parametrize(
    "how", [[], [cv2.IMWRITE_JPEG_PROGRESSIVE, 1], [cv2.IMWRITE_JPEG_RST_INTERVAL, 8]], ids=str
)
@pytest.mark.parametrize("after", [b"", b"\r\n", bytes(20)], ids=["ended", "line end", "padded"])
def test_a_whole_jpeg_is_verified(how: list[int], after: bytes) -> None:
    picture = JpegPicture(street(*how) + after)
    picture.verify()
    assert picture.gray(picture.size).shape == (600, 800)
