from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gotcha.cli.app import app
from gotcha.config import load_config
from gotcha.database_wiring import opened_database
from storage.api_keys import SqlApiKeys
from storage.users import SqlUsers
from web.passwords import verify_password

PASSWORD = "a long password"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    config = tmp_path / "config.yaml"
    config.write_text(
        "state_dir: state\ncameras: {gate: {kind: webcam}, yard: {kind: webcam, device: /dev/v1}}\n"
    )
    return config


def run(path: Path, *arguments: str, password: str | None = None) -> Result:
    typed = None if password is None else f"{password}\n"
    return CliRunner().invoke(app, ["--config", str(path), *arguments], input=typed)


def test_a_user_is_added_listed_changed_and_removed(path: Path) -> None:
    added = run(path, "user", "add", "Anna", "--role", "admin", "--password-stdin", password=PASSWORD)
    assert added.exit_code == 0, added.output
    guard = ("user", "add", "guard", "--role", "operator", "--camera", "gate", "--password-stdin")
    assert run(path, *guard, password=PASSWORD).exit_code == 0
    assert json.loads(run(path, "user", "list", "--json").stdout) == [
        {"name": "anna", "role": "admin", "cameras": None},
        {"name": "guard", "role": "operator", "cameras": ["gate"]},
    ]
    changed = run(path, "user", "password", "anna", "--password-stdin", password="another password")
    assert changed.exit_code == 0
    with opened_database(load_config(path)) as engine:
        user = SqlUsers(engine).find("anna")
    assert user is not None
    assert verify_password("another password", user.password_hash).right
    assert run(path, "user", "remove", "guard").exit_code == 0
    assert "guard" not in run(path, "user", "list").stdout


@pytest.mark.parametrize(
    ("arguments", "password", "sentence"),
    [
        (("user", "add", "anna"), "short", "expected a password of 10-256 characters, got 5"),
        (("user", "add", "an na"), PASSWORD, "expected a name of 1-64 letters"),
        (("user", "add", "anna", "--camera", "roof"), PASSWORD, "no camera is named 'roof'"),
        (("user", "password", "anna"), PASSWORD, "there is no user named anna"),
        (("user", "remove", "anna"), None, "there is no user named anna"),
        (("key", "revoke", "portal"), None, "there is no good key named portal"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(
    path: Path, arguments: tuple[str, ...], password: str | None, sentence: str
) -> None:
    stdin = () if password is None else ("--password-stdin",)
    result = run(path, *arguments, *stdin, password=password)
    assert result.exit_code in (1, 2)
    assert sentence in result.stderr
    assert "short" not in result.stderr or "short" in sentence
    assert PASSWORD not in result.output


def test_the_last_admin_cannot_be_removed(path: Path) -> None:
    run(path, "user", "add", "anna", "--role", "admin", "--password-stdin", password=PASSWORD)
    result = run(path, "user", "remove", "anna")
    assert result.exit_code == 1
    assert "anna is the only admin" in result.stderr


def test_a_key_is_shown_once_and_ends_when_revoked(path: Path) -> None:
    result = run(path, "key", "add", "portal", "--role", "operator", "--camera", "yard")
    key = result.stdout.strip()
    with opened_database(load_config(path)) as engine:
        login = SqlApiKeys(engine).find(key)
    assert login is not None
    assert (login.role.value, login.cameras) == ("operator", frozenset({"yard"}))
    listed = run(path, "key", "list").stdout
    assert "portal" in listed
    assert key not in listed
    assert run(path, "key", "revoke", "portal").exit_code == 0
    assert "revoked" in run(path, "key", "list").stdout
    with opened_database(load_config(path)) as engine:
        assert SqlApiKeys(engine).find(key) is None
