"""Logging in for programs: OAuth 2.0's password flow with refresh tokens that are good for one use each."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.security import OAuth2PasswordRequestForm
from pydantic import BaseModel

from pipeline.errors import LoginError
from storage.account_values import Role
from web.login_address import address_of
from web.logins import Tokens
from web.security import Caller, Right, require
from web.services import WebServices, services_of
from web.session_cookies import SessionCookies
from web.tokens import LASTS

router = APIRouter(prefix="/auth", tags=["login"])


class TokenAnswer(BaseModel):
    """RFC 6749 5.1."""

    access_token: str
    token_type: str
    expires_in: int
    refresh_token: str | None


class WhoAmI(BaseModel):
    """Whom a login belongs to; `cameras` null is all."""

    name: str
    role: Role
    cameras: list[str] | None


@router.post("/token")
def token(
    request: Request,
    response: Response,
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
    services: Annotated[WebServices, Depends(services_of)],
) -> TokenAnswer:
    """Log in with name and password. 401 when they are wrong, 429 when they were wrong too often."""
    tokens = services.logins.log_in(form.username, form.password, address=address_of(request))
    return _answer(response, tokens)


@router.post("/refresh")
def refresh(
    response: Response,
    refresh_token: Annotated[str, Form(max_length=200)],
    services: Annotated[WebServices, Depends(services_of)],
) -> TokenAnswer:
    """The next tokens. A refresh token that comes a second time ends its session: somebody else has it."""
    tokens = services.logins.renew(refresh_token)
    if tokens is None:
        raise LoginError("this refresh token is wrong, over or was used before; log in anew")
    return _answer(response, tokens)


@router.post("/logout", status_code=204)
def logout(
    request: Request,
    _caller: Annotated[Caller, Depends(require(Right.VIEW))],
    services: Annotated[WebServices, Depends(services_of)],
) -> None:
    """End the session: its access and refresh tokens are refused from now on."""
    session = getattr(request.state, "session", None)
    if session is None:
        raise HTTPException(409, "an API key has no session; revoke it instead")
    services.logins.log_out(session)
    SessionCookies(request).take_away()


@router.get("/me")
def me(caller: Annotated[Caller, Depends(require(Right.VIEW))]) -> WhoAmI:
    """Whom the login of this request belongs to, and what they may do and see."""
    cameras = None if caller.cameras is None else sorted(caller.cameras)
    return WhoAmI(name=caller.name, role=caller.role, cameras=cameras)


def _answer(response: Response, tokens: Tokens) -> TokenAnswer:
    response.headers["Cache-Control"] = "no-store"
    return TokenAnswer(
        access_token=tokens.access,
        token_type="bearer",  # noqa: S106 - the kind of token, by its name in RFC 6750
        expires_in=int(LASTS.total_seconds()),
        refresh_token=tokens.refresh,
    )
