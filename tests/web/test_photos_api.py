"""Photos over HTTP: taken once, refused without a trace, followed, and seen by whom."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from storage.account_values import Role
from storage.analyses import AnalysisFilter, AnalysisState, Progress
from tests.jobs.photo_files import BAD, exif_of, photo
from tests.web.conftest import Site

GOOD = photo(exif_of(taken="2026:05:01 10:00:00"))


def sent(
    site: Site, *photos: bytes, path: str = "/photos", role: Role = Role.OPERATOR, **fields: str
) -> httpx.Response:
    files = [("file", (f"{number}.jpg", data, "image/jpeg")) for number, data in enumerate(photos)]
    answer: httpx.Response = site.client(role).post(path, files=files, data=fields)
    return answer


def rows(site: Site) -> int:
    return len(site.services.photos.analyses.list(AnalysisFilter()))


def files(tmp_path: Path) -> list[Path]:
    """Every file of uploads, on its way or kept."""
    return [path for path in (tmp_path / "uploads").rglob("*") if path.is_file()]


def test_photos_are_taken_once(site: Site, tmp_path: Path) -> None:
    first = sent(site, GOOD, photo(kind="PNG"), camera="gate")
    assert first.status_code == 202
    answer = first.json()
    assert (answer["kind"], answer["state"], answer["known"]) == ("photo", "queued", False)
    assert [(f["name"], f["media_type"]) for f in answer["files"]] == [
        ("0.jpg", "image/jpeg"),
        ("1.jpg", "image/png"),
    ]
    assert first.headers["location"] == f"/analyses/{answer['id']}"
    again = sent(site, GOOD, photo(kind="PNG"), camera="gate").json()
    assert (again["id"], again["known"]) == (answer["id"], True)
    # Other zones give another result.
    assert sent(site, GOOD, photo(kind="PNG"), camera="yard").json()["id"] != answer["id"]
    assert (rows(site), len(files(tmp_path))) == (2, 2)
    assert site.client(Role.VIEWER).get(f"/analyses/{answer['id']}").json()["state"] == "queued"
    assert [one["id"] for one in site.client(Role.VIEWER).get("/analyses?limit=1&offset=1").json()] == [
        answer["id"]
    ]


@pytest.mark.parametrize("path", ["/photos", "/process_metadata", "/detect"])
@pytest.mark.parametrize("name", BAD)
def test_what_is_no_photo_leaves_nothing(site: Site, name: str, path: str, tmp_path: Path) -> None:
    make, sentence = BAD[name]
    answer = sent(site, make(), path=path)
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].startswith("0.jpg: ")
    assert sentence in answer.json()["detail"]
    assert (rows(site), files(tmp_path)) == (0, [])


def test_one_bad_photo_among_good_ones_refuses_all(site: Site, tmp_path: Path) -> None:
    answer = sent(site, GOOD, b"")
    assert (answer.status_code, answer.json()["detail"]) == (422, "1.jpg: the file is empty: it has 0 bytes")
    assert (rows(site), files(tmp_path)) == (0, [])


def test_too_much_is_refused(site: Site, tmp_path: Path) -> None:
    limits = site.services.photos.intake
    large = sent(site, GOOD + b"\0" * limits.limits.max_bytes)
    assert large.status_code == 413
    many = sent(site, *[GOOD] * (limits.most + 1))
    assert (many.status_code, many.json()["detail"]) == (422, "expected at most 20 photos in one upload")
    announced = site.client(Role.OPERATOR).post(
        "/photos",
        content=b"x",
        headers={"content-type": "multipart/form-data; boundary=x", "content-length": "9" * 12},
    )
    assert announced.status_code == 413
    assert (rows(site), files(tmp_path)) == (0, [])


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "multipart/form-data; boundary=x", 400),
        (b"--x\r\n", "multipart/form-data; boundary=x", 400),
        (b"garbage", "multipart/form-data; boundary=x", 400),
        (b"--x--\r\n", "multipart/form-data", 415),
        (GOOD, "image/jpeg", 415),
        (b"{}", "application/json", 415),
        (b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n' + GOOD, "cut", 400),
    ],
)
def test_a_form_that_is_none(site: Site, body: bytes, kind: str, status: int, tmp_path: Path) -> None:
    kind = "multipart/form-data; boundary=x" if kind == "cut" else kind
    answer = site.client(Role.OPERATOR).post("/photos", content=body, headers={"content-type": kind})
    assert answer.status_code == status
    assert (rows(site), files(tmp_path)) == (0, [])


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"camera": "nowhere"}, "no camera is named 'nowhere'"),
        ({"taken_at": "yesterday"}, "expected taken_at such as"),
        ({"taken_at": "2026-05-01T09:00:00"}, "with its offset"),
        ({"taken_at": "2999-05-01T09:00:00+09:00"}, "no photo was taken"),
        ({"zone": "x"}, "expected the fields camera and taken_at"),
    ],
)
def test_fields_that_cannot_be(site: Site, fields: dict[str, str], sentence: str, tmp_path: Path) -> None:
    answer = sent(site, GOOD, **fields)  # type: ignore[arg-type]
    assert answer.status_code == 422
    assert sentence in answer.json()["detail"]
    assert (rows(site), files(tmp_path)) == (0, [])


def test_a_photo_without_a_file_name_is_said_so(site: Site, tmp_path: Path) -> None:
    """As `curl -F 'file=<a.jpg'` sends it: the answer spoke of a field that is too long."""
    part = b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + GOOD * 20 + b"\r\n--x--\r\n"
    kind = "multipart/form-data; boundary=x"
    answer = site.client(Role.OPERATOR).post("/photos", content=part, headers={"content-type": kind})
    assert (answer.status_code, "a photo has a file name" in answer.json()["detail"]) == (422, True)
    assert (rows(site), files(tmp_path)) == (0, [])


def test_who_may(site: Site) -> None:
    assert sent(site, GOOD, role=Role.VIEWER).status_code == 403
    mine = site.client(Role.OPERATOR, frozenset({"gate"}))
    form = {"file": ("a.jpg", GOOD)}
    assert mine.post("/photos", files=form).status_code == 403
    assert mine.post("/photos", files=form, data={"camera": "yard"}).status_code == 403
    taken = mine.post("/photos", files=form, data={"camera": "gate"})
    assert taken.status_code == 202
    path = taken.headers["location"]
    site.client(Role.ADMIN)
    others = site.client(Role.VIEWER, frozenset({"yard"}))
    assert others.get(path).status_code == 404
    assert others.get("/analyses").json() == []
    assert site.client(Role.VIEWER, frozenset({"gate"})).get(path).status_code == 200


def test_an_analysis_is_followed_as_it_happens(site: Site) -> None:
    analysis_id = sent(site, GOOD).json()["id"]
    store, now = site.services.photos.analyses, site.services.now()
    seen: list[tuple[str, float]] = []
    client = site.client(Role.VIEWER)
    until = now + timedelta(seconds=20)
    store.begin(analysis_id, claim="1", at=now, until=until)
    store.renew(analysis_id, claim="1", until=until, progress=Progress(done_s=1, whole_s=2))
    store.complete(analysis_id, claim="1", at=now, result='{"photos": []}')
    with client.stream("GET", f"/analyses/{analysis_id}/events") as events:
        assert events.headers["content-type"].startswith("text/event-stream")
        for line in events.iter_lines():
            if line.startswith("data:"):
                said = json.loads(line.removeprefix("data:"))
                seen.append((said["state"], said["done"]))
    assert seen == [("completed", 2.0)]
    assert client.get(f"/analyses/{analysis_id}").json()["result"] == {"photos": []}
    assert site.services.access.entries(limit=1)[0].detail == f"analysis {analysis_id}"
    assert client.get(f"/analyses/{'0' * 32}/events").status_code == 404


def test_cancelling(site: Site) -> None:
    analysis_id = sent(site, GOOD).json()["id"]
    answer = site.client(Role.OPERATOR).post(f"/analyses/{analysis_id}/cancel")
    assert answer.json()["state"] == AnalysisState.CANCELLED.value
    assert sent(site, GOOD).json()["id"] != analysis_id


def test_one_that_failed_is_begun_again_with_the_files_that_were_sent(site: Site) -> None:
    analysis_id = sent(site, GOOD).json()["id"]
    store, now = site.services.photos.analyses, site.services.now()
    client = site.client(Role.OPERATOR)
    path = f"/analyses/{analysis_id}/retry"
    waiting = client.post(path).json()
    assert (waiting["id"], waiting["state"], waiting["known"]) == (analysis_id, "queued", True)
    store.begin(analysis_id, claim="1", at=now, until=now)
    store.fail(analysis_id, claim="1", at=now, error="given up", waited_since=now)
    assert client.get(f"/analyses/{analysis_id}").json()["error"] == "given up"
    assert site.client(Role.VIEWER).post(path).status_code == 403
    again = site.client(Role.OPERATOR).post(path).json()
    assert (again["id"], again["state"], again["known"], again["error"]) == (analysis_id, "queued", False, "")
    assert (sent(site, GOOD).json()["id"], rows(site)) == (analysis_id, 1)
    assert client.post(f"/analyses/{'0' * 32}/retry").status_code == 404


def test_the_classic_calls_refuse_what_they_cannot_use(site: Site, tmp_path: Path) -> None:
    client = site.client(Role.OPERATOR)
    bucket = client.post("/process_metadata", json={"bucket": "street", "key": "a.jpg"})
    assert (bucket.status_code, bucket.json()["detail"][:24]) == (409, "no bucket is configured:")
    assert client.post("/process_metadata", json={"bucket": "street"}).status_code == 422
    assert client.post("/compare_background", json={"first": "a" * 32, "second": "x"}).status_code == 422
    unknown = client.post("/compare_background", json={"first": "a" * 32, "second": "b" * 32})
    assert (unknown.status_code, unknown.json()["detail"]) == (404, f"there is no report {'a' * 32}")
    one = sent(site, GOOD, path="/compare_background")
    assert (one.status_code, one.json()["detail"]) == (422, "expected 2 photos in the form, got 1")
    assert (rows(site), files(tmp_path)) == (0, [])
