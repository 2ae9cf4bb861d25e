"""Who is told of what: set up on the dashboard, written into config.yaml, tried out over a real server."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from gotcha.config import load_config
from gotcha.notifying import NotifyRound
from gotcha.settings_in_force import SettingsInForce
from jobs.context import utc_now
from jobs.notify_channels import signature
from jobs.outbox import Outbox
from pipeline.errors import QueueError
from storage.account_values import Role
from storage.database import open_database
from tests.jobs.test_notifier import Receiver, receiver
from tests.reports import NOON, final
from tests.web.conftest import Site
from tests.web.person import Seat, seated, seats
from tests.web.served import furnish_users, served

__all__ = ["receiver"]

TEXT = """\
state_dir: state
notifications:
  # the guard reads mail at night
  events: [report, camera]   # not more
cameras:
  gate: {kind: stills, url: "http://127.0.0.1:1/gate.jpg"}
"""
PATH = "/api/settings/notifications"


@pytest.fixture
def config_text() -> str:
    return TEXT


def test_a_change_is_written_tried_and_holds_at_once(
    filed: Site, path: Path, tmp_path: Path, receiver: Receiver
) -> None:
    before = load_config(path)
    client = filed.client(Role.ADMIN)
    sheet = client.get(PATH).json()
    assert sheet["values"]["events"] == ["report", "camera"]
    assert client.post(f"{PATH}/test/webhook").json() == {
        "arrived": False,
        "error": "the channel webhook is not configured; save it first",
    }
    wanted = {
        **sheet["values"],
        "revision": sheet["revision"],
        "webhook_url": receiver.url,
        "events": ["report", "dead_letters"],
    }
    engine = open_database(before.database_url)
    outbox = Outbox(tmp_path / "outbox.db")
    rounds = NotifyRound(before, engine, filed.services.redis, outbox)
    assert rounds.run() == 0
    saved = client.put(PATH, json=wanted)
    assert (saved.status_code, saved.json()["values"]["webhook_url"]) == (200, receiver.url)
    text = path.read_text(encoding="utf-8")
    assert "  # the guard reads mail at night\n" in text
    assert 'events: ["report", "dead_letters"]   # not more' in text
    assert "email" not in text

    assert client.post(f"{PATH}/test/webhook").json() == {"arrived": True, "error": ""}
    headers, data = receiver.taken.pop()
    assert json.loads(data)["event"] == "test"
    signed = signature(sheet["key"], headers["X-Gotcha-Timestamp"], data)
    assert headers["X-Gotcha-Signature"] == f"sha256={signed}"

    # The worker that runs tells of the next report, once.
    assert rounds.run() == 0
    filed.services.reports.apply(final("a"), at=NOON, by="test")
    assert (rounds.run(), rounds.run()) == (1, 0)
    assert json.loads(receiver.taken.pop()[1])["event"] == "report.final"
    outbox.offer(final("d"))
    ((item),) = outbox.due(10, 1e12)
    outbox.mark_dead((item.id, item.revision), "refused")
    assert (rounds.run(), rounds.run()) == (1, 0)
    assert json.loads(receiver.taken.pop()[1])["event"] == "dead_letters"
    outbox.close()
    engine.dispose()
    assert SettingsInForce(load_config(path)).current().notifications.webhook_url == receiver.url


def test_reports_are_told_of_while_the_outbox_cannot_be_read(
    filed: Site, path: Path, tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = filed.client(Role.ADMIN)
    sheet = client.get(PATH).json()
    wanted = {**sheet["values"], "webhook_url": receiver.url, "events": ["report", "dead_letters"]}
    assert client.put(PATH, json={**wanted, "revision": sheet["revision"]}).status_code == 200
    config = load_config(path)
    engine, outbox = open_database(config.database_url), Outbox(tmp_path / "outbox.db")
    rounds = NotifyRound(config, engine, filed.services.redis, outbox)

    def broken() -> None:
        raise QueueError("the outbox cannot be read (disk I/O error)")

    monkeypatch.setattr(outbox, "dead", broken)
    assert rounds.run() == 0
    filed.services.reports.apply(final("a"), at=NOON, by="test")
    assert rounds.run() == 1

    # What still waits when all of it is turned off does not come weeks later.
    filed.services.reports.apply(final("b"), at=NOON, by="test")
    receiver.refuse = 1
    assert rounds.run() == 0
    sheet = client.get(PATH).json()
    assert sheet["waiting"] == 1
    off = {**wanted, "webhook_url": None, "revision": sheet["revision"]}
    assert client.put(PATH, json=off).status_code == 200
    late = NotifyRound(config, engine, filed.services.redis, outbox, lambda: utc_now() + timedelta(days=1))
    assert late.run() == 0
    assert client.get(PATH).json()["waiting"] == 0
    outbox.close()
    engine.dispose()


def test_what_cannot_be_is_refused_in_a_sentence(filed: Site, path: Path) -> None:
    client = filed.client(Role.ADMIN)
    sheet = client.get(PATH).json()
    good = {**sheet["values"], "revision": sheet["revision"]}
    for wrong in (
        {"webhook_url": "ftp://x"},
        {"webhook_url": "https://user:password@x/"},
        {"events": ["everything"]},
        {"email_to": ["a@b.example"]},
        {"email_to": ["nobody"], "email_host": "mail"},
        {"email_host": "mail", "email_user": "x", "email_security": "none"},
        {"email_port": 0},
        {"surprise": 1},
    ):
        answer = client.put(PATH, json={**good, **wrong})
        assert (answer.status_code, bool(answer.json()["detail"])) == (422, True), wrong
    assert client.put(PATH, json={**good, "revision": "0"}).status_code == 409
    assert path.read_text(encoding="utf-8") == TEXT
    assert client.post(f"{PATH}/test/pigeon").status_code == 422


def test_without_a_file_it_says_so(site: Site) -> None:
    assert site.client(Role.ADMIN).get(PATH).status_code == 409


@pytest.mark.timeout(120)
@seats("light", "dark")
def test_an_admin_sets_it_up_and_sends_a_test(
    filed: Site, path: Path, browser: Browser, tmp_path: Path, receiver: Receiver, seat: Seat
) -> None:
    furnish_users(filed.services)
    with served(filed.app) as address, seated(browser, seat, address, tmp_path) as person:
        page, t = person.page, person.t
        person.goes_to("/settings/notifications")
        person.logs_in("anna")
        page.wait_for_url("**/settings/notifications")
        page.get_by_label(t("notifications.webhook_url")).fill(receiver.url)
        page.get_by_label(t("notifications.language")).select_option("한국어")
        page.keyboard.press("Enter")
        expect(page.get_by_text(t("notifications.saved"))).to_be_visible()
        person.presses("notifications.test_webhook")
        said = page.locator("[data-tested=webhook]")
        expect(said).to_have_text(t("notifications.arrived"))
        receiver.refuse = 1
        person.presses("notifications.test_webhook")
        told = t("notifications.not_arrived", error="the webhook answered 503, not 2xx")
        expect(said).to_have_text(told)
        person.looks("notifications")
        kept = load_config(path).notifications
        assert (kept.webhook_url, kept.language) == (receiver.url, "ko")
        assert len(receiver.taken) == 1
