from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from fastapi.testclient import TestClient
from httpx import Response
from playwright.sync_api import Browser, expect

from gotcha.config import parse_config
from gotcha.web_wiring import opened_services
from storage.account_values import Role
from storage.devices import DeviceSettings
from tests.web.conftest import Site
from tests.web.person import Seat, seated, seats
from tests.web.served import furnish_users, served
from web.app import create_app

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def device_site(tmp_path: Path, redis_url: str, clock: Clock) -> Iterator[Site]:
    cameras = (
        "  lane: {kind: device, interval_s: 60}\n"
        '  yard: {kind: stills, url: "http://127.0.0.1:1/y.jpg", interval_s: 1}\n'
    )
    config = parse_config(f"state_dir: {tmp_path}\ncameras:\n{cameras}", environment={})
    with opened_services(config, redis_url, clock) as services:
        yield Site(services=services, app=create_app(services))


def jpeg(seed: int = 1) -> bytes:
    image = np.random.default_rng(seed).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    return bytes(cv2.imencode(".jpg", image)[1])


def made(site: Site, name: str = "lane-cam") -> dict[str, str]:
    answer = site.client(Role.ADMIN).post("/devices", json={"id": name, "camera": "lane"})
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def send(site: Site, login: dict[str, str], body: bytes, **headers: str) -> Response:
    client: TestClient = site.client()
    answer: Response = client.post("/devices/lane-cam/frames", content=body, headers=login | headers)
    return answer


def test_a_frame_is_kept_before_the_answer_which_says_what_to_do_next(device_site: Site) -> None:
    login = made(device_site)
    answer = send(device_site, login, jpeg(), **{"X-Battery-V": "3.91", "X-Signal-Dbm": "-67"})
    assert answer.status_code == 200
    said = answer.json()
    assert (said["sleep_s"], said["framesize"], said["quality"], said["known"]) == (60, "SVGA", 12, False)
    (waiting,) = device_site.services.devices.devices.waiting("lane", after=None)
    assert waiting.jpeg == jpeg()
    (shown,) = device_site.client(Role.VIEWER).get("/devices").json()
    assert (shown["battery_v"], shown["signal_dbm"], shown["frames"]) == (3.91, -67, 1)
    page = device_site.client(Role.ADMIN).get("/settings", headers={"accept": "text/html"}).text
    assert "3.91 V" in page
    assert "-67 dBm" in page


def test_a_header_that_makes_no_sense_costs_no_picture(device_site: Site) -> None:
    login = made(device_site)
    said = {"X-Battery-V": "unknown", "X-Signal-Dbm": "nan", "X-Taken-At": "unknown"}
    assert send(device_site, login, jpeg(), **said).status_code == 200
    (shown,) = device_site.client(Role.VIEWER).get("/devices").json()
    assert (shown["battery_v"], shown["signal_dbm"]) == (None, None)


def test_a_frame_sent_again_counts_once(device_site: Site) -> None:
    login = made(device_site)
    known = [send(device_site, login, jpeg()).json()["known"] for _ in range(3)]
    assert known == [False, True, True]
    store = device_site.services.devices.devices
    assert len(store.waiting("lane", after=None)) == 1
    store.judged("lane", NOW, seen={1}, at=NOW)
    assert send(device_site, login, jpeg()).json()["known"]
    assert store.waiting("lane", after=None) == ()


def test_settings_reach_the_device_with_its_next_frame(device_site: Site) -> None:
    login = made(device_site)
    changed = device_site.client(Role.ADMIN).put(
        "/devices/lane-cam/settings", json={"sleep_s": 20, "framesize": "UXGA"}
    )
    assert changed.status_code == 200
    said = send(device_site, login, jpeg()).json()
    assert (said["sleep_s"], said["framesize"], said["quality"]) == (20, "UXGA", 12)


def test_a_setting_that_is_none_takes_back_no_other(device_site: Site) -> None:
    """A misspelt sleep_s answered 200, and the device slept as its camera says again."""
    made(device_site)
    admin = device_site.client(Role.ADMIN)
    admin.put("/devices/lane-cam/settings", json={"sleep_s": 20})
    refused = admin.put("/devices/lane-cam/settings", json={"slep_s": 30})
    assert (refused.status_code, "slep_s" in refused.json()["detail"]) == (422, True)
    (device,) = admin.get("/devices").json()
    assert device["sleep_s"] == 20


def test_frames_are_dated_by_the_device_unless_its_clock_is_off(device_site: Site) -> None:
    login = made(device_site)
    early = NOW - timedelta(minutes=9)
    for number, (said, expected) in enumerate(
        (
            (early.isoformat(), early),
            (str(early.timestamp()), early),
            ("1970-01-01T00:00:12+00:00", NOW),
            ((NOW - timedelta(hours=3)).isoformat(), NOW),
            ((NOW + timedelta(hours=2)).isoformat(), NOW),
            ("12:30", NOW),
        )
    ):
        answer = send(device_site, login, jpeg(number), **{"X-Taken-At": said})
        assert datetime.fromisoformat(answer.json()["taken_at"]) == expected


@pytest.mark.parametrize("off", [timedelta(hours=9), timedelta(days=-2000), timedelta(seconds=2)])
def test_a_wrong_clock_dates_no_frame_when_it_says_what_it_shows(device_site: Site, off: timedelta) -> None:
    """A picture that waited two hours for its network is two hours old, whatever the clock shows."""
    login = made(device_site)
    shows = NOW + off
    taken = {"X-Taken-At": (shows - timedelta(hours=2)).isoformat(), "X-Sent-At": shows.isoformat()}
    answer = send(device_site, login, jpeg(), **taken).json()
    assert datetime.fromisoformat(answer["taken_at"]) == NOW - timedelta(hours=2)
    assert answer["dated_by"] == "device"
    (shown,) = device_site.client(Role.VIEWER).get("/devices").json()
    assert shown["clock_off_s"] == off.total_seconds()
    assert any("clock" in one for one in shown["troubles"]) is (abs(off) > timedelta(minutes=1))


@pytest.mark.parametrize("age", [timedelta(seconds=-5), timedelta(days=4)])
def test_a_frame_of_no_believable_age_is_dated_by_its_arrival(device_site: Site, age: timedelta) -> None:
    login = made(device_site)
    said = {"X-Taken-At": (NOW - age).isoformat(), "X-Sent-At": NOW.isoformat()}
    answer = send(device_site, login, jpeg(), **said).json()
    assert (datetime.fromisoformat(answer["taken_at"]), answer["dated_by"]) == (NOW, "arrival")


def test_frames_that_nobody_judges_are_bounded_and_the_operator_hears_of_it(
    device_site: Site, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.device_store.MOST_WAITING", 3)
    login = made(device_site)
    for number in range(5):
        clock.now = NOW + timedelta(minutes=number)
        assert send(device_site, login, jpeg(number)).status_code == 200
    store = device_site.services.devices.devices
    assert [one.jpeg for one in store.waiting("lane", after=None)] == [jpeg(2), jpeg(3), jpeg(4)]
    assert send(device_site, login, jpeg(0)).json()["known"]
    clock.now = NOW + timedelta(minutes=9)
    (shown,) = device_site.client(Role.VIEWER).get("/devices").json()
    assert (shown["waiting"], shown["dropped"]) == (3, 2)
    assert any("nobody watches" in one for one in shown["troubles"])
    assert any("2 frames went unjudged" in one for one in shown["troubles"])
    # Somebody watches again: the trouble is over, on the dashboard and in `gotcha device list`.
    (first, *_) = store.waiting("lane", after=None)
    store.judged("lane", first.taken_at, seen={first.number}, at=clock.now)
    (shown,) = device_site.client(Role.VIEWER).get("/devices").json()
    assert (shown["waiting"], shown["dropped"]) == (2, 2)
    assert not any("went unjudged" in one for one in shown["troubles"])
    page = device_site.client(Role.ADMIN).get("/settings", headers={"accept": "text/html"}).text
    assert "lane-cam" in page
    assert "went unjudged" not in page
    assert store.purge(at=clock.now) == 0
    assert store.purge(at=clock.now + timedelta(days=3, minutes=1)) == 2
    (shown,) = device_site.client(Role.VIEWER).get("/devices").json()
    assert any("2 frames went unjudged" in one for one in shown["troubles"])
    page = device_site.client(Role.ADMIN).get("/settings", headers={"accept": "text/html"}).text
    assert "2 frames went unjudged" in page
    assert store.waiting("lane", after=None) == ()


def test_a_frame_that_comes_after_newer_ones_were_judged_is_counted(device_site: Site, clock: Clock) -> None:
    login = made(device_site)
    store = device_site.services.devices.devices
    send(device_site, login, jpeg(1))
    (seen,) = store.waiting("lane", after=None)
    old = {"X-Taken-At": (NOW - timedelta(minutes=3)).isoformat()}
    send(device_site, login, jpeg(2), **old)
    assert store.judged("lane", NOW, seen={seen.number}, at=NOW) == 1
    # After a restart of the watch too: it does not go back.
    send(device_site, login, jpeg(3), **old)
    assert store.waiting("lane", after=None) == ()
    clock.now = NOW + timedelta(minutes=1)
    send(device_site, login, jpeg(4))
    (newest,) = store.waiting("lane", after=None)
    assert store.judged("lane", clock.now, seen={newest.number}, at=clock.now) == 1
    (shown,) = device_site.client(Role.VIEWER).get("/devices").json()
    assert shown["late_frames"] == 2
    (sentence,) = (one for one in shown["troubles"] if "2 frames came when newer ones" in one)
    assert sentence.endswith("passed over; the last 0 min ago")
    clock.now += timedelta(hours=23)
    (shown,) = device_site.client(Role.VIEWER).get("/devices").json()
    assert any("the last 23 h ago" in one for one in shown["troubles"])
    clock.now += timedelta(hours=2)
    (shown,) = device_site.client(Role.VIEWER).get("/devices").json()
    assert (shown["late_frames"], [one for one in shown["troubles"] if "newer ones" in one]) == (2, [])
    assert store.pending() == {}


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 422), (b"not a picture", 422), (jpeg()[:-30], 422), (b"\xff\xd8" + b"0" * 5_000_000, 413)],
)
def test_what_is_no_whole_jpeg_leaves_nothing_behind(device_site: Site, body: bytes, status: int) -> None:
    login = made(device_site)
    answer = send(device_site, login, body)
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert device_site.services.devices.devices.waiting("lane", after=None) == ()


def test_a_wrong_or_revoked_token_is_refused(device_site: Site) -> None:
    login = made(device_site)
    other = made(device_site, "other-cam")
    assert send(device_site, other, jpeg()).status_code == 401
    assert send(device_site, {}, jpeg()).status_code == 401
    assert device_site.client(Role.ADMIN).delete("/devices/lane-cam").status_code == 204
    assert send(device_site, login, jpeg()).status_code == 401
    again = made(device_site)
    assert send(device_site, login, jpeg()).status_code == 401
    assert send(device_site, again, jpeg()).status_code == 200


def test_a_device_that_stays_away_is_late(device_site: Site, clock: Clock) -> None:
    send(device_site, made(device_site), jpeg())
    clock.now = NOW + timedelta(seconds=149)
    assert not device_site.client(Role.VIEWER).get("/devices").json()[0]["late"]
    clock.now = NOW + timedelta(seconds=151)
    assert device_site.client(Role.VIEWER).get("/devices").json()[0]["late"]


def test_only_administrators_make_devices_and_only_for_cameras_that_sleep(device_site: Site) -> None:
    wanted = {"id": "x", "camera": "lane"}
    assert device_site.client(Role.OPERATOR).post("/devices", json=wanted).status_code == 403
    yard = device_site.client(Role.ADMIN).post("/devices", json={"id": "x", "camera": "yard"})
    assert yard.status_code == 422
    assert device_site.client(Role.VIEWER, frozenset({"yard"})).get("/devices").json() == []


@pytest.mark.timeout(120)
@seats("dark", "light")
def test_an_admin_tells_a_device_what_to_do_and_takes_it_back(
    device_site: Site, clock: Clock, browser: Browser, tmp_path: Path, seat: Seat
) -> None:
    furnish_users(device_site.services)
    # A login from before its user was made is none.
    clock.now = datetime.now(UTC)
    devices = device_site.services.devices.devices
    token = devices.add("lane-cam", "lane", at=NOW)

    def set_now() -> DeviceSettings | None:
        device = devices.get("lane-cam")
        return None if device is None else device.settings

    with served(device_site.app) as address, seated(browser, seat, address, tmp_path) as person:
        page, t = person.page, person.t
        person.goes_to("/settings")
        person.logs_in("anna")
        page.wait_for_url("**/settings")
        row = page.locator("tr", has_text="lane-cam")
        row.locator("summary").click()
        row.get_by_label(t("settings.sleep")).fill("20")
        row.get_by_label(t("cameras.framesize")).select_option("HD")
        person.looks("device-settings")
        row.get_by_role("button", name=t("settings.save")).click()
        expect(row.locator("details")).not_to_have_attribute("open", "")
        assert set_now() == DeviceSettings(sleep_s=20, framesize="HD")

        row.locator("summary").click()
        expect(row.get_by_label(t("settings.sleep"))).to_have_value("20")
        row.get_by_label(t("settings.sleep")).fill("")
        row.get_by_label(t("cameras.framesize")).select_option("")
        row.get_by_role("button", name=t("settings.save")).click()
        expect(row.locator("details")).not_to_have_attribute("open", "")
    assert set_now() == DeviceSettings()
    said = send(device_site, {"Authorization": f"Bearer {token}"}, jpeg()).json()
    assert (said["sleep_s"], said["framesize"]) == (60, "SVGA")
