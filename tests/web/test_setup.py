from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gotcha.config import parse_config
from gotcha.web_wiring import opened_services
from storage.account_values import Role
from tests.web.browser import browser
from web.services import WebServices

PASSWORDS = {"password": "a long password", "again": "a long password"}


@pytest.fixture
def empty(tmp_path: Path, redis_url: str) -> Iterator[WebServices]:
    config = parse_config(f"state_dir: {tmp_path}", environment={})
    with opened_services(config, redis_url) as services:
        yield services


def test_there_is_no_default_password(empty: WebServices) -> None:
    client = browser(empty)
    for name in ("admin", "gotcha", "root"):
        for password in ("admin", "gotcha", "password", "changeme"):
            assert client.post("/login", data={"name": name, "password": password}).status_code in (401, 429)


def test_whoever_has_the_link_becomes_the_admin_once(empty: WebServices) -> None:
    path = empty.setup.path()
    assert path is not None
    client = browser(empty)
    assert client.get(path).status_code == 200
    answer = client.post(path, data={"name": "Anna", **PASSWORDS})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert client.get("/").status_code == 200
    (user,) = empty.users.all()
    assert (user.login.name, user.login.role) == ("anna", Role.ADMIN)
    assert empty.setup.path() is None
    late = browser(empty)
    assert late.get(path).status_code == 404
    assert late.post(path, data={"name": "eve", **PASSWORDS}).status_code == 404
    assert len(empty.users.all()) == 1


def test_a_wrong_link_makes_nobody(empty: WebServices) -> None:
    client = browser(empty)
    assert client.post("/setup/guessed", data={"name": "eve", **PASSWORDS}).status_code == 404
    assert not empty.users.any()


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"name": "anna", "password": "a long password", "again": "another password"}, "differ"),
        ({"name": "anna", "password": "short", "again": "short"}, "cannot be used"),
        ({"name": "an na", **PASSWORDS}, "cannot be used"),
    ],
)
def test_a_form_that_does_not_fit_is_shown_again(
    empty: WebServices, form: dict[str, str], sentence: str
) -> None:
    path = empty.setup.path()
    assert path is not None
    answer = browser(empty).post(path, data=form)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert not empty.users.any()
