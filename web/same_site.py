"""Requests that other sites make a browser send are told by what the browser says about their origin."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import HTTPException, Request

from web.services import services_behind

_REFUSED = "this form came from another site"


def refuse_other_sites(request: Request) -> None:
    """Let only pages of ours send this request; a browser cannot be made to lie here (Fetch standard).

    Raises:
        HTTPException: 403 when another site sent it, or nobody says who did.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        raise HTTPException(403, _REFUSED)
    origin = request.headers.get("origin")
    if origin is None:
        if site is None:
            raise HTTPException(403, "a browser's form says where it comes from; programs use /auth/token")
        return
    place = urlsplit(origin).netloc
    public = services_behind(request).settings.public_url
    if place not in {request.headers.get("host"), urlsplit(public).netloc if public else None}:
        raise HTTPException(403, _REFUSED)
