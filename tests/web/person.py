"""Somebody at a real Chromium: in both languages, on a desk and on a phone, in light and in dark.

No console error, no request to another host, no serious accessibility violation on any page. Screenshots go
to the folder of GOTCHA_SCREENSHOTS.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize

from tests.web.served import PASSWORD
from web.words import words

_Scheme = Literal["dark", "light"]
_LOCALES = {"en": "en-US", "ko": "ko-KR"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Where somebody sits: which language, which window, light or dark."""

    language: str
    locale: str
    window: ViewportSize
    scheme: _Scheme
    touch: bool = False


def seats(desk: _Scheme, phone: _Scheme) -> pytest.MarkDecorator:
    """English at a desk and Korean on a phone, as the parameter `seat`; the other pairs are slow tests."""
    slow = pytest.mark.slow
    return pytest.mark.parametrize(
        "seat",
        [
            pytest.param(_desk("en", desk), id=f"english-desk-{desk}"),
            pytest.param(_phone("ko", phone), id=f"korean-phone-{phone}"),
            pytest.param(_desk("ko", phone), id=f"korean-desk-{phone}", marks=slow),
            pytest.param(_phone("en", desk), id=f"english-phone-{desk}", marks=slow),
        ],
    )


def _desk(language: str, scheme: _Scheme) -> Seat:
    window: ViewportSize = {"width": 1280, "height": 800}
    return Seat(language=language, locale=_LOCALES[language], window=window, scheme=scheme)


def _phone(language: str, scheme: _Scheme) -> Seat:
    window: ViewportSize = {"width": 390, "height": 780}
    return Seat(language=language, locale=_LOCALES[language], window=window, scheme=scheme, touch=True)


class Person:
    """Somebody at a browser, whose every page is looked at."""

    def __init__(self, page: Page, address: str, language: str, shots: Path) -> None:
        self.page = page
        self.t = words(language)
        self._address = address
        self._shots = shots
        self.errors: list[str] = []
        page.on(
            "console", lambda message: self.errors.append(message.text) if message.type == "error" else None
        )
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._host(request.url))

    def _host(self, url: str) -> None:
        if not url.startswith((self._address, "blob:", "data:")):
            self.errors.append(f"a request to {url}")

    def goes_to(self, path: str) -> None:
        self.page.goto(self._address + path)

    def looks(self, name: str) -> None:
        """Judge the page: what axe-core calls serious, and what is wider than the window."""
        self.keeps(name)
        found = Axe().run(self.page).response["violations"]
        serious = [
            f"{one['id']}: {[node['html'][:120] for node in one['nodes']]}"
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert serious == [], f"{name}: {serious}"
        overflow = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{name} is {overflow} px too wide"

    def keeps(self, name: str) -> None:
        """Keep a screenshot of a page that another test judges."""
        self.page.screenshot(path=self._shots / f"{name}.png", full_page=True)

    def logs_in(self, name: str) -> None:
        """Fill in the form of the page that a login was asked for on."""
        self.page.get_by_label(self.t("login.name")).fill(name)
        self.page.get_by_label(self.t("login.password")).fill(PASSWORD)
        self.page.keyboard.press("Enter")

    def presses(self, name: str) -> None:
        self.page.get_by_role("button", name=self.t(name)).first.click()


@contextmanager
def seated(browser: Browser, seat: Seat, address: str, shots: Path, journey: str = "") -> Iterator[Person]:
    """Somebody who sits down at `seat`; nothing may have gone wrong in the browser until they get up.

    Args:
        browser: the browser.
        seat: where.
        address: of the dashboard.
        shots: folder of the screenshots where GOTCHA_SCREENSHOTS names none.
        journey: begins the name of their folder.
    """
    folder = Path(os.environ.get("GOTCHA_SCREENSHOTS", shots))
    folder = folder / f"{journey}{seat.language}-{seat.window['width']}"
    folder.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(
        viewport=seat.window, locale=seat.locale, color_scheme=seat.scheme, has_touch=seat.touch
    )
    person = Person(context.new_page(), address, seat.language, folder)
    yield person
    context.close()
    assert person.errors == []
