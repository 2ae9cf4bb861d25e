"""From an empty camera to a confirmed report in a real browser: the whole program, an ESP32-CAM, one vehicle.

The camera has no zone until one is drawn on its picture; the program runs all the while.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from gotcha.config import load_config
from gotcha.runtime import Runtime
from gotcha.web_wiring import opened_services
from pipeline.geometry import Size
from pipeline.picture import Image
from simulator.esp32_server import Esp32Server
from simulator.scene import Scene
from storage.report_query import ReportQuery
from tests.gotcha.street import Parker, street
from tests.web.conftest import Site
from tests.web.person import Seat, seated, seats
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


@dataclass(frozen=True, slots=True)
class Running:
    site: Site
    path: Path
    sensor: Sensor


@pytest.fixture
def running(frames: list[Image], tmp_path: Path, redis_url: str) -> Iterator[Running]:
    """The program with its workers on one camera without a zone, and the dashboard beside it."""
    sensor = Sensor(frames)
    with Esp32Server(sensor.frame_at, fps=_FPS) as camera:
        path = tmp_path / "config.yaml"
        path.write_text(
            f"""\
state_dir: state
queue: {{url: '{redis_url}', share_cameras: false}}
web: {{enabled: false}}
evidence: {{clip_before_s: 1, clip_after_s: 1}}
cameras:
  yard:
    kind: esp32cam  # the maker's
    url: {camera.base_url}
    stream_port: {camera.stream_port}
    framesize: HD
""",
            encoding="utf-8",
        )
        config, stop = load_config(path), threading.Event()
        with opened_services(config, redis_url) as services, ThreadPoolExecutor(1) as pool:
            services.redis.flushdb()
            running = pool.submit(Runtime(config).run_with_worker, stop)
            try:
                yield Running(Site(services=services, app=create_app(services)), path, sensor)
            finally:
                stop.set()
                running.result(30)


@pytest.mark.timeout(240)
@seats("light", "dark")
def test_from_an_empty_camera_to_a_confirmed_report(
    running: Running,
    scene: Scene,
    browser: Browser,
    tmp_path: Path,
    seat: Seat,
) -> None:
    site = running.site
    furnish_users(site.services)
    with served(site.app) as address, seated(browser, seat, address, tmp_path, journey="journey-") as person:
        page, t = person.page, person.t
        person.goes_to("/zones/yard")
        person.logs_in("anna")
        page.wait_for_url("**/zones/yard")
        page.wait_for_timeout(3000)
        person.presses("zones.new_picture")
        expect(page.locator("[data-picture]")).to_be_visible(timeout=60_000)
        person.presses("zones.draw")
        box = page.locator("[data-canvas]").bounding_box()
        assert box is not None
        for x, y in ((0.02, 0.05), (0.98, 0.05), (0.98, 0.98), (0.02, 0.98), (0.02, 0.05)):
            page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
        page.get_by_label(t("zones.dwell")).fill("8")
        page.get_by_label(t("zones.photo_gap")).fill("5")
        page.keyboard.press("Tab")
        person.looks("zone")
        page.get_by_role("button", name=t("zones.save"), exact=True).click()
        expect(page.locator("[data-status]")).to_have_text(t("zones.saved"))
        assert "# the maker's" in running.path.read_text(encoding="utf-8")

        # The program hears of the zone by itself; only then the vehicle comes.
        page.wait_for_timeout(2500)
        running.sensor.let_in()
        person.goes_to("/live/yard")
        page.wait_for_function("() => Number(document.querySelector('[data-live]').dataset.frames) >= 6")
        person.looks("live")
        person.goes_to("/reports")
        expect(page.locator("[data-row] .badge.accent")).to_have_count(1, timeout=90_000)
        person.looks("report-came")
        page.locator("[data-row] a").click()
        page.wait_for_url("**/reports/*")
        expect(page.locator(".compare-stage img")).to_have_count(2)
        page.get_by_role("slider").fill("30")
        page.locator("body").press("c")
        expect(page.get_by_text(t("verdict.confirmed"), exact=True).first).to_be_visible()
        person.looks("confirmed")
        page.locator("details.account summary").click()
        person.presses("frame.log_out")
        page.wait_for_url("**/login*")
    (truth,) = scene.truth().stationary
    (listed,) = site.services.report_pages.page(ReportQuery()).reports
    assert (listed.plate_text, listed.zone) == (truth.plate, t("zones.new_name", number=1))
