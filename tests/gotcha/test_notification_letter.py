"""What an e-mail says, in both languages."""

from __future__ import annotations

import pytest

from gotcha.config import Config, parse_config
from gotcha.notification_letter import letter

REPORT = {
    "event": "report.final",
    "report": "3f2a",
    "camera": "정문",
    "zone": "kerb",
    "zone_kind": "fire_hydrant",
    "vehicle": "car",
    "parked_at": "2026-11-20T12:03:05+00:00",
    "plate": "12가3456",
    "url": "https://gotcha.example/reports/3f2a",
    "text": "a car stands in kerb (정문) for too long",
}


def config(language: str) -> Config:
    return parse_config(
        "time_zone: UTC\n"
        "cameras: {정문: {kind: webcam, time_zone: Asia/Seoul}}\n"
        f"notifications: {{language: {language}}}"
    )


def test_a_report_is_told_in_korean_with_the_time_of_its_camera() -> None:
    told = letter(REPORT, config("ko"))
    assert told.subject == "Gotcha: 승용차: kerb(정문)에 허용 시간을 넘겨 서 있습니다"
    assert told.text.splitlines()[2:] == [
        "차종: 승용차",
        "번호판: 12가3456",
        "구역: kerb",
        "구역 종류: 소화전",
        "카메라: 정문",
        "정차 시작: 2026-11-20 21:03:05+09:00",
        "신고: 3f2a",
        "확인하기: https://gotcha.example/reports/3f2a",
    ]


def test_a_report_is_told_in_english() -> None:
    told = letter({**REPORT, "camera": "gone"}, config("en"))
    assert told.subject == "Gotcha: Car stands in kerb (gone) for too long"
    # No camera has this name any more: the program's own time zone.
    assert "Stands since: 2026-11-20 12:03:05+00:00" in told.text.splitlines()


@pytest.mark.parametrize("what", ["moved", "blocked", "dark", "stalled", "unreachable"])
def test_trouble_of_a_camera_is_told_with_its_cause(what: str) -> None:
    body = {
        "event": f"camera.{what}",
        "camera": "{정문}",
        "since": "2026-11-20",
        "cause": "no frame comes",
        "text": "x",
    }
    told = letter(body, config("ko"))
    assert told.subject.startswith("Gotcha: 카메라 {정문}: ")
    assert told.text.splitlines()[2:] == ["카메라: {정문}", "시작: 2026-11-20", "원인: no frame comes"]


def test_the_other_events() -> None:
    assert "기록 3건" in letter({"event": "dead_letters", "number": "3", "text": "x"}, config("ko")).subject
    assert "시험 알림" in letter({"event": "test", "text": "x"}, config("ko")).subject
    # An event that this version does not know keeps its own words.
    assert letter({"event": "later", "text": "something"}, config("ko")).subject == "Gotcha: something"
