"""The log keeps no password, and no number plate above debug."""

from __future__ import annotations

import logging
import sys

from gotcha.cli.logs import GuardedFormatter


def logged(level: int, message: str, *, error: Exception | None = None) -> str:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("sources.rtsp", level, __file__, 1, message, None, info)
    return GuardedFormatter("%(levelname)s %(message)s").format(record)


def test_passwords_are_taken_out() -> None:
    assert "hunter2" not in logged(logging.INFO, "open rtsp://admin:hunter2@cam/main")
    assert "hunter2" not in logged(logging.DEBUG, "GET http://cam/s.jpg?user=a&password=hunter2")


def test_passwords_are_taken_out_of_tracebacks_too() -> None:
    try:
        raise OSError("cannot open rtsp://admin:hunter2@cam/main")
    except OSError as error:
        assert sys.exc_info()[0] is OSError
        text = logged(logging.ERROR, "lost", error=error)
    assert "Traceback" in text
    assert "hunter2" not in text


def test_plates_are_for_debug_only() -> None:
    message = "gate: v1 reads 123가4567, then 서울12바 3456"
    assert logged(logging.INFO, message) == "INFO gate: v1 reads [plate], then 서울[plate]"
    assert logged(logging.DEBUG, message) == f"DEBUG {message}"
