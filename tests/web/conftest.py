"""The web application on real stores, for the tests of its routes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, sync_playwright

from gotcha.config import load_config, parse_config
from gotcha.web_wiring import opened_services
from jobs.embedded_redis import EmbeddedRedis
from storage.account_values import Role
from web.app import create_app
from web.security import Caller, current_caller
from web.services import WebServices

CAMERAS = """
cameras:
  gate: {kind: stills, url: "http://127.0.0.1:1/gate.jpg", interval_s: 1}
  yard: {kind: stills, url: "http://127.0.0.1:1/yard.jpg", interval_s: 1}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A dashboard on stores of its own, not yet logged in."""

    services: WebServices
    app: FastAPI

    def client(self, role: Role | None = None, cameras: frozenset[str] | None = None) -> TestClient:
        """A client that asks with a role, without a login when there is none."""
        caller = None if role is None else Caller(name=role.value, role=role, cameras=cameras)
        self.app.dependency_overrides[current_caller] = lambda: caller
        return TestClient(self.app, raise_server_exceptions=False)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium is not None, "these tests need Chromium: `make chromium` installs it"
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedRedis(tmp_path_factory.mktemp("web-redis")) as service:
        yield service.url


@pytest.fixture
def site(tmp_path: Path, redis_url: str) -> Iterator[Site]:
    config = parse_config(f"state_dir: {tmp_path}\ntime_zone: Asia/Seoul\n{CAMERAS}", environment={})
    with opened_services(config, redis_url) as services:
        yield Site(services=services, app=create_app(services))


@pytest.fixture
def path(config_text: str, tmp_path: Path) -> Path:
    """The configuration as a file; the fixture `config_text` of the asking tests says what stands in it."""
    path = tmp_path / "config.yaml"
    path.write_text(config_text, encoding="utf-8")
    return path


@pytest.fixture
def filed(path: Path, redis_url: str) -> Iterator[Site]:
    """A site whose configuration is a file, so that it can be changed on the dashboard."""
    with opened_services(load_config(path), redis_url) as services:
        services.redis.flushdb()
        yield Site(services=services, app=create_app(services))
