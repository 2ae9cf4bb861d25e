"""Settings: users, keys and devices over the API, and their page in a real Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from storage.account_values import Login, Role
from tests.reports import NOON
from tests.web.browser import PAGE, csrf_of
from tests.web.browser import browser as plain_browser
from tests.web.conftest import Site
from tests.web.person import Seat, seated, seats
from tests.web.served import PASSWORD, furnish, served

ANNA = {"name": "Anna", "password": PASSWORD, "role": "admin", "cameras": None}


def test_users_are_made_changed_and_removed(site: Site) -> None:
    client = site.client(Role.ADMIN)
    assert client.post("/api/users", json=ANNA).json()["name"] == "anna"
    guard = {"name": "guard", "password": PASSWORD, "role": "viewer", "cameras": ["gate"]}
    assert client.post("/api/users", json=guard).status_code == 201
    assert client.put("/api/users/guard", json={"role": "operator", "cameras": ["yard"]}).status_code == 204
    shown = {user["name"]: (user["role"], user["cameras"]) for user in client.get("/api/users").json()}
    assert shown == {"anna": ("admin", None), "guard": ("operator", ["yard"])}
    assert "password" not in client.get("/api/users").text
    assert client.put("/api/users/guard/password", json={"password": "another long one"}).status_code == 204
    assert client.delete("/api/users/guard").status_code == 204
    assert client.delete("/api/users/guard").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/api/users", ANNA, 409),
        ("POST", "/api/users", {**ANNA, "name": "x", "password": "short"}, 422),
        ("POST", "/api/users", {**ANNA, "name": "a b"}, 422),
        ("POST", "/api/users", {**ANNA, "name": "x", "cameras": ["nowhere"]}, 422),
        ("POST", "/api/users", {**ANNA, "name": "x", "role": "king"}, 422),
        ("PUT", "/api/users/anna", {"role": "viewer", "cameras": None}, 409),
        ("DELETE", "/api/users/anna", None, 409),
        ("PUT", "/api/users/nobody", {"role": "viewer"}, 404),
        ("PUT", "/api/users/nobody/password", {"password": PASSWORD}, 404),
        ("DELETE", "/api/keys/none", None, 404),
        ("POST", "/api/keys", {"name": "", "role": "viewer"}, 422),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    site: Site, method: str, path: str, body: dict[str, Any] | None, status: int
) -> None:
    client = site.client(Role.ADMIN)
    client.post("/api/users", json=ANNA)
    answer = client.request(method, path, json=body)
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert PASSWORD not in answer.text


def test_a_key_is_shown_once_and_ends_when_it_is_revoked(site: Site) -> None:
    client = site.client(Role.ADMIN)
    made = client.post("/api/keys", json={"name": "scada", "role": "viewer", "cameras": ["gate"]}).json()
    assert made["key"] not in client.get("/api/keys").text
    assert made["key"] not in client.get("/settings", headers=PAGE).text
    site.app.dependency_overrides.clear()
    assert client.get("/api/users", headers={"X-API-Key": made["key"]}).status_code == 403
    assert client.get("/api/statistics", headers={"X-API-Key": made["key"]}).status_code == 200
    client = site.client(Role.ADMIN)
    assert client.delete("/api/keys/scada").status_code == 204
    site.app.dependency_overrides.clear()
    assert client.get("/api/statistics", headers={"X-API-Key": made["key"]}).status_code == 401


def test_another_sites_form_makes_nobody_an_admin(site: Site) -> None:
    furnish(site.services)
    client = plain_browser(site.services)
    page = client.get("/login").text
    form = {"name": "anna", "password": PASSWORD}
    if 'name="csrf_token"' in page:
        form["csrf_token"] = csrf_of(page)
    client.post("/login", data=form)
    assert client.get("/settings").status_code == 200
    evil = {**ANNA, "name": "eve"}
    assert client.post("/api/users", json=evil).status_code == 403
    cross = client.post(
        "/api/users", json=evil, headers={"origin": "http://evil", "sec-fetch-site": "cross-site"}
    )
    assert cross.status_code == 403
    assert site.services.users.find("eve") is None


@pytest.mark.timeout(120)
@seats("dark", "light")
def test_an_admin_lets_somebody_in(
    site: Site,
    browser: Browser,
    tmp_path: Path,
    seat: Seat,
) -> None:
    furnish(site.services)
    with served(site.app) as address, seated(browser, seat, address, tmp_path) as person:
        page, t = person.page, person.t
        person.goes_to("/settings")
        person.logs_in("anna")
        page.wait_for_url("**/settings")
        form = page.locator('form[data-api="POST /api/users"]')
        form.get_by_label(t("settings.name")).fill("nora")
        form.get_by_label(t("settings.password")).fill(PASSWORD)
        form.get_by_label(t("settings.role")).select_option("operator")
        form.get_by_label(t("settings.cameras_of")).select_option(["yard"])
        form.get_by_role("button").click()
        row = page.locator("tr", has_text="nora")
        expect(row).to_contain_text("yard")
        expect(row).to_contain_text(t("role.operator"))
        form = page.locator('form[data-api="POST /api/keys"]')
        form.get_by_label(t("settings.name")).fill("scada")
        form.get_by_role("button").click()
        expect(page.locator("[data-secret] code")).to_contain_text("gk_")
        person.looks("settings")
        # Changed in another respect, nobody comes by more cameras: theirs was removed, or they have none.
        for cameras in (frozenset({"gone"}), frozenset[str]()):
            site.services.users.change(Login(name="nora", role=Role.OPERATOR, cameras=cameras), at=NOON)
            page.reload()
            row.locator("summary").click()
            row.get_by_label(t("settings.role")).select_option("viewer")
            row.get_by_role("button", name=t("settings.save")).first.click()
            expect(row.locator("td").nth(1)).to_have_text(t("role.viewer"))
            nora = site.services.users.find("nora")
            assert nora is not None
            assert nora.login.cameras == cameras
        row.locator("summary").click()
        row.get_by_role("button", name=t("settings.remove")).click()
        expect(row).to_have_count(0)
