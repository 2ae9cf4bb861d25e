"""One page: its template with the words, the menu and the times of whoever looks at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse

from web.pages.navigation import places_for
from web.security import Caller
from web.services import services_behind
from web.words import LANGUAGES, Words, preferred, words

LANGUAGE_COOKIE, THEME_COOKIE = "gotcha_language", "gotcha_theme"
THEMES = ("auto", "light", "dark")
_TEMPLATES = Path(__file__).parent.parent / "templates"


def render(
    request: Request,
    template: str,
    context: Mapping[str, object],
    *,
    caller: Caller | None = None,
    status: int = 200,
) -> HTMLResponse:
    """The page of a template.

    Args:
        request: who asks, and in which language and theme.
        template: its file's name.
        context: what else the template shows; its values are escaped.
        caller: who is logged in; None for the pages before that.
        status: of the answer.
    """
    services = services_behind(request)
    spoken = words_of(request)
    session = getattr(request.state, "session", None)
    theme = request.cookies.get(THEME_COOKIE)
    frame = {
        "t": spoken,
        "language": spoken.language,
        "languages": LANGUAGES,
        "theme": theme if theme in THEMES else "auto",
        "themes": THEMES,
        "caller": caller,
        "places": () if caller is None else places_for(caller),
        "path": request.url.path,
        "here": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        "csrf_token": "" if session is None else services.logins.tokens.csrf_token(session),
        "local": local_times(services.settings.time_zone),
    }
    text = _environment().get_template(template).render({**frame, **context})
    return HTMLResponse(text, status, {"Content-Language": spoken.language})


def words_of(request: Request) -> Words:
    """The words in the language of a request."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    return words(preferred(chosen, request.headers.get("accept-language")))


def wants_page(request: Request) -> bool:
    """Whether a browser asks for a page to show, and not a program for data."""
    return "text/html" in request.headers.get("accept", "")


def local_times(time_zone: ZoneInfo) -> Callable[..., str]:
    """Shows moments to people at a place."""

    def local(moment: datetime, form: str = "%Y-%m-%d %H:%M:%S") -> str:
        return moment.astimezone(time_zone).strftime(form)

    return local


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        # No look at each file before each page.
        auto_reload=False,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
