"""A person's way through the dashboard in a real Chromium: in both languages, on a desk and on a phone.

No console error, no request to another host, no serious accessibility violation on any page. Screenshots go
to the folder of GOTCHA_SCREENSHOTS.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.web.conftest import Site
from tests.web.kept_reports import kept
from tests.web.person import Person, Seat, seated, seats
from tests.web.served import PASSWORD, furnish, served, watched


@pytest.mark.timeout(180)
@seats("light", "dark")
def test_an_operators_round(
    site: Site,
    browser: Browser,
    tmp_path: Path,
    seat: Seat,
) -> None:
    furnish(site.services)
    site.services.redis.flushdb()
    with (
        served(site.app) as address,
        watched(site.services),
        seated(browser, seat, address, tmp_path) as person,
    ):
        _round(person, site)
        # A wrong password is an error to the browser too.
        person.errors[:] = [error for error in person.errors if "401" not in error]


def _round(person: Person, site: Site) -> None:
    page, t = person.page, person.t
    person.goes_to("/reports")
    expect(page.get_by_role("heading", name=t("login.title"))).to_be_visible()
    page.get_by_label(t("login.name")).fill("omar")
    page.get_by_label(t("login.password")).fill("a wrong password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text(t("login.wrong"))
    person.looks("login")
    page.get_by_label(t("login.password")).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/reports")
    expect(page.locator("[data-row]")).to_have_count(13)
    person.looks("reports")
    kept(site.services, "just now", parked_at=datetime.now(UTC))
    # It arrives without loading the page anew.
    expect(page.locator("[data-row]")).to_have_count(14, timeout=15_000)

    person.goes_to("/")
    expect(page.get_by_text(t("need.camera_unreachable", camera="yard"))).to_be_visible()
    expect(page.locator(".camera .badge.ok")).to_have_text(t("camera.live"))
    person.looks("home")

    person.goes_to("/live/gate")
    page.wait_for_function("() => Number(document.querySelector('[data-live]').dataset.frames) >= 2")
    person.looks("live")

    person.goes_to("/reports?review=open")
    page.wait_for_load_state("load")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/reports/*?*")
    photos = page.locator(".compare-stage img")
    expect(photos).to_have_count(2)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.compare-stage img')].every(i => i.naturalWidth)"
    )
    page.get_by_role("slider").fill("20")
    assert "20%" in page.locator(".compare-stage").evaluate("e => e.style.getPropertyValue('--cut')")
    person.looks("report")
    page.keyboard.press("d")
    expect(page.locator(".compare-stage.differs")).to_be_visible()
    page.keyboard.press("p")
    page.get_by_label(t("report.really")).fill("12가3466")
    page.keyboard.press("Enter")
    expect(page.get_by_text(t("verdict.corrected"), exact=True).first).to_be_visible()
    # Keys work once the page's script does.
    page.wait_for_load_state("load")
    page.locator("body").press("c")
    expect(page.get_by_text(t("verdict.confirmed"), exact=True).first).to_be_visible()
    person.looks("report-confirmed")
    report_id = page.url.partition("/reports/")[2][:32]
    reviewed = site.services.reviews.current(report_id)
    assert reviewed is not None
    assert (reviewed.verdict, reviewed.plate) == ("confirmed", "12가3466")

    page.locator("details.account summary").click()
    person.looks("account")
    person.presses("frame.log_out")
    page.wait_for_url("**/login")
    person.goes_to("/")
    expect(page.get_by_role("heading", name=t("login.title"))).to_be_visible()
