"""The zones' editor: its API on a real configuration file, and its page in a real Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from gotcha.config import load_config
from storage.account_values import Role
from tests.web.browser import PAGE
from tests.web.conftest import Site
from tests.web.kept_reports import kept
from tests.web.person import Person, Seat, seated, seats
from tests.web.served import furnish, served, watched

TEXT = """\
state_dir: state
time_zone: Asia/Seoul
holidays: [2026-12-25]
cameras:
  gate:
    kind: stills
    url: http://127.0.0.1:1/gate.jpg
    zones:
      # the hydrant at the corner
      - name: hydrant
        kind: fire_hydrant   # one minute
        polygon: [[0.1, 0.6], [0.4, 0.6], [0.4, 0.8], [0.1, 0.8]]
        dwell_s: 90
  yard: {kind: stills, url: "http://127.0.0.1:1/yard.jpg"}
"""


@pytest.fixture
def config_text() -> str:
    return TEXT


def body(answer: dict[str, Any], **changes: object) -> dict[str, Any]:
    zones = [{**zone, **changes} for zone in answer["zones"]]
    return {"revision": answer["revision"], "zones": zones}


def test_zones_are_read_changed_and_written_back(filed: Site, path: Path) -> None:
    client = filed.client(Role.ADMIN)
    before = client.get("/api/cameras/gate/zones").json()
    assert (before["zones"][0]["dwell_s"], before["holidays"]) == (90, ["2026-12-25"])
    assert {"kind": "no_parking", "dwell_s": 300, "photo_gap_s": 300} in before["rules"]
    after = client.put(
        "/api/cameras/gate/zones", json=body(before, dwell_s=120, hours={"mon": ["08:00-20:00"]})
    )
    assert after.status_code == 200
    text = path.read_text(encoding="utf-8")
    for part in ("# the hydrant at the corner", "# one minute", "dwell_s: 120", 'mon: ["08:00-20:00"]'):
        assert part in text
    late = client.put("/api/cameras/gate/zones", json=body(before, dwell_s=60))
    assert (late.status_code, "changed meanwhile" in late.json()["detail"]) == (409, True)
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"dwell_s": -5}, "hydrant: dwell_s: expected seconds above 0"),
        ({"polygon": [[0, 0], [1, 1]]}, "polygon"),
        ({"polygon": [[0, 0], [1, 1], [0, 2]]}, "fractions of the picture"),
        ({"polygon": [[0, 0, 0], [1, 1], [0, 1]]}, "polygon"),
        ({"kind": "street"}, "kind"),
        ({"hours": {"monday": ["08:00-20:00"]}}, "mon"),
        ({"hours": {"mon": ["8-20"]}}, "expected hours such as"),
        ({"classes": ["tram"]}, "expected one of"),
        ({"allowed_plates": ["hello"]}, "expected a plate of the region KR"),
        ({"holidays": "sometimes"}, "expected one of"),
        ({"weight": 3}, "weight"),
        ({"name": ""}, "name"),
    ],
)
def test_a_wrong_zone_is_refused_and_nothing_is_written(
    filed: Site, path: Path, changes: dict[str, object], sentence: str
) -> None:
    client = filed.client(Role.ADMIN)
    before = client.get("/api/cameras/gate/zones").json()
    answer = client.put("/api/cameras/gate/zones", json=body(before, **changes))
    assert answer.status_code == 422
    assert sentence in answer.json()["detail"]
    assert path.read_text(encoding="utf-8") == TEXT


def test_who_may_not_see_a_camera_learns_nothing_of_it(filed: Site) -> None:
    client = filed.client(Role.ADMIN, frozenset({"yard"}))
    for address in (
        "/api/cameras/gate/zones",
        "/api/cameras/gate/picture",
        "/api/cameras/none/zones",
        "/zones/gate",
    ):
        assert client.get(address).status_code == 404
    assert client.put("/api/cameras/gate/zones", json={"revision": "", "zones": []}).status_code == 404
    assert client.get("/api/cameras/yard/zones").json()["zones"] == []
    assert filed.client(Role.OPERATOR).put("/api/cameras/gate/zones", json={}).status_code == 403


def test_the_picture_is_the_cameras_or_that_of_its_last_report(filed: Site) -> None:
    client = filed.client(Role.VIEWER)
    assert client.get("/api/cameras/gate/picture").status_code == 204
    report = kept(filed.services, "a")
    photo = client.get("/api/cameras/gate/picture")
    assert photo.headers["x-taken-at"] == report.evidence[0].taken_at.isoformat()
    assert photo.content == filed.services.evidence.get(report.evidence[0].key)
    with watched(filed.services):
        live = client.get("/api/cameras/gate/picture")
    assert live.headers["content-type"] == "image/jpeg"
    assert live.headers["x-taken-at"] > photo.headers["x-taken-at"]


def test_without_a_file_there_is_nothing_to_write_to(site: Site) -> None:
    client = site.client(Role.ADMIN)
    assert client.get("/api/cameras/gate/zones").status_code == 409
    assert "without a file" in client.get("/zones/gate", headers=PAGE).text
    assert client.get("/zones", follow_redirects=False).headers["location"] == "/zones/gate"


@pytest.mark.timeout(120)
@seats("light", "dark")
def test_a_zone_is_drawn_bent_named_and_saved(
    filed: Site,
    browser: Browser,
    path: Path,
    tmp_path: Path,
    seat: Seat,
) -> None:
    furnish(filed.services)
    with (
        served(filed.app) as address,
        watched(filed.services),
        seated(browser, seat, address, tmp_path) as person,
    ):
        _draws(person, path)


def _draws(person: Person, path: Path) -> None:
    page, t = person.page, person.t
    person.goes_to("/zones/gate")
    person.logs_in("anna")
    page.wait_for_url("**/zones/gate")
    expect(page.locator(".area")).to_have_count(1)
    expect(page.locator("[data-picture]")).to_be_visible()
    save = page.get_by_role("button", name=t("zones.save"), exact=True)
    expect(save).to_be_disabled()

    # By pointer: four corners, ended at the first.
    person.presses("zones.draw")
    for x, y in ((0.5, 0.5), (0.9, 0.5), (0.9, 0.9), (0.5, 0.9), (0.5, 0.5)):
        _clicks(page, x, y)
    expect(page.locator(".area")).to_have_count(2)
    expect(page.locator(".corner")).to_have_count(4)
    _pulls(page, (0.9, 0.9), (0.95, 0.8))
    page.get_by_label(t("zones.name"), exact=True).fill("소화전 2")
    page.get_by_label(t("zones.kind")).select_option("fire_hydrant")
    expect(page.get_by_label(t("zones.dwell"))).to_have_value("60")
    page.get_by_label(t("zones.photo_gap")).fill("75")
    page.locator("summary", has_text=t("zones.hours")).click()
    page.get_by_label(t("zones.weekdays")).fill("08:00-12:00, 13:00-20:00")
    page.get_by_role("checkbox", name=t("vehicle.bus")).uncheck()
    page.get_by_label(t("zones.skip_holidays")).check()
    page.get_by_label(t("zones.allowed")).fill("12가3456")

    # By keyboard: a corner is added, moved and removed; what was done is undone and done again.
    page.locator('.corner[data-corner="1"]').focus()
    page.keyboard.press("Enter")
    expect(page.locator(".corner")).to_have_count(5)
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Delete")
    expect(page.locator(".corner")).to_have_count(4)
    page.keyboard.press("Control+z")
    expect(page.locator(".corner")).to_have_count(5)
    page.keyboard.press("Control+y")
    expect(page.locator(".corner")).to_have_count(4)
    person.looks("zones")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-status]")).to_have_text(t("zones.saved"))

    zone = load_config(path).camera("gate").zones[1]
    assert (zone.name, zone.kind.value, zone.dwell_s, zone.photo_gap_s) == (
        "소화전 2",
        "fire_hydrant",
        None,
        75,
    )
    assert (zone.classes, zone.holidays, zone.allowed_plates) == (
        ("car", "motorcycle", "truck"),
        "skip",
        ("12가3456",),
    )
    assert zone.hours is not None
    assert [len(day) for day in zone.hours.of_week()] == [2, 2, 2, 2, 2, 0, 0]
    corner = zone.polygon.points[2]
    assert [corner.x, corner.y] == pytest.approx([0.95, 0.8], abs=0.01)
    assert "# the hydrant at the corner" in path.read_text(encoding="utf-8")

    # Somebody changes the file by hand: the next save says so and overwrites nothing.
    path.write_text(path.read_text(encoding="utf-8") + "# by hand\n", encoding="utf-8")
    page.locator(".area").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("alert")).to_contain_text("changed meanwhile")
    person.errors[:] = [error for error in person.errors if "409" not in error]
    page.keyboard.press("Control+z")


def _spot(page: Page, x: float, y: float) -> tuple[float, float]:
    box = page.locator("[data-canvas]").bounding_box()
    assert box is not None
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def _clicks(page: Page, x: float, y: float) -> None:
    page.locator("[data-canvas]").scroll_into_view_if_needed()
    page.mouse.click(*_spot(page, x, y))


def _pulls(page: Page, begin: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*_spot(page, *begin))
    page.mouse.down()
    page.mouse.move(*_spot(page, *end), steps=4)
    page.mouse.up()
