"""Passwords come from the environment and are shown nowhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gotcha.config import parse_config
from gotcha.config_cameras import RtspCamera
from gotcha.config_secrets import SecretUrl, expand
from pipeline.errors import ConfigError
from sources.redact import redact

PASSWORD = "p@ss/w:rd?#%"
CAMERA = "cameras: {{gate: {{kind: rtsp, url: '{url}'}}}}"


def gate(url: str, **environment: str) -> SecretUrl:
    camera = parse_config(CAMERA.format(url=url), environment=environment).cameras["gate"]
    assert isinstance(camera, RtspCamera)
    return camera.url


def test_a_password_of_the_environment_reaches_only_the_camera() -> None:
    url = gate("rtsp://admin:${PW}@cam:554/main", PW=PASSWORD)
    assert url.reveal() == "rtsp://admin:p%40ss%2Fw%3Ard%3F%23%25@cam:554/main"
    assert str(url) == "rtsp://***@cam:554/main"
    assert repr(url) == "SecretUrl('rtsp://***@cam:554/main')"


def test_the_repr_of_the_whole_configuration_hides_it() -> None:
    text = CAMERA.format(url="rtsp://admin:${PW}@cam/main") + "\nqueue: {url: 'redis://:${PW}@host/0'}"
    config = parse_config(text, environment={"PW": "hunter2"})
    assert "hunter2" not in repr(config) + str(config)
    assert config.redis_url == "redis://:hunter2@host/0"


def test_a_whole_address_may_be_a_variable() -> None:
    assert gate("${GATE}", GATE="rtsp://a:b@cam/main").reveal() == "rtsp://a:b@cam/main"


def test_a_variable_in_host_or_path_is_taken_as_it_is() -> None:
    assert gate("rtsp://${HOST}/${PATH_}", HOST="cam:8554", PATH_="a/b").reveal() == "rtsp://cam:8554/a/b"


@pytest.mark.parametrize(
    "url",
    [
        "rtsp://admin:hunter2@cam/main",
        "rtsp://admin:hunter2${PW}@cam/main",
        "rtsp://cam/main?user=a&password=hunter2",
        "rtsp://a:hunter2@b@cam/",
    ],
)
def test_a_password_in_the_file_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigError, match="a password must not stand in this file") as caught:
        gate(url)
    assert "hunter2" not in str(caught.value)
    assert str(caught.value).startswith("config.yaml line 1: cameras.gate.url: ")


def test_a_variable_that_is_not_set() -> None:
    with pytest.raises(ConfigError, match="the environment variable GATE_PASSWORD is not set; set it where"):
        gate("rtsp://admin:${GATE_PASSWORD}@cam/main")


@pytest.mark.parametrize("url", ["rtsp://a:${}@cam", "rtsp://a:${1X}@cam", "rtsp://a:${A B}@cam", "${"])
def test_a_malformed_variable(url: str) -> None:
    with pytest.raises(ConfigError, match="with a name of letters, digits and _, got something else"):
        gate(url)


@pytest.mark.parametrize("url", ["http://cam/", "cam", "rtsp://", "rtsp://cam:99999/", "rtsp://[::1"])
def test_an_address_of_another_kind(url: str) -> None:
    with pytest.raises(ConfigError, match="expected an address that begins with rtsp:// or rtsps://, got"):
        gate(url)


def test_a_wrong_address_is_shown_without_its_password() -> None:
    with pytest.raises(ConfigError) as caught:
        gate("http://admin:${PW}@cam/", PW="hunter2")
    assert "'http://***@cam/'" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@given(password=st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1))
def test_no_password_survives_redaction(password: str) -> None:
    url = expand("rtsp://admin:${PW}@cam/main", {"PW": password})
    assert redact(f"cannot open {url}: 401") == "cannot open rtsp://***@cam/main: 401"


@pytest.mark.parametrize("url", ["rtsp://admin:${PW}@cam/main", "${GATE}"])
def test_who_opens_no_camera_needs_no_password_of_one(url: str) -> None:
    """`gotcha reports list` asked a user at another terminal for the passwords of all cameras."""
    config = parse_config(CAMERA.format(url=url), environment={}, opens_cameras=False)
    camera = config.camera("gate")
    assert isinstance(camera, RtspCamera)
    assert not camera.password_is_known
    assert "unset" in camera.url.reveal()
    with pytest.raises(ConfigError, match="DB_PW is not set"):
        parse_config("database: {url: 'postgresql://a:${DB_PW}@host/x'}", environment={}, opens_cameras=False)
