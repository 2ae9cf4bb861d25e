"""What a camera that sleeps does unless told otherwise; `make firmware` checks that ESPHome takes it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FIRMWARE = Path(__file__).parents[1] / "firmware"


def text(name: str) -> str:
    return (FIRMWARE / name).read_text(encoding="utf-8")


def test_the_token_goes_to_a_server_that_shows_a_good_certificate() -> None:
    common = text("common.yaml")
    assert re.search(r"^  server: https://", common, re.M)
    assert re.search(r'^  verify_ssl: "true"$', common, re.M)
    assert re.findall(r"^  verify_ssl: (?!\")(.*)$", common, re.M) == ["${verify_ssl}"]


@pytest.mark.parametrize(
    ("board", "authorizer"), [("xiao_esp32s3_sense.yaml", "boot_button"), ("esp32cam.yaml", "none")]
)
def test_where_a_board_has_a_button_a_press_of_it_lets_a_phone_in(board: str, authorizer: str) -> None:
    said = text(board)
    assert re.findall(r"^  authorizer: (\w+)$", said, re.M) == [authorizer]
    assert (re.search(r"^    id: boot_button$", said, re.M) is not None) is (authorizer == "boot_button")
    assert "authorizer" not in text("common.yaml")


def test_bluetooth_is_open_only_where_no_known_network_was_reached() -> None:
    enabled = text("common.yaml").split("ble.enable:")
    assert len(enabled) == 2
    assert enabled[0].rstrip().endswith("then:\n                  -")
    assert re.search(r"not:\s+wifi\.connected:\s+then:\s+-$", enabled[0].rstrip())


def test_a_picture_says_what_the_clock_shows_as_it_is_sent() -> None:
    assert "X-Sent-At:" in text("on_image.yaml")
