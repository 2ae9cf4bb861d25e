"""From no camera to an exported report in a real browser: the whole program, an ESP32-CAM, one vehicle.

The camera is added and its zone is drawn on the pages; the program runs all the while.
"""

from __future__ import annotations

import logging
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from gotcha.config import load_config, parse_config
from gotcha.models import Models
from gotcha.runtime import Runtime
from gotcha.web_wiring import opened_services
from jobs.camera_status import StatusBoard
from pipeline.geometry import Size
from pipeline.picture import Image
from simulator.esp32_server import Esp32Server
from simulator.scene import Scene
from storage.account_values import Role
from storage.report_query import ReportQuery
from tests.gotcha.street import Parker, street
from tests.jobs.conftest import wait_for
from tests.web.conftest import Site
from tests.web.person import Person, Seat, seated, seats
from tests.web.served import furnish_users, served
from web.app import create_app

_FPS, _PARKS_S, _LENGTH_S = 5.0, 4.0, 12.0


@dataclass(slots=True)
class Sensor:
    """What the camera sees: an empty street until the vehicle is let in, which then stays."""

    frames: list[Image]
    arrived_s: float | None = None
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(1))

    def let_in(self) -> None:
        self.arrived_s = monotonic()

    def frame_at(self, _at_s: float, size: Size) -> Image:
        number = 0 if self.arrived_s is None else int((monotonic() - self.arrived_s) * _FPS)
        image = cv2.resize(self.frames[min(number, len(self.frames) - 1)], (size.width, size.height))
        noise = self.rng.integers(-3, 4, image.shape, dtype=np.int16)
        return np.asarray(np.clip(image + noise, 0, 255), dtype=np.uint8)


@pytest.fixture(scope="module")
def scene() -> Scene:
    parker = Parker(side="right", from_s=_PARKS_S, to_s=_LENGTH_S + 60)
    return street(length_s=_LENGTH_S + 60, parkers=(parker,), fps=_FPS)


@pytest.fixture(scope="module")
def frames(scene: Scene) -> list[Image]:
    return [scene.frame(number / _FPS) for number in range(int(_LENGTH_S * _FPS))]


@pytest.fixture(scope="module")
def models() -> Models:
    return Models(parse_config("detector: {backend: onnx}", environment={}))


@dataclass(frozen=True, slots=True)
class Running:
    site: Site
    path: Path
    sensor: Sensor
    camera: Esp32Server


@pytest.fixture
def running(frames: list[Image], models: Models, tmp_path: Path, redis_url: str) -> Iterator[Running]:
    """The program with its workers and no camera yet, the dashboard beside it, and a camera in the street."""
    sensor = Sensor(frames)
    with Esp32Server(sensor.frame_at, fps=_FPS) as camera:
        path = tmp_path / "config.yaml"
        path.write_text(
            f"""\
state_dir: state
queue: {{url: '{redis_url}', share_cameras: false}}  # the house's
web: {{enabled: false}}
detector: {{backend: onnx}}
evidence: {{clip_before_s: 1, clip_after_s: 1}}
""",
            encoding="utf-8",
        )
        config, stop = load_config(path), threading.Event()
        with opened_services(config, redis_url) as services, ThreadPoolExecutor(1) as pool:
            services.redis.flushdb()
            running = pool.submit(Runtime(config, models=models).run_with_worker, stop)
            try:
                yield Running(Site(services=services, app=create_app(services)), path, sensor, camera)
            finally:
                stop.set()
                running.result(30)


@pytest.mark.timeout(240)
@seats("light", "dark")
def test_from_no_camera_to_an_exported_report(
    running: Running,
    scene: Scene,
    browser: Browser,
    tmp_path: Path,
    seat: Seat,
) -> None:
    site = running.site
    furnish_users(site.services)
    with served(site.app) as address, seated(browser, seat, address, tmp_path, journey="journey-") as person:
        person.goes_to("/settings/cameras")
        person.logs_in("anna")
        person.page.wait_for_url("**/settings/cameras")
        _adds_the_camera(person, running)
        _draws_a_zone(person)
        _sees_its_clock_run(person, running.sensor)
        _receives_the_report(person)
        _decides_and_exports(person, tmp_path)
        person.page.locator("details.account summary").click()
        person.presses("frame.log_out")
        person.page.wait_for_url("**/login*")
    (truth,) = scene.truth().stationary
    (listed,) = site.services.report_pages.page(ReportQuery()).reports
    assert (listed.plate_text, listed.zone) == (truth.plate, person.t("zones.new_name", number=1))


def _adds_the_camera(person: Person, running: Running) -> None:
    page, t, camera = person.page, person.t, running.camera
    expect(page.get_by_text(t("cameras.none"))).to_be_visible()
    person.looks("no-camera")
    person.presses("cameras.add")
    form = page.locator("[data-form]")
    form.get_by_label(t("settings.name"), exact=True).fill("yard")
    form.locator("[name=kind]").select_option("esp32cam")
    form.get_by_label(t("cameras.address"), exact=True).fill(camera.base_url)
    form.get_by_label(t("cameras.stream_port")).fill(str(camera.stream_port))
    form.locator("[name=framesize]").select_option("HD")
    person.presses("cameras.try")
    expect(page.get_by_alt_text(t("cameras.first_picture", camera="yard"))).to_be_visible(timeout=60_000)
    expect(page.locator("[data-trial-said]")).to_contain_text(t("cameras.size", width=1280, height=720))
    person.looks("camera-tried")
    page.get_by_role("button", name=t("settings.save"), exact=True).click()
    expect(page.locator("[data-done]")).to_have_text(t("cameras.saved"))
    person.keeps("camera-added")
    text = running.path.read_text(encoding="utf-8")
    assert "# the house's" in text
    assert "framesize: HD" in text


def _draws_a_zone(person: Person) -> None:
    page, t = person.page, person.t
    page.locator("[data-camera=yard]").get_by_role("link", name=t("nav.zones")).click()
    page.wait_for_url("**/zones/yard")
    # The program has opened the camera by itself.
    expect(page.locator("[data-picture]")).to_be_visible(timeout=60_000)
    person.presses("zones.draw")
    box = page.locator("[data-canvas]").bounding_box()
    assert box is not None
    for x, y in ((0.02, 0.05), (0.98, 0.05), (0.98, 0.98), (0.02, 0.98), (0.02, 0.05)):
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.get_by_label(t("zones.dwell")).fill("6")
    page.get_by_label(t("zones.photo_gap")).fill("4")
    page.keyboard.press("Tab")
    person.keeps("zone")
    page.get_by_role("button", name=t("zones.save"), exact=True).click()
    expect(page.locator("[data-status]")).to_have_text(t("zones.saved"))


def _sees_its_clock_run(person: Person, sensor: Sensor) -> None:
    page = person.page
    person.goes_to("/live/yard")
    expect(page.locator(".live img")).to_be_visible(timeout=60_000)
    sensor.let_in()
    page.locator("[data-clocks] time").first.wait_for(timeout=60_000)
    began_s = _clock_s(page)
    page.wait_for_function(
        "began => Number(document.querySelector('[data-clocks] time')?.dataset.stood) >= began + 2",
        arg=began_s,
        timeout=60_000,
    )
    assert _clock_s(page) >= int(began_s) + 2
    person.keeps("live")


def _clock_s(page: Page) -> int:
    """What the first clock shows, as m:ss."""
    minutes, seconds = page.locator("[data-clocks] time").first.inner_text().split(":")
    return 60 * int(minutes) + int(seconds)


def _receives_the_report(person: Person) -> None:
    page = person.page
    person.goes_to("/reports")
    expect(page.locator("[data-row] .badge.accent")).to_have_count(1, timeout=90_000)
    person.keeps("report-came")
    page.locator("[data-row] a").click()
    page.wait_for_url("**/reports/*")


def _decides_and_exports(person: Person, folder: Path) -> None:
    page, t = person.page, person.t
    expect(page.locator(".compare-stage img")).to_have_count(2)
    page.get_by_role("slider").fill("30")
    page.locator("body").press("c")
    expect(page.get_by_text(t("verdict.confirmed"), exact=True).first).to_be_visible()
    person.keeps("confirmed")
    page.locator("[data-export-form] button").click()
    ready = page.get_by_role("link", name=t("report.export_ready"))
    expect(ready).to_be_visible(timeout=90_000)
    person.looks("exported")
    with page.expect_download() as download:
        ready.click()
    download.value.save_as(folder / "pack.zip")
    with zipfile.ZipFile(folder / "pack.zip") as pack:
        assert pack.testzip() is None
        (pdf,) = [name for name in pack.namelist() if name.endswith(".pdf")]
        assert pack.read(pdf).startswith(b"%PDF-")


@pytest.mark.timeout(120)
def test_a_camera_that_is_watched_is_changed_and_removed_as_the_program_runs(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client, camera = running.site.client(Role.ADMIN), running.camera
    yard = {"name": "yard", "kind": "esp32cam", "address": camera.base_url}
    port = {"stream_port": camera.stream_port}

    def send(method: str, path: str, **body: object) -> None:
        revision = client.get("/api/cameras").json()["revision"]
        answer = client.request(method, path, json={"revision": revision, **body})
        assert answer.status_code < 300, answer.text

    send("POST", "/api/cameras", camera={**yard, "settings": {**port, "framesize": "VGA"}})
    wait_for(lambda: "the camera sends 640x480 as set" in caplog.text, 60, "its first size")
    board = StatusBoard(running.site.services.redis)
    wait_for(lambda: _has_frames(board), 60, "its first frame")
    # It has one viewer, which the trial leaves it to.
    tried = client.post("/api/camera-trials", json={**yard, "settings": {**port, "framesize": "HD"}}).json()
    assert (tried["watched"], tried["problem"]) == (True, "")
    assert camera.settings[0] == Size(width=640, height=480)
    change = {**yard, "settings": {**port, "framesize": "SVGA", "quality": 20}}
    send("PUT", "/api/cameras/yard", camera=change)
    wait_for(lambda: "the camera sends 800x600 as set" in caplog.text, 60, "its new size in its pictures")
    assert camera.settings == (Size(width=800, height=600), 20)
    send("DELETE", "/api/cameras/yard")
    wait_for(lambda: "yard: removed" in caplog.text, 60, "its end")


def _has_frames(board: StatusBoard) -> bool:
    status = board.read(["yard"]).get("yard")
    return status is not None and status.frame_at is not None
