"""Logging in and out in a browser, and making the first user."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from pipeline.errors import InvalidValueError, LoginError, StorageError, TooManyLoginsError
from web.login_address import address_of
from web.pages.local_path import local_path
from web.pages.page import render
from web.passwords import MIN_LENGTH
from web.same_site import refuse_other_sites
from web.security import Caller, Right, current_caller, require
from web.services import WebServices, services_of
from web.session_cookies import SessionCookies

router = APIRouter(include_in_schema=False)

Services = Annotated[WebServices, Depends(services_of)]
Typed = Annotated[str, Form(max_length=400)]


@router.get("/login")
def show(
    request: Request,
    caller: Annotated[Caller | None, Depends(current_caller)],
    next: str | None = None,  # noqa: A002 - the name in the address
) -> Response:
    """The form; whoever is logged in already goes on."""
    if caller is not None:
        return RedirectResponse(local_path(next), 303)
    return render(request, "login.html", {"next": local_path(next), "name": "", "trouble": None})


@router.post("/login", dependencies=[Depends(refuse_other_sites)])
def log_in(
    request: Request,
    services: Services,
    name: Typed,
    password: Typed,
    next: Annotated[str, Form(max_length=2000)] = "/",  # noqa: A002
) -> Response:
    """Begin a session, or show the form again with what is wrong."""
    try:
        tokens = services.logins.log_in(name, password, address=address_of(request))
    except TooManyLoginsError as error:
        trouble, values, status = "login.too_many", {"minutes": -(-error.wait_s // 60)}, 429
    except LoginError:
        trouble, values, status = "login.wrong", {}, 401
    else:
        SessionCookies(request).give(tokens)
        return RedirectResponse(local_path(next), 303)
    context = {"next": local_path(next), "name": name, "trouble": trouble, "values": values}
    return render(request, "login.html", context, status=status)


@router.post("/logout")
def log_out(
    request: Request, services: Services, _caller: Annotated[Caller, Depends(require(Right.VIEW))]
) -> Response:
    """End the session of this browser."""
    session = getattr(request.state, "session", None)
    if session is not None:
        services.logins.log_out(session)
    SessionCookies(request).take_away()
    return RedirectResponse("/login", 303)


@router.get("/setup/{secret}")
def show_setup(request: Request, services: Services, secret: str) -> Response:
    """The form for the first user."""
    try:
        services.setup.check(secret)
    except LoginError:
        return render(request, "setup.html", _setup(usable=False), status=404)
    return render(request, "setup.html", _setup())


@router.post("/setup/{secret}", dependencies=[Depends(refuse_other_sites)])
def set_up(
    request: Request, services: Services, secret: str, name: Typed, password: Typed, again: Typed
) -> Response:
    """Make the first user and log them in."""
    if password != again:
        return render(request, "setup.html", _setup(name=name, trouble="login.differ"), status=422)
    try:
        user = services.setup.make(secret, name=name, password=password)
    except InvalidValueError:
        return render(request, "setup.html", _setup(name=name, trouble="login.unfit"), status=422)
    except (LoginError, StorageError):
        return render(request, "setup.html", _setup(usable=False), status=404)
    SessionCookies(request).give(services.logins.begin(user.id))
    return RedirectResponse("/", 303)


def _setup(*, usable: bool = True, name: str = "", trouble: str | None = None) -> dict[str, object]:
    return {"usable": usable, "name": name, "trouble": trouble, "min_length": MIN_LENGTH}
