"""How long records are kept: shown, tried out and changed on a real configuration file and database."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from gotcha.config import load_config
from gotcha.retention import open_purge
from gotcha.settings_in_force import SettingsInForce
from jobs.context import utc_now
from storage.account_values import Role
from storage.database import open_database
from tests.reports import rejected
from tests.web.conftest import Site
from tests.web.person import Seat, seated, seats
from tests.web.served import furnish_users, served

TEXT = """\
state_dir: state
retention:
  # the city asks for a year
  final_days: 365
  rejected_days: 30   # nobody needs them
cameras:
  gate: {kind: stills, url: "http://127.0.0.1:1/gate.jpg"}
"""
PATH = "/api/settings/retention"


@pytest.fixture
def config_text() -> str:
    return TEXT


def keep(site: Site, *ages_days: int) -> None:
    for number, days in enumerate(ages_days):
        site.services.reports.apply(rejected(f"r{number}"), at=utc_now() - timedelta(days=days), by="test")


def test_a_change_says_what_it_would_delete_and_holds_without_a_restart(filed: Site, path: Path) -> None:
    running = SettingsInForce(load_config(path))
    keep(filed, 1, 12, 20)
    client = filed.client(Role.ADMIN)
    sheet = client.get(PATH).json()
    assert (sheet["days"]["final_days"], sheet["days"]["duplicate_days"]) == (365, 30)
    assert client.get(f"{PATH}/preview", params=sheet["days"]).json() == {"deletes": {}}
    fewer = {**sheet["days"], "rejected_days": 10}
    assert client.get(f"{PATH}/preview", params=fewer).json() == {"deletes": {"rejected": 2}}
    assert path.read_text(encoding="utf-8") == TEXT

    saved = client.put(PATH, json={**fewer, "revision": sheet["revision"]})
    assert (saved.status_code, saved.json()["days"]["rejected_days"]) == (200, 10)
    text = path.read_text(encoding="utf-8")
    assert "  # the city asks for a year\n  final_days: 365\n" in text
    assert "rejected_days: 10   # nobody needs them" in text
    assert filed.services.settings.retention_days["rejected"] == 10
    # The program that runs purges by the new days.
    assert running.current().retention.rejected_days == 10
    engine = open_database(running.config.database_url)
    done = open_purge(running.current(), engine).run(utc_now())
    engine.dispose()
    assert sum(done.expired.values()) == 2


def test_what_cannot_be_is_refused(filed: Site, path: Path) -> None:
    client = filed.client(Role.ADMIN)
    sheet = client.get(PATH).json()
    good = {**sheet["days"], "revision": sheet["revision"]}
    for wrong in ({"final_days": 0}, {"access_log_days": 29}, {"final_days": 36_501}, {"x": 1}):
        assert client.put(PATH, json={**good, **wrong}).status_code == 422, wrong
        assert client.get(f"{PATH}/preview", params={**sheet["days"], **wrong}).status_code == 422
    assert client.put(PATH, json={**good, "revision": "0"}).status_code == 409
    assert path.read_text(encoding="utf-8") == TEXT


def test_without_a_file_it_says_so(site: Site) -> None:
    client = site.client(Role.ADMIN)
    assert client.get(PATH).status_code == 409
    assert "without a file" in client.get(PATH).json()["detail"]


@pytest.mark.timeout(120)
@seats("dark", "light")
def test_an_admin_sees_what_goes_before_saving(
    filed: Site, path: Path, browser: Browser, tmp_path: Path, seat: Seat
) -> None:
    furnish_users(filed.services)
    keep(filed, 1, 12, 20)
    with served(filed.app) as address, seated(browser, seat, address, tmp_path) as person:
        page, t = person.page, person.t
        person.goes_to("/settings/retention")
        person.logs_in("anna")
        expect(page.get_by_text(t("retention.nothing"))).to_be_visible()
        page.get_by_label(t("retention.rejected_days")).fill("10")
        told = t("retention.deletes", what=f"{t('state.rejected')}: 2")
        expect(page.get_by_text(told)).to_be_visible()
        person.looks("retention")
        page.keyboard.press("Enter")
        expect(page.get_by_text(t("retention.saved"))).to_be_visible()
        assert load_config(path).retention.rejected_days == 10
