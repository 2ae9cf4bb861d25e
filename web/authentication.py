"""How a request says who sends it: an API key, a bearer token, or a browser's cookies."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import APIKeyHeader, OAuth2PasswordBearer
from starlette.concurrency import run_in_threadpool

from storage.account_values import Login
from web.logins import LiveSession
from web.same_site import refuse_other_sites
from web.services import WebServices, services_of
from web.session_cookies import SessionCookies

CSRF_HEADER, CSRF_FIELD = "x-csrf-token", "csrf_token"
_FORM = "application/x-www-form-urlencoded"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_BEARER = {"WWW-Authenticate": "Bearer"}

_password_flow = OAuth2PasswordBearer(tokenUrl="auth/token", auto_error=False)
_api_key = APIKeyHeader(name="X-API-Key", auto_error=False)


async def authenticated(
    request: Request,
    services: Annotated[WebServices, Depends(services_of)],
    bearer: Annotated[str | None, Depends(_password_flow)],
    key: Annotated[str | None, Depends(_api_key)],
) -> Login | None:
    """The login of a request; None without one.

    A wrong key or token is refused even where a cookie would do: its sender should know.

    Raises:
        HTTPException: 401 for a key or token that is wrong or over, 403 for a form that another site sent.
    """
    if key is not None:
        login = await run_in_threadpool(services.api_keys.find, key)
        if login is None:
            raise HTTPException(401, "this API key is wrong or was revoked", headers=_BEARER)
        return login
    if bearer is not None:
        session = await run_in_threadpool(services.logins.session_of, bearer)
        if session is None:
            raise HTTPException(401, "this token is wrong or over; refresh it or log in", headers=_BEARER)
        request.state.session = session.id
        return session.login
    session = await run_in_threadpool(_by_cookies, request, services)
    if session is None:
        return None
    request.state.session = session.id
    if request.method not in _SAFE:
        refuse_other_sites(request)
        await _require_csrf_token(request, services, session)
    return session.login


def _by_cookies(request: Request, services: WebServices) -> LiveSession | None:
    cookies = SessionCookies(request)
    if cookies.access is not None:
        session = services.logins.session_of(cookies.access)
        if session is not None:
            return session
    if cookies.refresh is None:
        return None
    tokens = services.logins.renew(cookies.refresh)
    if tokens is None:
        cookies.take_away()
        return None
    cookies.give(tokens)
    return services.logins.session_of(tokens.access)


async def _require_csrf_token(request: Request, services: WebServices, session: LiveSession) -> None:
    token = request.headers.get(CSRF_HEADER)
    # Only small forms are looked into; uploads, which are read as they come, say it in the header.
    if token is None and request.headers.get("content-type", "").partition(";")[0].strip() == _FORM:
        token = str((await request.form()).get(CSRF_FIELD, ""))
    if not token or not services.logins.tokens.is_csrf_token(token, session.id):
        raise HTTPException(
            403, f"the form's {CSRF_FIELD} is missing or of another session; load the page anew"
        )
