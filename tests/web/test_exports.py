"""Evidence packs by way of the dashboard: made once, by a worker, for those who may, and logged."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, expect

from jobs.analysis_queue import AnalysisQueue
from pipeline.report import Report, ReportState
from storage.access_log import AccessAction
from storage.account_values import Role
from storage.analyses import AnalysisState
from storage.retention import SqlRetention
from tests.reports import NOON, rejected
from tests.web.conftest import Site
from tests.web.exporting import kept_street, models_worker
from tests.web.kept_reports import kept
from tests.web.person import Seat, seated, seats
from tests.web.served import furnish_users, served


def made(client: TestClient, report: Report) -> dict[str, object]:
    """The answer once the pack has ended."""
    pause = threading.Event()
    for _ in range(600):
        answer = dict(client.get(f"/api/reports/{report.id}/export").json())
        if answer["state"] not in ("queued", "processing"):
            return answer
        pause.wait(0.1)
    raise AssertionError(answer)


def test_a_pack_is_made_given_out_and_not_made_twice(site: Site, tmp_path: Path, redis_url: str) -> None:
    report = kept_street(site.services, "a")
    client = site.client(Role.OPERATOR, frozenset({"gate"}))
    path = f"/api/reports/{report.id}/export"
    assert client.get(path).status_code == 404
    asked = client.post(path, json={"why": "for the city"})
    assert (asked.status_code, asked.headers["location"]) == (202, path)
    assert asked.json()["pack"] is None
    early = client.get(f"{path}/{asked.json()['id']}/pack")
    assert (early.status_code, "queued" in early.text) == (409, True)
    # Redis loses everything; the row is the truth.
    site.services.redis.flushdb()
    with models_worker(tmp_path, redis_url):
        answer = made(client, report)
        pack = answer["pack"]
        assert (answer["state"], answer["error"], answer["current"]) == ("completed", "", True)
        assert isinstance(pack, dict)
        given = client.get(pack["path"])
        assert (given.status_code, given.headers["content-type"]) == (200, "application/zip")
        assert pack["name"] in given.headers["content-disposition"]
        with zipfile.ZipFile(io.BytesIO(given.content)) as held:
            shown = json.loads(held.read("report.json"))
            assert shown["id"] == report.id
            assert [item["hidden"]["plates"] > 0 for item in shown["evidence"]] == [
                *(True, True, False, True)
            ]
        again = client.post(path, json={"why": "for the city"})
        assert (again.status_code, again.json()["id"]) == (200, answer["id"])

        # What a person says of it changes what a pack would say.
        client.post(f"/api/reports/{report.id}/review", json={"step": "confirmed"})
        assert client.get(path).json()["current"] is False
        other = client.post(path, json={"why": "for the city"})
        assert (other.status_code, other.json()["id"] == answer["id"]) == (202, False)
        assert made(client, report)["state"] == "completed"
    stored = site.services.reports.get(report.id)
    assert stored is not None
    assert stored.state is ReportState.EXPORTED
    steps = [entry.why for entry in site.services.reports.history(report.id)]
    assert steps[1:] == ["for the city", "for the city"]
    entries = site.services.access.entries(report_id=report.id)
    exports = [entry for entry in reversed(entries) if entry.action is AccessAction.EXPORT]
    assert [entry.who for entry in exports] == ["operator"] * 3
    assert ["downloaded" in entry.detail for entry in exports] == [False, True, False]


def test_no_pack_leaves_that_may_not(site: Site, tmp_path: Path, redis_url: str) -> None:
    mine, other = kept_street(site.services, "a"), kept(site.services, "c", camera="yard")
    site.services.reports.apply(rejected("d"), at=NOON, by="test")
    client = site.client(Role.OPERATOR, frozenset({"gate"}))
    assert client.post(f"/api/reports/{other.id}/export", json={}).status_code == 404
    assert client.post(f"/api/reports/{rejected('d').id}/export", json={}).status_code == 409
    client.post(f"/api/reports/{mine.id}/export", json={})
    with models_worker(tmp_path, redis_url):
        answer = made(client, mine)
    pack = answer["pack"]
    assert isinstance(pack, dict)
    assert client.get(pack["path"]).status_code == 200
    # Another camera's report, another report's pack, an id that was guessed.
    everything = site.client(Role.OPERATOR)
    for path in (
        f"/api/reports/{other.id}/export/{answer['id']}/pack",
        f"/api/reports/{mine.id}/export/{'0' * 32}/pack",
        f"/api/reports/{'0' * 32}/export/{answer['id']}/pack",
    ):
        assert everything.get(path).status_code == 404, path
    assert site.client(Role.OPERATOR, frozenset({"yard"})).get(pack["path"]).status_code == 404
    assert site.client(Role.VIEWER).get(pack["path"]).status_code == 403
    # A person takes the accusation back: the pack that is there stays in the house.
    client = site.client(Role.OPERATOR)
    client.post(f"/api/reports/{mine.id}/review", json={"step": "rejected", "reason": "loading"})
    withdrawn = client.get(pack["path"])
    assert (withdrawn.status_code, "rejected by a person" in withdrawn.text) == (409, True)
    assert client.post(f"/api/reports/{mine.id}/export", json={}).status_code == 409


def test_a_pack_goes_with_its_report(site: Site) -> None:
    report = kept(site.services, "a")
    client = site.client(Role.OPERATOR)
    assert client.post(f"/api/reports/{report.id}/export", json={}).status_code == 202
    export = site.services.exports.newest(report.id)
    assert export is not None
    engine = site.services.reports._engine  # type: ignore[attr-defined]
    retention = SqlRetention(engine)
    (due,) = retention.due({ReportState.FINAL: NOON + timedelta(days=1)})
    assert retention.expire(due, at=NOON, by="test", why="")
    assert site.services.photos.analyses.get(export.id) is None
    assert client.get(f"/api/reports/{report.id}/export/{export.id}/pack").status_code == 404


def test_a_pack_that_cannot_be_made_says_why(site: Site, tmp_path: Path, redis_url: str) -> None:
    report = kept(site.services, "a")
    site.services.evidence.delete(report.evidence[0].key)
    client = site.client(Role.OPERATOR)
    client.post(f"/api/reports/{report.id}/export", json={})
    with models_worker(tmp_path, redis_url):
        answer = made(client, report)
    assert answer["state"] == AnalysisState.FAILED
    assert "gone" in str(answer["error"])
    stored = site.services.reports.get(report.id)
    assert stored is not None
    assert stored.state is ReportState.FINAL
    # It may be asked for again.
    assert client.post(f"/api/reports/{report.id}/export", json={}).status_code == 202
    # And is listed on its report's page only.
    assert client.get("/analyses").json() == []
    assert isinstance(site.services.photos.queue, AnalysisQueue)


@pytest.mark.timeout(180)
@seats("dark", "light")
def test_an_operator_takes_a_pack_home(
    site: Site, browser: Browser, tmp_path: Path, redis_url: str, seat: Seat
) -> None:
    report = kept_street(site.services, "a")
    furnish_users(site.services)
    site.services.redis.flushdb()
    with served(site.app) as address, seated(browser, seat, address, tmp_path) as person:
        page, t = person.page, person.t
        person.goes_to(f"/reports/{report.id}")
        person.logs_in("omar")
        expect(page.get_by_role("button", name=t("report.export"))).to_be_visible()
        shown = page.get_by_role("img", name=t("report.view_map_shows"))
        shown.scroll_into_view_if_needed()
        page.wait_for_function("() => document.querySelector('.view-map img').naturalWidth > 0")
        expect(page.get_by_text(t("report.view_vehicle"))).to_be_visible()
        page.wait_for_load_state("load")
        page.locator("body").press("e")
        expect(page.get_by_text(t("report.export_queued"))).to_be_visible()
        person.looks("pack-asked")
        with models_worker(tmp_path, redis_url):
            # The link comes without loading the page anew.
            ready = page.get_by_role("link", name=t("report.export_ready"))
            expect(ready).to_be_visible(timeout=90_000)
        person.looks("pack-ready")
        with page.expect_download() as awaited:
            page.locator("body").press("e")
        with zipfile.ZipFile(awaited.value.path()) as held:
            assert json.loads(held.read("report.json"))["id"] == report.id
        page.reload()
        expect(page.get_by_text(t("state.exported"), exact=True).first).to_be_visible()
        page.locator("details.account summary").click()
        person.presses("frame.log_out")
        person.goes_to(f"/reports/{report.id}")
        person.logs_in("vera")
        expect(page.locator(".votes").first).to_be_visible()
        expect(page.get_by_text(t("report.pack"), exact=True)).to_have_count(0)
