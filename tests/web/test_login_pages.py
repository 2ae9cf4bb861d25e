from __future__ import annotations

import pytest

from pipeline.errors import StorageError
from storage.account_values import Login, Role
from tests.web.browser import browser, csrf_of
from tests.web.test_login import HASH, PASSWORD, Clock, clock, services
from web.headers import CONTENT_SECURITY_POLICY
from web.pages.local_path import local_path
from web.services import WebServices

__all__ = ["clock", "services"]

FORM = {"name": "anna", "password": PASSWORD}


def test_a_page_without_a_login_leads_to_it_and_back(services: WebServices) -> None:
    client = browser(services)
    answer = client.get("/?day=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2F%3Fday%3D1")
    answer = client.post("/login", data={**FORM, "next": "/?day=1"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/?day=1")
    assert client.get("/").status_code == 200


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(services: WebServices) -> None:
    cookies = browser(services).post("/login", data=FORM).headers.get_list("set-cookie")
    assert {text.partition("=")[0] for text in cookies} == {"gotcha_access", "gotcha_refresh"}
    for text in cookies:
        assert "HttpOnly" in text
        assert "SameSite=Lax" in text
        assert "Path=/" in text


def test_a_browser_goes_on_with_its_refresh_token_by_itself(services: WebServices, clock: Clock) -> None:
    client = browser(services)
    client.post("/login", data=FORM)
    clock.on(hours=30)
    answer = client.get("/")
    assert answer.status_code == 200
    assert len(answer.headers.get_list("set-cookie")) == 2
    clock.on(days=15)
    assert client.get("/").status_code == 303


def test_a_wrong_password_is_said_on_the_form_and_not_kept(services: WebServices) -> None:
    answer = browser(services).post("/login", data={"name": "anna", "password": "my wrong password"})
    assert answer.status_code == 401
    assert "The name or the password is wrong." in answer.text
    assert "my wrong password" not in answer.text
    assert "set-cookie" not in answer.headers


def test_logging_out_needs_the_forms_token_and_ends_the_session(services: WebServices) -> None:
    client = browser(services)
    client.post("/login", data=FORM)
    token = csrf_of(client.get("/").text)
    access = client.cookies["gotcha_access"]
    for body in ({}, {"csrf_token": ""}, {"csrf_token": "0" * 64}):
        assert client.post("/logout", data=body).status_code == 403
    assert client.post("/logout", data={"csrf_token": token}).headers["location"] == "/login"
    assert "gotcha_access" not in client.cookies
    client.cookies.set("gotcha_access", access)
    assert client.get("/").status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
        {"sec-fetch-site": "same-site", "origin": "http://other.testserver"},
        {"origin": "null"},
        {"origin": "https://testserver.evil.example"},
        {},
    ],
)
def test_a_form_that_another_site_sends_is_refused(services: WebServices, headers: dict[str, str]) -> None:
    client = browser(services)
    client.post("/login", data=FORM)
    token = csrf_of(client.get("/").text)
    for name in ("sec-fetch-site", "origin"):
        del client.headers[name]
    assert client.post("/logout", data={"csrf_token": token}, headers=headers).status_code == 403
    assert client.post("/login", data=FORM, headers=headers).status_code == 403


def test_a_token_of_another_session_does_not_do(services: WebServices) -> None:
    mine, other = browser(services), browser(services)
    for client in (mine, other):
        client.post("/login", data=FORM)
    token = csrf_of(other.get("/").text)
    assert mine.post("/logout", data={"csrf_token": token}).status_code == 403


def test_every_answer_tells_the_browser_to_talk_to_nobody_else(services: WebServices) -> None:
    client = browser(services)
    for path in ("/login", "/nothing", "/static/css/tokens.css", "/health/live", "/auth/me"):
        headers = client.get(path).headers
        assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert client.get("/login").headers["cache-control"] == "no-store"


def test_the_last_admin_stays(services: WebServices, clock: Clock) -> None:
    services.users.add(Login(name="bea", role=Role.ADMIN), HASH, at=clock())
    services.users.remove("anna")
    with pytest.raises(StorageError, match="only admin"):
        services.users.remove("bea")
    with pytest.raises(StorageError, match="only admin"):
        services.users.change(Login(name="bea", role=Role.OPERATOR), at=clock())


def test_pages_lead_only_to_pages_of_ours() -> None:
    for good in ("/", "/reports?camera=gate", "/reports/abc"):
        assert local_path(good) == good
    for bad in (
        None,
        "",
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/\nevil",
        "evil",
        "/a\\b",
    ):
        assert local_path(bad) == "/"


@pytest.mark.parametrize(("language", "title"), [("en", "Log in"), ("ko", "로그인")])
def test_the_language_follows_the_browser_and_the_hand(
    services: WebServices, language: str, title: str
) -> None:
    client = browser(services, **{"accept-language": "de, ko;q=0.5"})
    assert "로그인" in client.get("/login").text
    answer = client.get(f"/language/{language}?next=/login")
    assert answer.headers["location"] == "/login"
    assert f"<h1>{title}</h1>" in client.get("/login").text
    assert client.get("/language/xx").status_code == 404
