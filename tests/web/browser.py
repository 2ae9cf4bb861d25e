"""What a browser does with the login pages, without a browser: cookies, forms, the origin it says."""

from __future__ import annotations

import re

from fastapi.testclient import TestClient

from web.app import create_app
from web.services import WebServices

SITE = "http://testserver"
PAGE = {"accept": "text/html", "sec-fetch-site": "same-origin", "origin": SITE}


def browser(services: WebServices, **headers: str) -> TestClient:
    """A client that keeps cookies and says it is on our own page."""
    return TestClient(
        create_app(services),
        headers={**PAGE, **headers},
        raise_server_exceptions=False,
        follow_redirects=False,
    )


def csrf_of(page: str) -> str:
    """The token in a page's forms."""
    found = re.search(r'name="csrf_token" value="(\w{64})"', page)
    assert found is not None
    return found[1]
