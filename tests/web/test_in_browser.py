"""A person's way through the dashboard in a real Chromium: in both languages, on a desk and on a phone.

No console error, no request to another host, no serious accessibility violation on any page. Screenshots go
to the folder of GOTCHA_SCREENSHOTS.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.web.conftest import Site
from tests.web.kept_reports import kept
from tests.web.served import PASSWORD, furnish, served, watched
from web.words import words

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 780}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert CHROMIUM is not None, "these tests need Chromium: `make chromium` installs it"
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


class Person:
    """Somebody at a browser, whose every page is looked at."""

    def __init__(self, page: Page, address: str, language: str, shots: Path) -> None:
        self.page = page
        self.t = words(language)
        self._address = address
        self._shots = shots
        self.errors: list[str] = []
        page.on(
            "console", lambda message: self.errors.append(message.text) if message.type == "error" else None
        )
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._host(request.url))

    def _host(self, url: str) -> None:
        if not url.startswith((self._address, "blob:", "data:")):
            self.errors.append(f"a request to {url}")

    def goes_to(self, path: str) -> None:
        self.page.goto(self._address + path)

    def looks(self, name: str) -> None:
        """Judge the page: what axe-core calls serious, and what is wider than the window."""
        self.page.screenshot(path=self._shots / f"{name}.png", full_page=True)
        found = Axe().run(self.page).response["violations"]
        serious = [
            f"{one['id']}: {[node['html'][:120] for node in one['nodes']]}"
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert serious == [], f"{name}: {serious}"
        overflow = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{name} is {overflow} px too wide"

    def presses(self, name: str) -> None:
        self.page.get_by_role("button", name=self.t(name)).first.click()


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("language", "locale", "window", "scheme"),
    [("en", "en-US", DESK, "light"), ("ko", "ko-KR", PHONE, "dark")],
    ids=["english-desk-light", "korean-phone-dark"],
)
def test_an_operators_round(
    site: Site,
    browser: Browser,
    tmp_path: Path,
    language: str,
    locale: str,
    window: dict[str, int],
    scheme: str,
) -> None:
    furnish(site.services)
    site.services.redis.flushdb()
    shots = Path(os.environ.get("GOTCHA_SCREENSHOTS", tmp_path / "shots")) / f"{language}-{window['width']}"
    shots.mkdir(parents=True, exist_ok=True)
    with served(site.app) as address, watched(site.services):
        context = browser.new_context(
            viewport={"width": window["width"], "height": window["height"]},
            locale=locale,
            color_scheme="dark" if scheme == "dark" else "light",
        )
        person = Person(context.new_page(), address, language, shots)
        _round(person, site)
        context.close()
    # A wrong password is an error to the browser too.
    assert [error for error in person.errors if "401" not in error] == []


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
