"""How a request says who sends it."""

from __future__ import annotations

from fastapi import HTTPException, Request

from storage.account_values import Login
from web.services import services_of


def authenticated(request: Request) -> Login | None:
    """The login of a request, by its API key; None without one.

    Raises:
        HTTPException: 401 for a key that is wrong or revoked.
    """
    key = request.headers.get("x-api-key")
    if key is None:
        return None
    login = services_of(request).api_keys.find(key)
    if login is None:
        raise HTTPException(401, "this API key is wrong or was revoked")
    return login
