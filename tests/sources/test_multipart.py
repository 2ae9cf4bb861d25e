import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from sources.multipart import MultipartParser, Part, boundary_of
from tests.sources.media import jpeg

BOUNDARY = "123456789000000000000987654321"
PICTURES = [jpeg(index) for index in range(4)]


def body(
    *,
    length: str = "right",
    boundary: str = "before",
    leading_crlf: bool = True,
    stamp: bool = True,
    cut: int | None = None,
) -> bytes:
    """A stream of PICTURES as firmware of one kind sends it; picture `cut` loses its second half."""
    stream = bytearray()
    for index, picture in enumerate(PICTURES):
        sent = picture[: len(picture) // 2] if index == cut else picture
        said = {"right": len(sent), "too large": len(sent) + 4000, "too small": len(sent) // 2}.get(length)
        header = "Content-Type: image/jpeg\r\n"
        header += "" if said is None else f"Content-Length: {said}\r\n"
        header += f"X-Timestamp: {index}.500000\r\n\r\n" if stamp else "\r\n"
        mark = f"\r\n--{BOUNDARY}\r\n".encode()
        stream += mark if boundary == "before" else b""
        stream += header.encode() + sent
        stream += mark if boundary == "after" else b""
    return bytes(stream) if leading_crlf or boundary != "before" else bytes(stream[2:])


def parsed(
    data: bytes, cuts: list[int], *, most_bytes: int = 1_000_000, boundary: str = BOUNDARY
) -> list[Part]:
    parser = MultipartParser(boundary, most_bytes=most_bytes)
    parts: list[Part] = []
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for begin, end in itertools.pairwise(edges):
        parts += parser.feed(data[begin:end])
    return parts


@settings(max_examples=300, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 100_000), max_size=40),
    length=st.sampled_from(["right", "too large", "too small", "none"]),
    boundary=st.sampled_from(["before", "after", "none"]),
    leading_crlf=st.booleans(),
    stamp=st.booleans(),
)
def test_every_whole_picture_arrives_however_the_bytes_are_cut(
    cuts: list[int], length: str, boundary: str, leading_crlf: bool, stamp: bool
) -> None:
    data = body(length=length, boundary=boundary, leading_crlf=leading_crlf, stamp=stamp)
    # A length that points into the next picture holds the last one back until more comes.
    tail = body(boundary="before") if length == "too large" else b""

    parts = parsed(data + tail, cuts)[: len(PICTURES)]

    assert [part.data for part in parts] == PICTURES
    assert all(part.complete for part in parts)
    assert [part.timestamp_s for part in parts] == ([0.5, 1.5, 2.5, 3.5] if stamp else [None] * 4)


@settings(max_examples=200, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 100_000), max_size=40),
    length=st.sampled_from(["right", "none"]),
    boundary=st.sampled_from(["before", "after", "none"]),
    cut=st.integers(0, 2),
)
def test_a_cut_picture_is_marked_and_takes_no_other_with_it(
    cuts: list[int], length: str, boundary: str, cut: int
) -> None:
    parts = parsed(body(length=length, boundary=boundary, cut=cut), cuts)

    assert [part.complete for part in parts] == [index != cut for index in range(4)]
    assert [part.data for part in parts if part.complete] == [
        picture for index, picture in enumerate(PICTURES) if index != cut
    ]


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=3000), cuts=st.lists(st.integers(0, 3000), max_size=20))
def test_garbage_is_parsed_alike_however_it_is_cut(data: bytes, cuts: list[int]) -> None:
    noisy = data.replace(b"\x01", b"\xff\xd8\xff").replace(b"\x02", b"\xff\xd9")

    assert parsed(noisy, cuts, most_bytes=700) == parsed(noisy, [], most_bytes=700)


def test_a_picture_beyond_the_cap_is_given_up_and_the_next_one_arrives() -> None:
    endless = PICTURES[0][:-2] + b"\x00" * 50_000
    data = endless + f"\r\n--{BOUNDARY}\r\nContent-Length: {len(PICTURES[1])}\r\n\r\n".encode() + PICTURES[1]

    parts = parsed(data, list(range(0, len(data), 777)), most_bytes=20_000)

    assert [part.complete for part in parts] == [False, True]
    assert len(parts[0].data) == 20_000
    assert parts[1].data == PICTURES[1]


def test_a_stream_without_pictures_takes_no_memory() -> None:
    parser = MultipartParser(BOUNDARY)
    for _ in range(200):
        assert parser.feed(b"x" * 10_000) == []
    assert len(parser._buffer) <= 8192


def test_an_embedded_thumbnail_is_no_picture() -> None:
    thumbnail = b"\xff\xe1" + (2 + len(PICTURES[1])).to_bytes(2) + PICTURES[1]
    picture = PICTURES[0][:2] + thumbnail + PICTURES[0][2:]

    assert [part.data for part in parsed(picture + picture, [5, 90], boundary="")] == [picture, picture]


def test_boundaries_as_headers_name_them() -> None:
    assert boundary_of('multipart/x-mixed-replace; boundary="--frame"') == "--frame"
    assert boundary_of(f"multipart/x-mixed-replace;boundary={BOUNDARY}") == BOUNDARY
    assert boundary_of("image/jpeg") == ""
    data = b"--frame\r\n\r\n" + PICTURES[0][:300] + b"\r\n--frame\r\n\r\n" + PICTURES[1]
    assert [part.complete for part in parsed(data, [], boundary="--frame")] == [False, True]
