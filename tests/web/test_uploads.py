"""Uploads and the search by picture in a real Chromium, with the bundled networks behind them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from simulator.scene import Scene
from storage.account_values import Role
from storage.analyses import AnalysisFilter, AnalysisKind
from tests.contracts.test_analysis_store import asked
from tests.reports import NOON, hex_id
from tests.web.browser import PAGE
from tests.web.conftest import Site
from tests.web.person import Seat, seated, seats
from tests.web.served import furnish, served
from tests.web.test_detect_api import jpeg, scene, worker

__all__ = ["scene", "worker"]


def test_a_restricted_sender_chooses_one_of_their_cameras(site: Site) -> None:
    page = site.client(Role.OPERATOR, frozenset({"yard"})).get("/uploads", headers=PAGE).text
    assert "<option>yard</option>" in page
    assert "gate" not in page
    assert '<option value="">' not in page
    assert '<option value="">' in site.client(Role.OPERATOR).get("/uploads", headers=PAGE).text


@seats("light", "dark")
def test_many_that_wait_leave_the_page_free(site: Site, browser: Browser, tmp_path: Path, seat: Seat) -> None:
    """Each that waited held a connection open, of six that a browser has: the seventh file was not sent, no
    other page came. What was sent before the newest thirty was not to be seen at all."""
    furnish(site.services)
    store = site.services.photos.analyses
    for number in range(35):
        store.submit(asked(number, content=str(number)), at=NOON + timedelta(minutes=number))
    with served(site.app) as address, seated(browser, seat, address, tmp_path) as person:
        page, t = person.page, person.t
        person.goes_to("/uploads")
        person.logs_in("omar")
        page.wait_for_url("**/uploads")
        rows = page.locator(".analysis")
        expect(rows).to_have_count(30)
        expect(rows.first.locator("[data-when]")).to_contain_text("2026")
        page.get_by_role("button", name=t("uploads.more")).click()
        expect(rows).to_have_count(35)
        expect(page.locator("[data-more]")).to_be_hidden()
        store.begin(hex_id(0), claim="1", at=NOON, until=NOON + timedelta(hours=1))
        store.complete(hex_id(0), claim="1", at=NOON, result='{"photos": []}')
        expect(rows.last.locator("[data-state]")).to_have_text(t("uploads.state_completed"))
        person.goes_to("/reports")
        page.wait_for_url("**/reports")


def give_up_another(site: Site) -> None:
    """The photo that was sent, once more and for other rules: given up, as a disk was away."""
    store, now = site.services.photos.analyses, site.services.now()
    (sent,) = store.list(AnalysisFilter(kinds=frozenset({AnalysisKind.PHOTO})))
    other = replace(sent.asked, id="f" * 32, settings={"rules": "other"})
    store.submit(other, at=now)
    store.begin(other.id, claim="1", at=now, until=now + timedelta(seconds=20))
    assert store.fail(other.id, claim="1", at=now, error="the disk was away", waited_since=now)


@pytest.mark.timeout(180)
@seats("light", "dark")
def test_files_are_sent_followed_and_searched_for(
    worker: Site,
    scene: Scene,
    browser: Browser,
    tmp_path: Path,
    seat: Seat,
) -> None:
    furnish(worker.services)
    picture = {"name": "street.jpg", "mimeType": "image/jpeg", "buffer": jpeg(scene.frame(20.0))}
    notes = {"name": "notes.jpg", "mimeType": "image/jpeg", "buffer": b"no picture at all"}
    with served(worker.app) as address, seated(browser, seat, address, tmp_path) as person:
        page, t = person.page, person.t
        person.goes_to("/uploads")
        person.logs_in("omar")
        page.wait_for_url("**/uploads")
        expect(page.get_by_text(t("uploads.none"))).to_be_visible()

        # To judge: in no zone of any camera, so nothing is reported, and the page says why.
        field = page.locator("input[type=file]")
        field.set_input_files(picture)  # type: ignore[arg-type]
        first = page.locator(".analysis").first
        expect(first.locator("[data-state]")).to_have_text(t("uploads.state_completed"), timeout=90_000)
        expect(first.locator(".seen rect").first).to_be_visible()
        expect(first.locator(".facts .plate").first).to_be_visible()

        # To try out: what is drawn comes from the server, each vehicle leads to what looks like it.
        page.get_by_label(t("uploads.try")).check()
        field.set_input_files(picture)  # type: ignore[arg-type]
        tried = page.locator(".analysis").first
        expect(tried.locator("[data-kind]")).to_contain_text(t("uploads.kind_detect"))
        expect(tried.locator(".seen a").first).to_be_visible(timeout=90_000)
        field.set_input_files(notes)  # type: ignore[arg-type]
        refused = page.locator(".analysis").first
        expect(refused.locator("[data-error]")).to_be_visible()
        expect(refused.locator("[data-state]")).to_have_text(t("uploads.state_failed"))
        person.errors[:] = [error for error in person.errors if "422" not in error and "415" not in error]
        person.looks("uploads")
        page.locator(".analysis").nth(1).locator(".seen a").first.click()
        page.wait_for_url("**/find?like=*")
        expect(page.locator(".sight").first).to_be_visible()

        # The page comes back with what was sent; what waited in vain is begun again by a button.
        give_up_another(worker)
        person.goes_to("/uploads")
        expect(page.locator(".analysis")).to_have_count(3)
        failed = page.locator(".analysis").first
        expect(failed.locator("[data-error]")).to_have_text("the disk was away")
        failed.get_by_role("button", name=t("uploads.again")).click()
        expect(failed.locator("[data-state]")).to_have_text(t("uploads.state_completed"), timeout=90_000)
        expect(failed.get_by_role("button", name=t("uploads.again"))).to_be_hidden()
        expect(failed.locator("[data-error]")).to_be_hidden()

        # The search by picture starts from a file too.
        person.goes_to("/find?plate=12*&camera=yard")
        expect(page.locator(".sight")).not_to_have_count(0)
        page.wait_for_function("() => document.querySelectorAll('.sight image').length > 0")
        person.looks("find")
        page.locator("[data-by-picture] input[type=file]").set_input_files(picture)  # type: ignore[arg-type]
        page.wait_for_function(
            "() => location.search.includes('like=') || document.querySelector('.seen a')", timeout=90_000
        )
