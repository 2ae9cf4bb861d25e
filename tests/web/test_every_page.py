"""Every page is judged in a browser: those that no other test looks at are looked at here."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from gotcha.config import parse_config
from gotcha.web_wiring import opened_services
from storage.account_values import Role
from tests.web.browser import PAGE
from tests.web.conftest import Site
from tests.web.kept_reports import kept
from tests.web.person import Seat, seated, seats
from tests.web.served import furnish, served, watched
from tests.web.test_queue import failed, refused
from tests.web.test_who_may_do_what import ROWS
from web.app import create_app

# By what the test that judges it calls it.
ELSEWHERE = {
    "/": "home",
    "/live/{camera}": "live",
    "/login": "login",
    "/reports": "reports",
    "/reports/{report_id}": "report",
    "/find": "find",
    "/uploads": "uploads",
    "/zones/{camera}": "zones",
    "/settings": "settings",
    "/settings/cameras": "no-camera",
    "/settings/notifications": "notifications",
    "/settings/retention": "retention",
}
HERE = {"/live", "/queue", "/queue/jobs/{job_id}", "/statistics", "/zones", "/offline", "/setup/{secret}"}
# They lead on to another.
NO_PAGES = {"/language/{language}", "/theme/{theme}"}


def test_each_page_is_judged_by_some_test(site: Site) -> None:
    site.services.redis.flushdb()
    values = {
        "{camera}": "gate",
        "{report_id}": kept(site.services, "a").id,
        "{job_id}": failed(site, "b"),
    }
    client = site.client(Role.ADMIN)
    client.follow_redirects = False
    pages = set()
    for method, path, _who in ROWS:
        address = path
        for name, value in values.items():
            address = address.replace(name, value)
        # Live pictures have no end.
        if method != "GET" or path in NO_PAGES or "{" in address or address.endswith("/picture"):
            continue
        answer = client.get(address, headers=PAGE)
        if "<!doctype html>" in answer.text.lower() and not path.startswith("/api/"):
            pages.add(path)
    assert {"/", "/queue", "/queue/jobs/{job_id}", "/settings/cameras", "/statistics"} <= pages
    assert pages - ELSEWHERE.keys() - HERE == set(), "look at these in a browser"
    shots = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert [name for name in ELSEWHERE.values() if f'looks("{name}")' not in shots] == []


@pytest.mark.timeout(180)
@seats("dark", "light")
def test_the_pages_that_no_other_test_looks_at(
    site: Site, browser: Browser, tmp_path: Path, seat: Seat
) -> None:
    furnish(site.services)
    site.services.redis.flushdb()
    job = failed(site, "a")
    refused(site, "c", "a column is missing")
    with (
        served(site.app) as address,
        watched(site.services),
        seated(browser, seat, address, tmp_path) as person,
    ):
        page = person.page
        person.goes_to("/queue")
        person.logs_in("anna")
        page.wait_for_url("**/queue")
        for path, name in (
            ("/queue", "queue"),
            (f"/queue/jobs/{job}", "queue-job"),
            ("/statistics", "statistics"),
            ("/live", "live-all"),
            ("/offline", "offline"),
            ("/reports/none", "no-report"),
        ):
            person.goes_to(path)
            expect(page.get_by_role("heading", level=1)).to_have_count(1)
            person.looks(name)
        # The page that says so is an error to the browser too.
        person.errors[:] = [error for error in person.errors if "404" not in error]


@pytest.mark.timeout(120)
@seats("light", "dark")
def test_who_reads_a_wide_table_keeps_the_place_as_it_changes(
    site: Site, browser: Browser, tmp_path: Path, seat: Seat
) -> None:
    furnish(site.services)
    site.services.redis.flushdb()
    refused(site, "c", "a_column_is_missing" * 20)
    with served(site.app) as address, seated(browser, seat, address, tmp_path) as person:
        page = person.page
        person.goes_to("/queue")
        person.logs_in("anna")
        table = page.get_by_role("region", name=person.t("queue.dead")).locator("[tabindex]")
        table.focus()
        # At a desk it may fit into its frame.
        left = table.evaluate("table => { table.scrollTo({ left: 20 }); return table.scrollLeft; }")
        assert left == 20 or seat.window["width"] > 1000
        refused(site, "d", "a column is missing")
        expect(table.locator("tbody tr")).to_have_count(2, timeout=30_000)
        expect(table).to_be_focused()
        assert table.evaluate("table => table.scrollLeft") == left


@pytest.mark.timeout(120)
@seats("light", "dark")
def test_whoever_sets_it_up_first(tmp_path: Path, redis_url: str, browser: Browser, seat: Seat) -> None:
    config = parse_config(f"state_dir: {tmp_path}", environment={})
    with opened_services(config, redis_url) as services:
        path = services.setup.path()
        assert path is not None
        with (
            served(create_app(services)) as address,
            seated(browser, seat, address, tmp_path) as person,
        ):
            person.goes_to(path)
            person.looks("setup")
            person.page.get_by_label(person.t("login.name")).fill("anna")
            for field in person.page.locator("input[type=password]").all():
                field.fill("a long password")
            person.page.keyboard.press("Enter")
            person.page.wait_for_url(f"{address}/")
            person.goes_to("/zones")
            person.looks("no-zones")
