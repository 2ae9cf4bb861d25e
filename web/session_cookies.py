"""A browser's session: two cookies that no script can read and no other site can send along."""

from __future__ import annotations

from collections.abc import MutableMapping
from http.cookies import SimpleCookie

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.logins import SESSION_LASTS, Tokens
from web.services import services_behind
from web.tokens import LASTS

_STATE = "set_cookies"


class SessionCookies:
    """The cookies of one request, and those its answer will set.

    Args:
        request: the request; whatever answers it, the middleware adds the cookies.
    """

    def __init__(self, request: Request) -> None:
        self._secure = services_behind(request).settings.behind_tls
        # With this prefix a browser takes a cookie only over TLS and for this very host (RFC 6265bis).
        prefix = "__Host-" if self._secure else ""
        self._access, self._refresh = f"{prefix}gotcha_access", f"{prefix}gotcha_refresh"
        self._sent = request.cookies
        self._answer: MutableMapping[str, str] = request.scope.setdefault("state", {}).setdefault(_STATE, {})

    @property
    def access(self) -> str | None:
        return self._sent.get(self._access)

    @property
    def refresh(self) -> str | None:
        return self._sent.get(self._refresh)

    def give(self, tokens: Tokens) -> None:
        """Let the answer set the session's cookies."""
        self._set(self._access, tokens.access, int(LASTS.total_seconds()))
        if tokens.refresh is not None:
            self._set(self._refresh, tokens.refresh, int(SESSION_LASTS.total_seconds()))

    def take_away(self) -> None:
        """Let the answer remove them."""
        for name in (self._access, self._refresh):
            self._set(name, "", 0)

    def _set(self, name: str, value: str, max_age_s: int) -> None:
        cookie: SimpleCookie = SimpleCookie({name: value})
        morsel = cookie[name]
        morsel["path"], morsel["max-age"] = "/", max_age_s
        morsel["httponly"], morsel["samesite"] = True, "Lax"
        if self._secure:
            morsel["secure"] = True
        self._answer[name] = morsel.OutputString()


class CookieMiddleware:
    """Adds the cookies that were given while a request was answered, whatever kind of answer it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_cookies(message: Message) -> None:
            if message["type"] == "http.response.start":
                cookies = scope.get("state", {}).get(_STATE, {})
                headers = MutableHeaders(scope=message)
                for text in cookies.values():
                    headers.append("set-cookie", text)
            await send(message)

        await self._app(scope, receive, send_with_cookies if scope["type"] == "http" else send)
