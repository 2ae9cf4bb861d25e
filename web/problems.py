"""Errors as answers: a status and `{"detail": "one clear sentence"}`, after RFC 9457."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from pipeline.errors import (
    ConfigChangedError,
    ConfigError,
    EvidenceMissingError,
    EvidenceUnavailableError,
    GotchaError,
    IllegalTransitionError,
    InvalidValueError,
    JobBusyError,
    JobNotFoundError,
    LoginError,
    NotificationError,
    QueueError,
    StorageUnavailableError,
    TooManyLoginsError,
    UploadError,
    UploadRefusedError,
    UploadTooLargeError,
)

ProblemPage = Callable[[Request, int, str], Response | None]

_log = logging.getLogger(__name__)

# The first that fits; what is not listed is a fault of ours or of the machine.
_STATUSES: tuple[tuple[type[GotchaError], int], ...] = (
    (InvalidValueError, 422),
    (EvidenceMissingError, 404),
    (EvidenceUnavailableError, 503),
    (ConfigChangedError, 409),
    (ConfigError, 422),
    (IllegalTransitionError, 409),
    (TooManyLoginsError, 429),
    (LoginError, 401),
    (UploadTooLargeError, 413),
    (UploadRefusedError, 422),
    (UploadError, 503),
    (StorageUnavailableError, 503),
    (JobNotFoundError, 404),
    (JobBusyError, 409),
    (QueueError, 503),
    (NotificationError, 502),
    (GotchaError, 500),
)


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """An answer that says what is wrong."""
    return JSONResponse(
        {"status": status, "detail": detail}, status, headers, media_type="application/problem+json"
    )


def status_of(error: GotchaError) -> int:
    """The HTTP status that says what kind of error this is."""
    return next(status for kind, status in _STATUSES if isinstance(error, kind))


def add_problem_handlers(app: FastAPI, page: ProblemPage) -> None:
    """Let `app` answer with a problem where a route raises.

    Args:
        app: the application.
        page: makes the answer for a browser that wants to show something; None lets it be JSON.
    """

    def answer(request: Request, status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
        return page(request, status, detail) or problem(status, detail, headers)

    @app.exception_handler(GotchaError)
    def _ours(request: Request, error: GotchaError) -> Response:
        status = status_of(error)
        if status >= 500:
            _log.error("%s %s: %s", request.method, request.url.path, error)
        return answer(request, status, str(error), _headers(error))

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        return answer(request, error.status_code, str(error.detail), dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    def _malformed(request: Request, error: RequestValidationError) -> Response:
        return answer(request, 422, _sentence(error.errors()))

    @app.exception_handler(Exception)
    def _unexpected(request: Request, error: Exception) -> Response:
        _log.error("%s %s met an unexpected error", request.method, request.url.path, exc_info=error)
        return answer(request, 500, "an unexpected error; the log says more")


def _headers(error: GotchaError) -> dict[str, str]:
    if isinstance(error, TooManyLoginsError):
        return {"Retry-After": str(error.wait_s)}
    return {"WWW-Authenticate": "Bearer"} if isinstance(error, LoginError) else {}


def _sentence(errors: Sequence[Any]) -> str:
    faults = []
    for fault in errors:
        place = ".".join(str(part) for part in fault["loc"] if part not in ("body", "query", "path"))
        faults.append(f"{place}: {fault['msg']}" if place else str(fault["msg"]))
    return "; ".join(faults)
