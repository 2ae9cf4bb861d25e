"""Cameras set up on the dashboard: the API on a real configuration file, tried on real cameras."""

from __future__ import annotations

import base64
import json
import logging
import socket
import stat
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from gotcha.config import load_config
from gotcha.config_file import ConfigFile
from pipeline.errors import ConfigChangedError, ConfigError
from simulator.esp32_server import Esp32Server
from simulator.rtsp_server import RtspServer
from storage.account_values import Role
from tests.sources.media import write_video
from tests.web.browser import PAGE
from tests.web.conftest import Site
from tests.web.person import Seat, seated, seats
from tests.web.served import furnish_users, served
from tests.web.stills import StillsServer, grey

TEXT = """\
state_dir: state   # beside this file
cameras:

  # at the corner
  gate:
    kind: rtsp
    url: rtsp://viewer:${GOTCHA_TEST_GATE}@127.0.0.1:1/main   # the recorder
    stall_s: 20
    zones:
      - {name: all, kind: no_parking, polygon: [[0, 0], [1, 0], [1, 1]]}

  # the yard's
  yard:
    kind: esp32cam
    url: http://127.0.0.1:1
    quality: 12   # sharp enough
"""
OTHER = "url: http://viewer:${SHARED}@127.0.0.1:1/a.jpg\n"
SECRET = "hu$nter/2 비밀"
LOT = {
    "name": "lot",
    "kind": "stills",
    "address": "http://192.168.0.9/a.jpg",
    "user": "max",
    "password": SECRET,
    "settings": {"interval_s": 2, "region": "NO", "location": {"latitude": 37.5, "longitude": 127}},
}


@pytest.fixture
def config_text(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("GOTCHA_TEST_GATE", "from outside")
    return TEXT


@pytest.fixture
def client(filed: Site) -> httpx.Client:
    return filed.client(Role.ADMIN)


def sent(client: httpx.Client, method: str, path: str, **body: Any) -> httpx.Response:
    revision = client.get("/api/cameras").json()["revision"]
    return client.request(method, path, json={"revision": revision, **body})


def test_cameras_are_added_changed_removed_and_all_of_it_taken_back(
    filed: Site, client: httpx.Client, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    texts = [path.read_text(encoding="utf-8")]
    added = sent(client, "POST", "/api/cameras", camera=LOT)
    assert added.status_code == 201, added.text
    texts.append(path.read_text(encoding="utf-8"))
    assert texts[1].startswith(TEXT.rstrip("\n"))
    assert "url: http://max:${LOT_PASSWORD}@192.168.0.9/a.jpg" in texts[1]
    assert filed.services.settings.cameras == ("gate", "yard", "lot")
    # On the maps of reports without a restart.
    assert filed.services.settings.positions["lot"].longitude == 127
    camera = load_config(path).camera("lot")
    assert (camera.kind, camera.region) == ("stills", "NO")
    assert camera.kind == "stills"
    assert httpx.URL(camera.url.reveal()).password == SECRET

    moved = {**LOT, "address": "http://192.168.0.9/b.jpg", "password": None}
    assert sent(client, "PUT", "/api/cameras/lot", camera=moved).status_code == 200
    texts.append(path.read_text(encoding="utf-8"))
    assert texts[2] == texts[1].replace("a.jpg", "b.jpg")
    removed = sent(client, "DELETE", "/api/cameras/gate")
    assert (removed.status_code, removed.json()["undoes"]) == (200, True)
    texts.append(path.read_text(encoding="utf-8"))
    assert "gate" not in texts[3]
    assert "at the corner" not in texts[3]
    assert "# the yard's" in texts[3]
    for text in reversed(texts[:3]):
        assert sent(client, "POST", "/api/cameras/undo").status_code == 200
        assert path.read_text(encoding="utf-8") == text
    assert sent(client, "POST", "/api/cameras/undo").status_code == 409
    assert SECRET not in caplog.text


def test_a_password_is_kept_apart_for_its_owner_alone_and_never_shown(
    client: httpx.Client, path: Path
) -> None:
    answers = [sent(client, "POST", "/api/cameras", camera=LOT)]
    passwords = path.with_suffix(".passwords.json")
    assert stat.S_IMODE(passwords.stat().st_mode) == 0o600
    answers.append(client.get("/api/cameras"))
    answers.append(client.get("/settings/cameras", headers=PAGE))
    assert [answer.status_code for answer in answers] == [201, 200, 200]
    assert all(SECRET not in answer.text for answer in answers)
    shown = {one["name"]: one for one in answers[1].json()["cameras"]}
    assert (shown["lot"]["password"], shown["lot"]["user"]) == ("file", "max")
    assert shown["lot"]["address"] == "http://192.168.0.9/a.jpg"
    assert shown["gate"]["password"] == "environment"
    assert shown["gate"]["address"] == "rtsp://127.0.0.1:1/main"
    sent(client, "DELETE", "/api/cameras/lot")
    assert SECRET not in passwords.read_text(encoding="utf-8")


def test_a_kept_password_is_sent_nowhere_else(client: httpx.Client, path: Path) -> None:
    before = path.read_text(encoding="utf-8")
    gate = {"name": "gate", "kind": "rtsp", "address": "rtsp://evil.example/main", "user": "viewer"}
    for method, where in (("PUT", "/api/cameras/gate"), ("POST", "/api/camera-trials")):
        body = gate if where.endswith("trials") else {"camera": gate}
        answer = client.post(where, json=body) if method == "POST" else sent(client, method, where, **body)
        assert (answer.status_code, "another host" in answer.json()["detail"]) == (422, True)
    leak = {**gate, "address": "rtsp://evil.example/${GOTCHA_TEST_GATE}", "user": ""}
    answer = sent(client, "PUT", "/api/cameras/gate", camera=leak)
    assert (answer.status_code, "variable" in answer.json()["detail"]) == (422, True)
    assert path.read_text(encoding="utf-8") == before
    new = {**gate, "password": "another"}
    assert sent(client, "PUT", "/api/cameras/gate", camera=new).status_code == 200
    text = path.read_text(encoding="utf-8")
    assert "rtsp://viewer:${GATE_PASSWORD}@evil.example/main   # the recorder" in text
    assert "stall_s: 20" in text


def test_a_change_that_cannot_be_written_leaves_the_passwords(
    client: httpx.Client, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords = path.with_suffix(".passwords.json")
    sent(client, "POST", "/api/cameras", camera=LOT)
    kept = passwords.read_text()

    def full(_file: ConfigFile, _data: bytes) -> None:
        raise ConfigError("config.yaml cannot be written (No space left on device)")

    with monkeypatch.context() as patched:
        patched.setattr(ConfigFile, "_put", full)
        for way in ("/api/cameras/undo", "/api/cameras/lot"):
            method = "POST" if way.endswith("undo") else "DELETE"
            assert sent(client, method, way).status_code == 422
            assert passwords.read_text() == kept

    def overtaken(_file: ConfigFile, _edit: object, _revision: str) -> str:
        # Another program changes a camera between the question and the change.
        passwords.write_text(json.dumps({"LOT_PASSWORD": "of another"}))
        raise ConfigChangedError("config.yaml was changed meanwhile")

    monkeypatch.setattr(ConfigFile, "change", overtaken)
    assert sent(client, "DELETE", "/api/cameras/lot").status_code == 409
    assert json.loads(passwords.read_text()) == {"LOT_PASSWORD": "of another"}


@pytest.mark.parametrize("parameter", ["password", "pw", "user_password", "access_token", "loginpas"])
def test_a_password_within_an_address_is_kept_apart_too(
    client: httpx.Client, path: Path, parameter: str
) -> None:
    address = f"http://192.168.0.9/snap.cgi?user=max&{parameter}=hunter%202&x=1"
    camera = {**LOT, "user": "", "password": None, "address": address}
    assert sent(client, "POST", "/api/cameras", camera=camera).status_code == 201
    text = path.read_text(encoding="utf-8")
    assert f"snap.cgi?user=max&{parameter}=${{LOT_PASSWORD}}&x=1" in text
    assert "hunter" not in text + client.get("/api/cameras").text
    assert json.loads(path.with_suffix(".passwords.json").read_text()) == {"LOT_PASSWORD": "hunter 2"}
    # Another one takes its place.
    shown = {**camera, "address": client.get("/api/cameras").json()["cameras"][-1]["address"]}
    assert sent(client, "PUT", "/api/cameras/lot", camera={**shown, "password": "new"}).status_code == 200
    assert path.read_text(encoding="utf-8") == text
    assert json.loads(path.with_suffix(".passwords.json").read_text()) == {"LOT_PASSWORD": "new"}


def test_a_password_that_two_cameras_share_is_changed_for_one(client: httpx.Client, path: Path) -> None:
    shared = TEXT.replace("GOTCHA_TEST_GATE", "SHARED").replace("url: http://127.0.0.1:1\n", OTHER)
    path.write_text(shared.replace("kind: esp32cam", "kind: stills").replace("quality: 12", "interval_s: 1"))
    path.with_suffix(".passwords.json").write_text(json.dumps({"SHARED": "for both"}))
    gate = {"name": "gate", "kind": "rtsp", "address": "rtsp://127.0.0.1:1/main", "user": "viewer"}
    answer = sent(client, "PUT", "/api/cameras/gate", camera={**gate, "password": "for one"})
    assert answer.status_code == 200, answer.text
    kept = json.loads(path.with_suffix(".passwords.json").read_text())
    assert kept == {"SHARED": "for both", "GATE_PASSWORD": "for one"}
    assert "viewer:${GATE_PASSWORD}@" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "gate"}, "there is a camera"),
        ({"name": "a b"}, "name"),
        ({"kind": "file"}, "kind"),
        ({"address": "file:///etc/passwd"}, "expected an address that begins with http://"),
        ({"address": "rtsp://192.168.0.9/a"}, "expected an address that begins with http://"),
        ({"address": None}, "url: this key is missing"),
        ({"address": "http://x:${HOME}@h/"}, "variable"),
        ({"settings": {"interval_s": 60}}, "interval_s: expected seconds of at most 2"),
        ({"settings": {"quality": 10}}, "has no quality"),
        ({"settings": {"time_zone": "Seoul"}}, "did you mean 'Asia/Seoul'"),
        ({"settings": {"device": "/etc/passwd"}}, "device"),
        ({"password": None}, "has no password yet"),
        ({"user": ""}, "together with a user"),
        ({"address": "http://max:other@192.168.0.9/a.jpg"}, "more than one password"),
        ({"address": "http://192.168.0.9/a.jpg?token=another"}, "more than one password"),
        ({"address": "http://192.168.0.9/?pwd=a&token=b", "user": "", "password": None}, "more than one"),
    ],
)
def test_a_wrong_camera_is_refused_in_a_sentence(
    client: httpx.Client, path: Path, changes: dict[str, Any], sentence: str
) -> None:
    answer = sent(client, "POST", "/api/cameras", camera={**LOT, **changes})
    assert (answer.status_code, answer.status_code and sentence in answer.json()["detail"]) == (422, True), (
        answer.text
    )
    assert SECRET not in answer.text
    assert path.read_text(encoding="utf-8") == TEXT
    assert not path.with_suffix(".passwords.json").exists()


def test_a_change_for_another_revision_writes_nothing(client: httpx.Client, path: Path) -> None:
    answer = client.post("/api/cameras", json={"revision": "old", "camera": LOT})
    assert (answer.status_code, path.read_text(encoding="utf-8")) == (409, TEXT)
    assert sent(client, "DELETE", "/api/cameras/none").status_code == 404
    assert sent(client, "PUT", "/api/cameras/none", camera={**LOT, "name": "none"}).status_code == 404
    assert sent(client, "PUT", "/api/cameras/gate", camera=LOT).status_code == 422


def test_what_cameras_share_by_a_merge_key_is_overridden_or_refused(client: httpx.Client, path: Path) -> None:
    body = {"name": "yard", "kind": "stills", "address": "http://h/b.jpg"}
    path.write_text(
        "cameras:\n  gate: &gate\n    kind: stills\n    url: http://h/g.jpg\n    interval_s: 1\n"
        "  yard:\n    <<: *gate\n    url: http://h/a.jpg\n",
        encoding="utf-8",
    )
    before = path.read_text(encoding="utf-8")
    gone = sent(client, "PUT", "/api/cameras/yard", camera=body)
    assert (gone.status_code, "by `<<`" in gone.json()["detail"]) == (422, True)
    assert path.read_text(encoding="utf-8") == before
    slower = {**body, "settings": {"interval_s": 2}}
    assert sent(client, "PUT", "/api/cameras/yard", camera=slower).status_code == 200
    assert path.read_text(encoding="utf-8").endswith("    url: http://h/b.jpg\n    interval_s: 2\n")


def test_an_esp32s_size_and_quality_are_changed_where_they_stand(client: httpx.Client, path: Path) -> None:
    yard = {"name": "yard", "kind": "esp32cam", "address": "http://127.0.0.1:1"}
    body = {**yard, "settings": {"framesize": "HD", "quality": 9}}
    assert sent(client, "PUT", "/api/cameras/yard", camera=body).status_code == 200
    text = path.read_text(encoding="utf-8")
    assert text == TEXT.replace("quality: 12 ", "framesize: HD\n    quality: 9 ")
    assert sent(client, "PUT", "/api/cameras/yard", camera=yard).status_code == 200
    assert "quality" not in path.read_text(encoding="utf-8")


@pytest.mark.timeout(120)
def test_a_trial_shows_what_an_esp32_sends(client: httpx.Client, path: Path) -> None:
    with Esp32Server(lambda _at_s, size: grey(size)) as camera:
        body = {
            "name": "new",
            "kind": "esp32cam",
            "address": camera.base_url,
            "settings": {"framesize": "VGA", "quality": 20, "stream_port": camera.stream_port},
        }
        found = client.post("/api/camera-trials", json=body).json()
        size, quality = camera.settings
    assert (found["problem"], found["width"], found["height"]) == ("", 640, 480)
    assert found["rate"] == pytest.approx(10, abs=4)
    assert base64.b64decode(found["picture"]).startswith(b"\xff\xd8")
    assert "640x480 as set" in " ".join(found["notes"])
    assert (size.width, quality) == (640, 20)
    assert path.read_text(encoding="utf-8") == TEXT


@pytest.mark.timeout(120)
def test_a_trial_says_how_often_keyframes_come_and_what_a_login_is_refused(
    client: httpx.Client, tmp_path: Path
) -> None:
    write_video(tmp_path / "street.mp4", frames=100, fps=10, keyframe_every=10)
    with RtspServer(tmp_path / "street.mp4", user="viewer", password="street") as camera:
        body = {"name": "new", "kind": "rtsp", "address": camera.url, "user": "viewer", "password": "street"}
        good = client.post("/api/camera-trials", json=body).json()
        wrong = client.post("/api/camera-trials", json={**body, "password": SECRET})
    assert (good["problem"], good["rate"], good["keyframe_s"]) == ("", 10, pytest.approx(1.0, abs=0.2))
    assert good["picture"]
    assert (wrong.json()["fault"], SECRET in wrong.text) == ("login", False)


@pytest.mark.timeout(120)
def test_a_trial_says_in_a_word_what_is_wrong(client: httpx.Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, StillsServer() as server:
        closed = listener.getsockname()[1]
        listener.close()
        for address, fault in (
            (f"http://127.0.0.1:{closed}/a.jpg", "no_answer"),
            (f"{server.url}/none.jpg", "not_found"),
            (f"{server.url}/page.html", "not_a_picture"),
            ("http://nobody.invalid/a.jpg", "no_name"),
        ):
            body = {"name": "new", "kind": "stills", "address": address}
            found = client.post("/api/camera-trials", json=body).json()
            assert (found["fault"], found["picture"]) == (fault, None), found
            assert found["problem"]


@pytest.mark.timeout(120)
@seats("dark", "light")
def test_a_camera_is_changed_removed_and_brought_back_by_hand(
    filed: Site, browser: Browser, path: Path, tmp_path: Path, seat: Seat
) -> None:
    furnish_users(filed.services)
    with served(filed.app) as address, seated(browser, seat, address, tmp_path) as person:
        page, t = person.page, person.t
        person.goes_to("/settings/cameras")
        person.logs_in("anna")
        page.wait_for_url("**/settings/cameras")
        yard = page.locator("[data-camera=yard]")
        yard.get_by_role("button", name=t("settings.change")).click()
        form = page.locator("[data-form]")
        expect(form.locator("[name=name]")).to_be_disabled()
        expect(form.locator("[name=quality]")).to_have_value("12")
        form.locator("[name=framesize]").select_option("XGA")
        form.locator("[name=quality]").fill("15")
        page.keyboard.press("Enter")
        expect(page.locator("[data-done]")).to_have_text(t("cameras.saved"))
        assert "framesize: XGA\n    quality: 15   # sharp enough" in path.read_text(encoding="utf-8")

        gate = page.locator("[data-camera=gate]")
        gate.get_by_role("button", name=t("settings.change")).click()
        form.locator("[name=address]").fill("rtsp://evil.example/main")
        person.looks("camera-changed")
        page.get_by_role("button", name=t("settings.save"), exact=True).click()
        expect(form.get_by_role("alert")).to_contain_text("another host")
        person.presses("cameras.cancel")
        # Asked first: by keyboard no, then yes.
        for answer, left in (("no", 1), ("yes", 0)):
            gate.get_by_role("button", name=t("cameras.remove")).click()
            expect(page.get_by_role("dialog")).to_be_visible()
            person.looks("camera-removed")
            page.locator(f"dialog [value={answer}]").press("Enter")
            expect(page.get_by_role("dialog")).to_be_hidden()
            expect(gate).to_have_count(left)
        person.presses("cameras.undo")
        expect(gate).to_have_count(1)
        person.errors[:] = [error for error in person.errors if "422" not in error]
    assert "# at the corner" in path.read_text(encoding="utf-8")
