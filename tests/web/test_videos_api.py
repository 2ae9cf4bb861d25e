"""Videos over HTTP: taken, refused without a trace, sent in pieces, and seen by whom."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from storage.account_values import Role
from storage.analyses import AnalysisFilter
from tests.jobs.photo_files import photo
from tests.sources.media import write_video
from tests.web.conftest import Site


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_video(tmp_path_factory.mktemp("sent") / "street.mp4", frames=40).read_bytes()


def sent(site: Site, content: bytes, role: Role = Role.OPERATOR, **fields: str) -> httpx.Response:
    form = {"camera": "gate"} | fields
    answer: httpx.Response = site.client(role).post(
        "/videos", files={"file": ("street.mp4", content)}, data=form
    )
    return answer


def rows(site: Site) -> int:
    return len(site.services.videos.analyses.list(AnalysisFilter()))


def files(site: Site, tmp_path: Path) -> list[Path]:
    """Every file of uploads, on its way or kept."""
    folders = (tmp_path / "uploads", tmp_path / "unfinished-uploads")
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


def test_a_video_is_taken_once(site: Site, video: bytes, tmp_path: Path) -> None:
    first = sent(site, video, started_at="2026-05-01T09:00:00+09:00")
    assert first.status_code == 202
    answer = first.json()
    assert (answer["state"], answer["known"], answer["name"]) == ("queued", False, "street.mp4")
    assert (answer["camera"], answer["size_bytes"]) == ("gate", len(video))
    assert first.headers["location"] == f"/videos/{answer['id']}"
    again = sent(site, video, started_at="2026-05-01T09:00:00+09:00")
    assert (again.status_code, again.json()["known"], again.json()["id"]) == (200, True, answer["id"])
    # Other zones give another result.
    assert sent(site, video, camera="yard").json()["id"] != answer["id"]
    assert len(files(site, tmp_path)) == 1
    assert site.client(Role.VIEWER).get(f"/videos/{answer['id']}").json()["state"] == "queued"


def test_the_body_itself_may_be_the_video(site: Site, video: bytes) -> None:
    sent = site.client(Role.OPERATOR).post(
        "/videos?camera=gate&name=a/b.mp4", content=video, headers={"content-type": "video/mp4"}
    )
    assert (sent.status_code, sent.json()["name"]) == (202, "b.mp4")


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("street.txt", "no video" * 100)
    return buffer.getvalue()


def lying(video: bytes) -> bytes:
    data = bytearray(video)
    for box in (b"mvhd", b"mdhd"):
        struct.pack_into(">I", data, data.find(box) + 20, 5_000_000)
    return bytes(data)


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ("empty", "the file is empty: it has 0 bytes"),
        ("text", "the file is no video"),
        ("zip", "the file is no video"),
        ("playlist", "the file is no video"),
        ("lying", "lies about its length"),
        ("truncated", "cannot be read as a video"),
        ("picture", "the file is a picture, no video"),
    ],
)
@pytest.mark.parametrize("way", ["form", "body", "pieces"])
def test_bad_files_are_refused_and_leave_nothing(
    site: Site, video: bytes, tmp_path: Path, bad: str, sentence: str, way: str
) -> None:
    content = {
        "empty": b"",
        "text": b"A text that somebody named .mp4. " * 40,
        "zip": zipped(),
        "playlist": b"#EXTM3U\n#EXTINF:5,\nfile:///etc/passwd\n",
        "lying": lying(video),
        "truncated": video[: len(video) // 2],
        "picture": photo(kind="HEIF"),
    }[bad]
    client = site.client(Role.OPERATOR)
    if way == "form":
        answer = sent(site, content)
    elif way == "body":
        answer = client.post(
            "/videos?camera=gate", content=content, headers={"content-type": "application/octet-stream"}
        )
    else:
        answer = client.post("/videos?camera=gate", headers={"upload-length": str(len(content))})
        if answer.status_code == 201:
            answer = client.patch(answer.headers["location"], content=content, headers={"upload-offset": "0"})
    assert answer.status_code in (413, 422)
    assert sentence in answer.json()["detail"]
    assert str(tmp_path) not in answer.text
    assert (rows(site), files(site, tmp_path)) == (0, [])


def test_a_video_over_the_limit_is_refused_while_it_comes(site: Site, video: bytes, tmp_path: Path) -> None:
    object.__setattr__(site.services.videos.partials, "_limit_bytes", len(video) - 1)
    assert sent(site, video).status_code == 413
    client = site.client(Role.OPERATOR)
    body = client.post("/videos?camera=gate", content=video, headers={"content-type": "video/mp4"})
    begun = client.post("/videos?camera=gate", headers={"upload-length": str(len(video))})
    assert [body.status_code, begun.status_code] == [413, 413]
    assert (rows(site), files(site, tmp_path)) == (0, [])


def test_an_upload_in_pieces_goes_on_where_it_broke(site: Site, video: bytes, tmp_path: Path) -> None:
    client = site.client(Role.OPERATOR)
    begun = client.post("/videos?camera=gate&name=long.mp4", headers={"upload-length": str(len(video))})
    place, middle = begun.headers["location"], len(video) // 2
    assert client.patch(place, content=video[:middle], headers={"upload-offset": "0"}).status_code == 204
    # The answer was lost: whoever sends the piece anew is told where to go on.
    wrong = client.patch(place, content=video[:middle], headers={"upload-offset": "0"})
    assert (wrong.status_code, wrong.headers["upload-offset"]) == (409, str(middle))
    held = client.head(place)
    assert (held.headers["upload-offset"], held.headers["upload-length"]) == (str(middle), str(len(video)))
    last = client.patch(place, content=video[middle:], headers={"upload-offset": str(middle)})
    assert (last.status_code, last.json()["name"]) == (202, "long.mp4")
    again = client.patch(place, content=b"", headers={"upload-offset": str(len(video))})
    assert (again.status_code, again.json()["id"]) == (200, last.json()["id"])
    assert rows(site) == 1
    assert sum(path.stat().st_size == len(video) for path in files(site, tmp_path)) == 1


def test_two_requests_do_not_write_to_one_upload(site: Site, video: bytes) -> None:
    """The connection that broke may not have been noticed here yet: coming again later helps."""
    client = site.client(Role.OPERATOR)
    begun = client.post("/videos?camera=gate", headers={"upload-length": str(len(video))})
    place = begun.headers["location"]
    with site.services.videos.partials.held(place.rsplit("/", 1)[-1]):
        busy = client.patch(place, content=video, headers={"upload-offset": "0"})
    assert (busy.status_code, client.head(place).headers["upload-offset"]) == (503, "0")
    assert client.patch(place, content=video, headers={"upload-offset": "0"}).status_code == 202


def test_a_sender_has_so_many_unfinished_uploads(site: Site) -> None:
    client = site.client(Role.OPERATOR)
    answers = [client.post("/videos?camera=gate", headers={"upload-length": "100"}) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [201] * 20 + [422]
    assert "20 unfinished uploads" in answers[-1].json()["detail"]
    client.delete(answers[0].headers["location"])
    assert client.post("/videos?camera=gate", headers={"upload-length": "100"}).status_code == 201


def test_more_bytes_than_announced_are_refused(site: Site, video: bytes) -> None:
    client = site.client(Role.OPERATOR)
    begun = client.post("/videos?camera=gate", headers={"upload-length": "100"})
    more = client.patch(begun.headers["location"], content=video, headers={"upload-offset": "0"})
    assert more.status_code == 413
    assert client.delete(begun.headers["location"]).status_code == 204
    assert client.head(begun.headers["location"]).status_code == 404


def test_a_form_that_is_cut_off_or_no_form_is_refused(site: Site, video: bytes, tmp_path: Path) -> None:
    client = site.client(Role.OPERATOR)
    whole = httpx.Request("POST", "http://gotcha/videos", files={"file": ("street.mp4", video)})
    for body in (whole.read()[:-100], b"no form"):
        answer = client.post("/videos", content=body, headers={"content-type": whole.headers["content-type"]})
        assert answer.status_code == 400
    none = client.post("/videos", files={"other": ("a.mp4", video)}, data={"camera": "gate"})
    assert "expected a part `file`" in none.json()["detail"]
    assert (rows(site), files(site, tmp_path)) == (0, [])


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"camera": "garden"}, 422, "no camera is named 'garden'"),
        ({"camera": ""}, 422, "say whose view the video shows"),
        ({"started_at": "yesterday"}, 422, "expected started_at such as"),
        ({"started_at": "2026-05-01T09:00:00"}, 422, "expected a time with its offset"),
        ({"started_at": "9999-12-31T23:59:59+00:00"}, 422, "no video was filmed at 9999"),
        ({"started_at": "1889-05-01T09:00:00+00:00"}, 422, "no video was filmed at 1889"),
        ({"colour": "red"}, 422, "expected the fields camera, started_at and file"),
    ],
)
def test_a_wish_that_cannot_be_met_is_one_sentence(
    site: Site, video: bytes, tmp_path: Path, fields: dict[str, str], status: int, sentence: str
) -> None:
    answer = sent(site, video, Role.OPERATOR, **fields)
    assert answer.status_code == status
    assert sentence in answer.json()["detail"]
    assert (rows(site), files(site, tmp_path)) == (0, [])


def test_a_video_as_another_part_is_said_so(site: Site, video: bytes, tmp_path: Path) -> None:
    answer = site.client(Role.OPERATOR).post("/videos?camera=gate", files={"video": ("a.mp4", video)})
    assert answer.status_code == 422
    assert answer.json()["detail"] == "expected a part `file` with the video, got a file as 'video'"
    assert (rows(site), files(site, tmp_path)) == (0, [])


def test_only_who_may_see_the_camera_sees_its_videos(site: Site, video: bytes) -> None:
    assert sent(site, video, Role.VIEWER).status_code == 403
    of_yard = frozenset({"yard"})
    refused = site.client(Role.OPERATOR, of_yard).post(
        "/videos", files={"file": ("street.mp4", video)}, data={"camera": "gate"}
    )
    assert refused.status_code == 403
    video_id = sent(site, video, Role.ADMIN).json()["id"]
    for path in (f"/videos/{video_id}", f"/videos/{video_id}/annotated", "/videos/" + "0" * 32):
        assert site.client(Role.OPERATOR, of_yard).get(path).status_code == 404
        assert site.client().get(path).status_code == 401
    assert site.client(Role.OPERATOR, of_yard).post(f"/videos/{video_id}/cancel").status_code == 404
    assert site.client(Role.OPERATOR, frozenset({"gate"})).get(f"/videos/{video_id}").status_code == 200


def test_a_waiting_analysis_is_cancelled_and_may_be_asked_for_again(site: Site, video: bytes) -> None:
    first = sent(site, video).json()["id"]
    assert site.client(Role.OPERATOR).get(f"/videos/{first}/annotated").status_code == 409
    assert site.client(Role.OPERATOR).post(f"/videos/{first}/cancel").json()["state"] == "cancelled"
    assert sent(site, video).json()["id"] != first


def finished(site: Site, analysis_id: str, result: dict[str, object]) -> None:
    """What a worker does, with a result of our own."""
    now = site.services.now()
    analyses = site.services.videos.analyses
    assert analyses.begin(analysis_id, claim="test", at=now, until=now + timedelta(seconds=60))
    assert analyses.complete(analysis_id, claim="test", at=now, result=json.dumps(result))


def test_the_annotated_copy_is_made_when_it_is_asked_for(site: Site, video: bytes) -> None:
    video_id = sent(site, video).json()["id"]
    finished(site, video_id, {"started_at": "2026-05-01T00:00:00+00:00"})
    viewer = site.client(Role.VIEWER)
    asked = viewer.get(f"/videos/{video_id}/annotated")
    assert (asked.status_code, asked.json()["state"], asked.headers["retry-after"]) == (202, "queued", "5")
    assert viewer.get(f"/videos/{video_id}/annotated").json()["id"] == asked.json()["id"]
    with site.services.videos.uploads.receive(limit_bytes=1000) as incoming:
        incoming.write(b"drawn")
        kept = incoming.keep()
    finished(site, asked.json()["id"], {"annotated": {"key": kept.key, "name": "street.mp4"}})
    copy = viewer.get(f"/videos/{video_id}/annotated")
    assert (copy.status_code, copy.content, copy.headers["content-type"]) == (200, b"drawn", "video/mp4")
    assert "street-annotated.mp4" in copy.headers["content-disposition"]
    part = viewer.get(f"/videos/{video_id}/annotated", headers={"range": "bytes=1-2"})
    assert (part.status_code, part.content) == (206, b"ra")
    # Neither the sent file nor the copy is taken for one that nobody needs any more.
    assert kept.key in site.services.videos.analyses.upload_keys()
    assert len(site.services.videos.analyses.upload_keys()) == 2


def test_a_copy_that_cannot_be_made_is_not_begun_again_at_each_question(site: Site, video: bytes) -> None:
    video_id = sent(site, video).json()["id"]
    finished(site, video_id, {"started_at": "2026-05-01T00:00:00+00:00"})
    viewer = site.client(Role.VIEWER)
    copy_id = viewer.get(f"/videos/{video_id}/annotated").json()["id"]
    analyses, now = site.services.videos.analyses, site.services.now()
    assert analyses.begin(copy_id, claim="test", at=now, until=now + timedelta(seconds=60))
    assert analyses.fail(copy_id, claim="test", at=now, error="the disk is full")
    again = viewer.get(f"/videos/{video_id}/annotated")
    assert again.status_code == 409
    assert "the disk is full" in again.json()["detail"]
    assert rows(site) == 2


@pytest.mark.parametrize("length", ["", "-1", "1.5", "١٢", "9" * 5000])
def test_a_length_that_is_no_number_of_bytes_is_refused(site: Site, length: str) -> None:
    headers = {"upload-length": length.encode()}
    answer = site.client(Role.OPERATOR).post("/videos?camera=gate", headers=headers)
    assert answer.status_code == 422
    assert "expected Upload-Length in bytes" in answer.json()["detail"]


def test_who_saw_what_was_found_is_written_down(site: Site, video: bytes) -> None:
    video_id = sent(site, video).json()["id"]
    viewer = site.client(Role.VIEWER)
    viewer.get(f"/videos/{video_id}")
    assert site.services.access.entries() == ()
    finished(site, video_id, {"parked": [], "started_at": None})
    assert viewer.get(f"/videos/{video_id}?result=false").json()["result"] is None
    assert site.services.access.entries() == ()
    assert viewer.get(f"/videos/{video_id}").json()["result"]["parked"] == []
    (entry,) = site.services.access.entries()
    assert (entry.who, entry.detail) == ("viewer", f"analysis {video_id}")


def test_the_document_lists_what_a_video_may_be_answered_with(site: Site, video: bytes) -> None:
    """A client is written from it: 413, 415 and a full disk are no surprises."""
    paths = site.client(Role.VIEWER).get("/openapi.json").json()["paths"]
    sending = paths["/videos"]["post"]["responses"]
    assert {"200", "201", "202", "400", "401", "403", "413", "415", "422", "503"} == set(sending)
    assert "application/problem+json" in sending["415"]["content"]
    assert {"404", "409"} <= set(paths["/videos/{video_id}/annotated"]["get"]["responses"])
    assert {"404", "409", "413"} <= set(paths["/videos/uploads/{upload_id}"]["patch"]["responses"])
    text = site.client(Role.OPERATOR).post(
        "/videos?camera=gate", content=b"x", headers={"content-type": "text/plain"}
    )
    assert (text.status_code, site.client().post("/videos").status_code) == (415, 401)
