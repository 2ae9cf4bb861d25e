"""Language and theme, chosen by hand."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from fastapi.responses import RedirectResponse, Response

from web.pages.local_path import local_path
from web.pages.page import LANGUAGE_COOKIE, THEME_COOKIE, THEMES
from web.words import LANGUAGES

router = APIRouter(include_in_schema=False)

_A_YEAR_S = 365 * 24 * 3600


@router.get("/language/{language}")
def choose_language(language: str, next: str = "/") -> Response:  # noqa: A002 - the name in the address
    """Show this browser all pages in `language`."""
    if language not in LANGUAGES:
        raise HTTPException(404, "there is no such language")
    return _chosen(LANGUAGE_COOKIE, language, next)


@router.get("/theme/{theme}")
def choose_theme(theme: str, next: str = "/") -> Response:  # noqa: A002
    """Show this browser all pages light or dark, or as its system is."""
    if theme not in THEMES:
        raise HTTPException(404, "there is no such theme")
    return _chosen(THEME_COOKIE, theme, next)


def _chosen(cookie: str, value: str, path: str) -> Response:
    answer = RedirectResponse(local_path(path), 303)
    answer.set_cookie(cookie, value, max_age=_A_YEAR_S, httponly=True, samesite="lax")
    return answer
