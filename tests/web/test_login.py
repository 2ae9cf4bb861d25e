from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from gotcha.config import parse_config
from gotcha.web_wiring import opened_services
from storage.account_values import Login, Role
from tests.web.conftest import CAMERAS
from web.app import create_app
from web.passwords import hash_password
from web.services import WebServices

PASSWORD = "correct horse battery"
HASH = hash_password(PASSWORD)
BEGUN = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = field(default=BEGUN)

    def __call__(self) -> datetime:
        return self.now

    def on(self, **later: float) -> None:
        self.now += timedelta(**later)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def services(tmp_path: Path, redis_url: str, clock: Clock) -> Iterator[WebServices]:
    config = parse_config(f"state_dir: {tmp_path}\n{CAMERAS}", environment={})
    with opened_services(config, redis_url, clock) as opened:
        opened.users.add(Login(name="anna", role=Role.ADMIN), HASH, at=clock())
        yield opened


@pytest.fixture
def client(services: WebServices) -> TestClient:
    return TestClient(create_app(services), raise_server_exceptions=False)


def log_in(client: TestClient, name: str = "anna", password: str = PASSWORD) -> dict[str, str]:
    answer = client.post("/auth/token", data={"username": name, "password": password})
    assert answer.status_code == 200, answer.text
    tokens: dict[str, str] = answer.json()
    return tokens


def bearer(tokens: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def refreshed(client: TestClient, tokens: dict[str, str]) -> dict[str, str] | None:
    answer = client.post("/auth/refresh", data={"refresh_token": tokens["refresh_token"]})
    if answer.status_code == 401:
        return None
    assert answer.status_code == 200
    new: dict[str, str] = answer.json()
    return new


def test_a_token_says_who_asks(client: TestClient) -> None:
    answer = client.get("/auth/me", headers=bearer(log_in(client, " Anna ")))
    assert answer.json() == {"name": "anna", "role": "admin", "cameras": None}


@pytest.mark.parametrize(
    ("name", "password"), [("anna", "wrong"), ("nobody", PASSWORD), ("", ""), ("a b", "x" * 300)]
)
def test_a_wrong_name_or_password_is_one_answer(client: TestClient, name: str, password: str) -> None:
    answer = client.post("/auth/token", data={"username": name or " ", "password": password or " "})
    assert answer.status_code == 401
    assert answer.json()["detail"] == "the name or the password is wrong"


def test_nothing_without_a_login(client: TestClient) -> None:
    answer = client.get("/auth/me")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_an_access_token_ends_after_a_quarter_of_an_hour(client: TestClient, clock: Clock) -> None:
    tokens = log_in(client)
    clock.on(minutes=14.9)
    assert client.get("/auth/me", headers=bearer(tokens)).status_code == 200
    clock.on(minutes=0.2)
    assert client.get("/auth/me", headers=bearer(tokens)).status_code == 401


def test_an_altered_token_is_refused(client: TestClient) -> None:
    head, body, signature = log_in(client)["access_token"].split(".")
    for token in (f"{head}.{body}.{'A' * len(signature)}", f"{head}.{body}.", "nonsense", ""):
        assert client.get("/auth/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_refreshing_goes_on_with_the_session(client: TestClient, clock: Clock) -> None:
    tokens: dict[str, str] | None = log_in(client)
    for _ in range(3):
        assert tokens is not None
        clock.on(days=13)
        tokens = refreshed(client, tokens)
    assert tokens is not None
    assert client.get("/auth/me", headers=bearer(tokens)).status_code == 200
    clock.on(days=15)
    assert refreshed(client, tokens) is None


def test_a_refresh_token_that_comes_again_ends_the_session_for_both(client: TestClient, clock: Clock) -> None:
    stolen = log_in(client)
    clock.on(minutes=20)
    owner = refreshed(client, stolen)
    assert owner is not None
    clock.on(minutes=1)
    assert refreshed(client, stolen) is None
    assert refreshed(client, owner) is None
    assert client.get("/auth/me", headers=bearer(owner)).status_code == 401


def test_two_tabs_that_refresh_at_once_stay_logged_in(client: TestClient, clock: Clock) -> None:
    """A thief who is as quick gets a quarter of an hour, and nothing to go on with."""
    tokens = log_in(client)
    first = refreshed(client, tokens)
    clock.on(seconds=2)
    second = refreshed(client, tokens)
    assert first is not None
    assert second is not None
    assert second["refresh_token"] is None
    clock.on(minutes=10)
    assert refreshed(client, first) is not None


def test_logging_out_ends_access_and_refresh_tokens(client: TestClient) -> None:
    tokens, other = log_in(client), log_in(client)
    assert client.post("/auth/logout", headers=bearer(tokens)).status_code == 204
    assert client.get("/auth/me", headers=bearer(tokens)).status_code == 401
    assert refreshed(client, tokens) is None
    assert client.get("/auth/me", headers=bearer(other)).status_code == 200


def test_another_password_or_role_ends_what_was_begun_before(
    client: TestClient, services: WebServices, clock: Clock
) -> None:
    services.users.add(Login(name="bea", role=Role.ADMIN), HASH, at=clock())
    tokens = log_in(client, "bea")
    clock.on(seconds=0.4)
    services.users.set_password("bea", hash_password("another password"), at=clock())
    assert client.get("/auth/me", headers=bearer(tokens)).status_code == 401
    assert refreshed(client, tokens) is None
    tokens = log_in(client, "bea", "another password")
    clock.on(seconds=0.4)
    services.users.change(Login(name="bea", role=Role.VIEWER, cameras=frozenset({"gate"})), at=clock())
    assert client.get("/auth/me", headers=bearer(tokens)).status_code == 401
    tokens = log_in(client, "bea", "another password")
    assert client.get("/auth/me", headers=bearer(tokens)).json()["cameras"] == ["gate"]
    services.users.remove("bea")
    assert client.get("/auth/me", headers=bearer(tokens)).status_code == 401


def test_an_api_key_works_until_it_is_revoked(
    client: TestClient, services: WebServices, clock: Clock
) -> None:
    key = services.api_keys.add(Login(name="portal", role=Role.VIEWER), at=clock())
    assert client.get("/auth/me", headers={"X-API-Key": key}).json()["name"] == "portal"
    assert client.get("/auth/me", headers={"X-API-Key": key + "x"}).status_code == 401
    assert services.api_keys.revoke("portal", at=clock())
    assert client.get("/auth/me", headers={"X-API-Key": key}).status_code == 401


def test_after_five_wrong_passwords_even_the_right_one_waits(client: TestClient, clock: Clock) -> None:
    for _ in range(5):
        wrong = client.post("/auth/token", data={"username": "anna", "password": "wrong"})
        assert wrong.status_code == 401
    answer = client.post("/auth/token", data={"username": "anna", "password": PASSWORD})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 900
    clock.on(minutes=15)
    log_in(client)


def test_no_password_reaches_the_database(client: TestClient, tmp_path: Path) -> None:
    tokens = log_in(client)
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("gotcha.db*"))
    for secret in (PASSWORD, tokens["refresh_token"], tokens["access_token"]):
        assert secret.encode() not in kept


def test_the_signing_key_is_for_this_user_only_and_stays(
    services: WebServices, tmp_path: Path, redis_url: str, clock: Clock
) -> None:
    path = tmp_path / "web.key"
    assert path.stat().st_mode & 0o777 == 0o600
    tokens = services.logins.log_in("anna", PASSWORD, address="127.0.0.1")
    config = parse_config(f"state_dir: {tmp_path}\n{CAMERAS}", environment={})
    with opened_services(config, redis_url, clock) as restarted:
        assert restarted.logins.session_of(tokens.access) is not None
    environment = {"SITE_KEY": "k" * 40}
    config = parse_config(
        f"state_dir: {tmp_path}\nweb: {{signing_key: '${{SITE_KEY}}'}}", environment=environment
    )
    with opened_services(config, redis_url, clock) as other_key:
        assert other_key.logins.session_of(tokens.access) is None
    assert "k" * 40 not in repr(config)
