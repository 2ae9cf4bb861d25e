from __future__ import annotations

from datetime import timedelta

import pytest

from pipeline.plate import PlateText
from pipeline.report import EvidenceKind, RejectionReason, ReportState
from storage.account_values import Role
from storage.report_query import ReportQuery
from storage.reviews import ReviewStep
from tests.reports import NOON, hex_id, rejected, temporary
from tests.web.conftest import Site
from tests.web.kept_reports import kept, picture
from web.words import words

ALL = {"accept": "text/html"}


def plate(text: str) -> PlateText:
    return PlateText(text=text, confidences=(0.9,) * len(text), accepted=bool(text), readings=4)


def test_the_list_shows_every_report_once_over_its_pages(site: Site) -> None:
    for number in range(120):
        kept(site.services, f"r{number}", parked_at=NOON + timedelta(minutes=number // 2))
    client = site.client(Role.VIEWER)
    seen: list[str] = []
    address: str | None = "/reports"
    while address is not None:
        page = client.get(address).text
        seen += [part[:32] for part in page.split('href="/reports/')[1:]]
        following = [part.split('"')[0] for part in page.split('href="') if 'rel="next"' in part]
        address = following[0].replace("&amp;", "&") if following else None
    assert len(seen) == 120
    assert set(seen) == {hex_id(f"r{number}") for number in range(120)}
    assert seen[0] in (hex_id("r118"), hex_id("r119"))


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("plate=3456", {"a"}),
        ("plate=12가", {"a", "b"}),
        ("plate=12 가 3456", {"a"}),
        ("plate=12*6", {"a"}),
        ("plate=??가3457", {"b"}),
        ("plate=345", {"a", "b"}),
        ("plate=%25", set()),
        ("camera=yard", {"c"}),
        ("zone=bus stop", {"b"}),
        ("state=rejected", {"d"}),
        ("state=final&camera=gate", {"a", "b"}),
        ("since=2026-03-02", {"b"}),
        ("until=2026-03-01", {"a", "c", "d"}),
        ("score=0.9", {"c"}),
        ("review=open", {"a", "b", "c"}),
        ("review=confirmed", set()),
        ("state=&plate=&camera=", {"a", "b", "c", "d"}),
    ],
)
def test_each_filter_finds_what_it_says(site: Site, address: str, found: set[str]) -> None:
    kept(site.services, "a", plate=plate("12가3456"))
    kept(site.services, "b", plate=plate("12가3457"), zone="bus stop", parked_at=NOON + timedelta(days=1))
    kept(site.services, "c", camera="yard", plate=plate("98나7654"), score=0.95)
    site.services.reports.apply(rejected("d", plate=plate("")), at=NOON, by="test")
    page = site.client(Role.VIEWER).get(f"/reports?{address}", headers=ALL)
    assert page.status_code == 200
    assert {name for name in "abcd" if hex_id(name) in page.text} == found


def test_another_cameras_reports_are_in_no_list(site: Site) -> None:
    kept(site.services, "a")
    kept(site.services, "c", camera="yard")
    client = site.client(Role.OPERATOR, cameras=frozenset({"yard"}))
    assert hex_id("c") in client.get("/reports").text
    for address in ("/reports", "/reports?camera=gate", "/reports/now", "/reports?plate=3456"):
        assert hex_id("a") not in client.get(address).text
    assert client.get(f"/reports/{hex_id('a')}").status_code == 404
    assert "gate" not in client.get("/").text


def test_what_is_wrong_in_a_filter_is_said(site: Site) -> None:
    client = site.client(Role.VIEWER)
    for query in (
        "state=guilty",
        "score=2",
        "since=yesterday",
        "after=nonsense",
        "until=9999-12-31",
        "since=0001-01-01",
        "after=2026-01-01_x",
        "review=x",
    ):
        assert client.get(f"/reports?{query}").status_code == 422


def test_evidence_is_given_by_report_and_right_and_each_look_is_logged(site: Site) -> None:
    mine, other = kept(site.services, "a"), kept(site.services, "c", camera="yard")
    client = site.client(Role.VIEWER, cameras=frozenset({"gate"}))
    answer = client.get(f"/reports/{mine.id}/evidence/0")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.content == site.services.evidence.get(mine.evidence[0].key)
    (entry,) = site.services.access.entries(report_id=mine.id)
    assert (entry.who, entry.key) == ("viewer", mine.evidence[0].key)
    guesses = (
        f"/reports/{other.id}/evidence/0",
        f"/reports/{mine.id}/evidence/{len(mine.evidence)}",
        f"/reports/{mine.id}/evidence/{other.evidence[0].key}",
        f"/reports/{mine.id}/evidence/..%2F..%2F{other.evidence[0].key}",
        f"/reports/{'0' * 32}/evidence/0",
        f"/static/../{other.evidence[0].key}",
    )
    for path in guesses:
        assert client.get(path).status_code in (404, 422), path
    assert site.services.access.entries(report_id=other.id) == ()


def test_a_report_without_a_picture_of_its_views_says_so(site: Site) -> None:
    report = kept(site.services, "a")
    page = site.client(Role.VIEWER).get(f"/reports/{report.id}", headers=ALL).text
    assert words("en")("report.no_view_map") in page
    drawn = site.services.evidence.put(
        camera="gate",
        kind=EvidenceKind.VIEW_MAP,
        taken_at=NOON,
        data=picture("#808080"),
        media_type="image/jpeg",
    )
    kept(site.services, "a", revision=3, evidence=(*report.evidence, drawn))
    page = site.client(Role.VIEWER).get(f"/reports/{report.id}", headers=ALL).text
    assert f'src="/reports/{report.id}/evidence/{len(report.evidence)}"' in page
    assert words("en")("report.no_view_map") not in page


def test_a_clip_can_be_jumped_in(site: Site) -> None:
    report = kept(site.services, "a")
    client = site.client(Role.VIEWER)
    path = f"/reports/{report.id}/evidence/0"
    whole = client.get(path).content
    part = client.get(path, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole)}"
    assert client.get(path, headers={"Range": "bytes=-5"}).content == whole[-5:]
    assert client.get(path, headers={"Range": f"bytes={len(whole)}-"}).status_code == 416
    assert client.get(path, headers={"Range": "lines=1-2"}).content == whole


def test_a_person_confirms_rejects_merges_and_opens_again(site: Site) -> None:
    report, other = kept(site.services, "a"), kept(site.services, "b")
    client = site.client(Role.OPERATOR)
    path = f"/reports/{report.id}/review"
    assert client.post(path, data={"step": "confirmed"}, follow_redirects=False).status_code == 303
    assert "Confirmed" in client.get(f"/reports/{report.id}").text
    assert client.post(path, data={"step": "reopened"}).status_code == 200
    assert client.post(path, data={"step": "rejected"}).status_code == 422
    client.post(path, data={"step": "rejected", "reason": "a delivery van at work"})
    assert "a delivery van at work" in client.get(f"/reports/{report.id}").text
    client.post(path, data={"step": "reopened"})
    assert client.post(path, data={"step": "merged", "becomes": report.id}).status_code == 409
    assert client.post(path, data={"step": "merged", "becomes": "0" * 32}).status_code == 404
    assert client.post(path, data={"step": "merged", "becomes": other.id}).status_code == 200
    steps = [review.step for review in site.services.reviews.of(report.id)]
    assert steps == [
        *(ReviewStep.CONFIRMED, ReviewStep.REOPENED, ReviewStep.REJECTED),
        *(ReviewStep.REOPENED, ReviewStep.MERGED),
    ]
    # The machine's own word stays what it was.
    stored = site.services.reports.get(report.id)
    assert stored is not None
    assert stored.state is ReportState.FINAL


def test_the_list_names_the_report_that_counts_for_a_merged_one(site: Site) -> None:
    first, second, last = (kept(site.services, name).id for name in "abc")
    client = site.client(Role.OPERATOR)
    for merged, becomes in ((first, second), (second, last)):
        answer = client.post(f"/reports/{merged}/review", data={"step": "merged", "becomes": becomes})
        assert answer.status_code == 200
    page = client.get("/reports").text
    assert page.count(f'href="/reports/{last}">into {last[:8]}</a>') == 2
    listed = client.get("/api/reports").json()["reports"]
    assert {one["id"]: one["merged_into"] for one in listed} == {first: last, second: last, last: None}
    assert client.get(f"/api/reports/{first}").json()["merged_into"] == last


def test_a_later_revision_keeps_what_a_person_said(site: Site) -> None:
    report = kept(site.services, "a")
    client = site.client(Role.OPERATOR)
    client.post(f"/reports/{report.id}/review", data={"step": "confirmed"})
    client.post(f"/reports/{report.id}/review", data={"step": "corrected", "becomes": "12가 3466"})
    kept(site.services, "a", revision=3, departed_at=NOON + timedelta(hours=1))
    reviewed = site.services.reviews.current(report.id)
    assert reviewed is not None
    assert (reviewed.verdict, reviewed.plate) == (ReviewStep.CONFIRMED, "12가3466")
    found = site.services.report_pages.page(ReportQuery(plate="3466"))
    assert [listed.id for listed in found.reports] == [report.id]


def test_what_the_rules_threw_out_is_nobodys_to_confirm(site: Site) -> None:
    site.services.reports.apply(rejected("d", rejection=RejectionReason.PLATE_ALLOWED), at=NOON, by="test")
    site.services.reports.apply(temporary("t"), at=NOON, by="test")
    client = site.client(Role.OPERATOR)
    for name in "dt":
        assert client.post(f"/reports/{hex_id(name)}/review", data={"step": "confirmed"}).status_code == 409


def test_what_a_report_holds_is_never_taken_for_html(site: Site) -> None:
    report = kept(site.services, "a", zone="<script>alert(1)</script>", note='"><img src=x onerror=alert(1)>')
    client = site.client(Role.OPERATOR)
    client.post(f"/reports/{report.id}/review", data={"step": "rejected", "reason": "<b>bold</b>"})
    for path in ("/reports", f"/reports/{report.id}"):
        text = client.get(path).text
        for raw in ("<script>alert", "<img src=x", "<b>bold"):
            assert raw not in text
