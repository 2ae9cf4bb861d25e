"""Where a report was: a map of our own, the camera's position or the photo's, and no other host."""

from __future__ import annotations

from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from jobs.exif_values import Position
from jobs.photo_facts import distance_m
from pipeline.report import EvidenceKind
from storage.account_values import Role
from tests.jobs.photo_files import exif_of, gps_of, photo
from tests.reports import NOON, temporary
from tests.web.conftest import Site
from tests.web.kept_reports import kept
from tests.web.person import Seat, seated, seats
from tests.web.served import furnish_users, served
from web.app import create_app
from web.site_map import HEIGHT, WIDTH, site_map
from web.words import words

GATE = Position(latitude=37.56650, longitude=126.97800)
YARD = Position(latitude=37.56800, longitude=126.98000)
FAR = Position(latitude=35.1796, longitude=129.0756)


@pytest.fixture
def placed(site: Site) -> Site:
    """The site whose cameras hang somewhere."""
    settings = replace(site.services.settings, placed=lambda: {"gate": GATE, "yard": YARD})
    services = replace(site.services, settings=settings)
    return Site(services=services, app=create_app(services))


@pytest.mark.parametrize("others", [{}, {"yard": YARD}, {"yard": YARD, "busan": FAR}, {"gate": GATE}])
def test_a_map_holds_every_camera_and_its_scale_is_true(others: dict[str, Position]) -> None:
    drawn = site_map("gate", GATE, others)
    assert [point.name for point in drawn.points if point.here] == ["gate"]
    assert drawn.points[-1].here
    assert len(drawn.points) == 1 + len(others.keys() - {"gate"})
    for point in drawn.points:
        assert 0 < point.x < WIDTH
        assert 0 < point.y < HEIGHT
    assert 0 < drawn.bar < WIDTH / 2
    for point in drawn.points[:-1]:
        apart = ((point.x - drawn.points[-1].x) ** 2 + (point.y - drawn.points[-1].y) ** 2) ** 0.5
        unit_m = drawn.bar_m / drawn.bar
        true_m = distance_m(GATE, others[point.name])
        assert apart * unit_m == pytest.approx(true_m, rel=0.03, abs=0.2 * unit_m)


def test_north_is_above_and_east_is_right_across_the_date_line() -> None:
    here = Position(latitude=-16.5, longitude=179.99)
    there = Position(latitude=-16.4, longitude=-179.99)
    other, mine = site_map("here", here, {"there": there}).points
    assert other.y < mine.y
    assert other.x > mine.x


def test_scales_are_round_and_readable() -> None:
    assert site_map("gate", GATE, {}).bar_text == "50 m"
    assert site_map("gate", GATE, {"busan": FAR}).bar_text == "200 km"


def test_the_page_shows_the_camera_and_only_those_one_may_see(placed: Site) -> None:
    report = kept(placed.services, "a")
    page = placed.client(Role.VIEWER).get(f"/reports/{report.id}").text
    assert "37.56650, 126.97800" in page
    assert 'href="geo:37.56650,126.97800"' in page
    assert "<title>yard</title>" in page
    page = placed.client(Role.VIEWER, frozenset({"gate"})).get(f"/reports/{report.id}").text
    assert "37.56650, 126.97800" in page
    assert "yard" not in page


def test_a_photo_of_no_camera_is_where_its_gps_says(site: Site) -> None:
    def sent(name: str, data: bytes) -> str:
        item = site.services.evidence.put(
            camera="photos", kind=EvidenceKind.PHOTO_1, taken_at=NOON, data=data, media_type="image/jpeg"
        )
        report = temporary(name, camera="photos", evidence=(item,), vehicle_id=f"photo-{name}")
        site.services.reports.apply(report, at=NOON, by="test")
        return unescape(site.client(Role.VIEWER).get(f"/reports/{report.id}").text)

    t = words("en")
    page = sent("a", photo(exif_of(gps=gps_of(37.5, 127.25))))
    assert "37.50000, 127.25000" in page
    assert t("report.place_from_photo") in page
    for number, data in enumerate((photo(), photo(exif_of(gps=gps_of(95, 10))), b"no picture at all")):
        page = sent(f"b{number}", data)
        assert t("report.no_place") in page


def test_a_camera_without_a_position_says_so(site: Site) -> None:
    report = kept(site.services, "a")
    page = site.client(Role.VIEWER).get(f"/reports/{report.id}").text
    assert words("en")("report.no_place") in page
    assert "openstreetmap" not in page


@pytest.mark.timeout(120)
@seats("light", "dark")
def test_the_map_asks_no_other_host(placed: Site, browser: Browser, tmp_path: Path, seat: Seat) -> None:
    report = kept(placed.services, "a")
    furnish_users(placed.services)
    with served(placed.app) as address, seated(browser, seat, address, tmp_path) as person:
        page, t = person.page, person.t
        person.goes_to(f"/reports/{report.id}")
        person.logs_in("vera")
        drawn = page.get_by_role("img", name=t("report.map", name="gate", number=1))
        expect(drawn).to_be_visible()
        link = page.get_by_role("link", name=t("report.open_map"))
        assert (link.get_attribute("href") or "").startswith("https://www.openstreetmap.org/?mlat=37.56650")
        person.looks("place")
