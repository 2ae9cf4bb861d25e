"""Basic or Digest, whichever the camera asks for; cameras rarely say which in their manuals."""

from __future__ import annotations

from collections.abc import Generator

import httpx

from sources.redact import Address


class CameraAuth(httpx.Auth):
    """Answers a 401 with the scheme it names, and keeps to that scheme.

    Args:
        address: whose user name and password are used; without a user name nothing is ever sent.
    """

    def __init__(self, address: Address) -> None:
        self._username = address.username
        self._password = address.password
        self._chosen: httpx.Auth | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The protocol of httpx: requests out, responses in."""
        if self._chosen is not None:
            yield from self._chosen.auth_flow(request)
            return
        response = yield request
        if response.status_code != httpx.codes.UNAUTHORIZED or not self._username:
            return
        schemes = response.headers.get("www-authenticate", "").lower()
        if "digest" in schemes:
            self._chosen = httpx.DigestAuth(self._username, self._password)
        else:
            self._chosen = httpx.BasicAuth(self._username, self._password)
        yield from self._chosen.auth_flow(request)
